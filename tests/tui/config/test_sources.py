import pytest

from p2p.errors import UserError
from tui.config.sources import choices, configured_language, parse_with_config
from tui.options import room_parser


@pytest.fixture
def environ(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('name = "filed"\nmode = "open"\nmic = "Headset"\nlanguage = "zh_CN"\n')
    return {"TEAHOUSE_CONFIG": str(path)}


def parsed(environ, *argv):
    return parse_with_config(room_parser("create", joins=False), argv, environ)


def test_a_flag_counts_before_the_environment_and_that_before_the_file(environ):
    assert parsed({"TEAHOUSE_CONFIG": ""}).name == ""
    assert parsed(environ).name == "filed"
    environ["TEAHOUSE_NAME"] = "of the environment"
    assert parsed(environ).name == "of the environment"
    assert parsed(environ, "--name", "flagged").name == "flagged"
    assert parsed(environ, "--mode", "shield").mode == "shield"
    assert parsed(environ, "--no-ctl").ctl is False


def test_relays_of_a_flag_are_the_only_ones(environ):
    line = f"192.0.2.1:4433#{'a' * 52}"
    environ["TEAHOUSE_RELAYS"] = f"{line} {line}"
    assert parsed(environ).relay == [line, line]
    assert parsed(environ, "--relay", "other").relay == ["other"]


def test_what_nobody_chose_is_the_default_also_where_a_command_has_fewer_options(environ):
    options = parsed(environ)
    assert (options.speaker, options.ctl, options.relay) == ("default", False, [])
    assert not hasattr(parsed(environ), "language")


def test_each_choice_says_where_it_was_made(environ):
    environ["TEAHOUSE_CTL"] = "yes"
    origins = {one.option.name: one.origin for one in choices(environ)}
    assert origins["name"] == "config"
    assert origins["ctl"] == "environment"
    assert origins["speaker"] == "default"


def test_a_variable_that_can_not_be_meant_is_named(environ):
    environ["TEAHOUSE_MODE"] = "sideways"
    with pytest.raises(UserError) as refused:
        choices(environ)
    assert "TEAHOUSE_MODE" in refused.value.message


def test_the_language_of_a_file_that_is_no_good_is_nobodys(environ, tmp_path):
    assert configured_language(environ) == "zh_CN"
    (tmp_path / "config.toml").write_text("oh no")
    assert configured_language(environ) is None
    assert configured_language({"TEAHOUSE_CONFIG": ""}) is None
