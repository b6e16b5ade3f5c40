import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from p2p.errors import UserError
from p2p.relay.config import load
from p2p.relay.limits import Limits, home_limits
from p2p.relay.options import OPTIONS


@pytest.fixture
def file(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "relay.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return write


def told(argv: list[str], environ: dict[str, str] | None = None) -> UserError:
    with pytest.raises(UserError) as raised:
        load(argv, environ or {})
    assert raised.value.exit_code == 2
    return raised.value


def test_without_any_choice_the_defaults_hold() -> None:
    settings = load([], {"PATH": "/bin"}).settings()
    assert settings.listen == ("0.0.0.0", 4433)
    assert settings.status == ("127.0.0.1", 9095)
    assert settings.limits == Limits()
    assert (settings.bootstrap, settings.bootstrap_only) == ((), False)
    assert (settings.summary_interval_s, settings.drain_timeout_s) == (3600.0, 60.0)
    assert settings.public_address is None
    assert settings.state_dir is not None


def test_a_flag_counts_before_the_environment_and_that_before_the_file(file) -> None:
    path = file('max-links = 11\nmax_rooms = 12\nlog-level = "error"\n')
    environ = {"TEAHOUSE_RELAY_MAX_LINKS": "21", "TEAHOUSE_RELAY_LOG_LEVEL": "debug"}
    config = load(["--config", path, "--log-level", "warning"], environ)
    assert (config["log-level"], config["max-links"], config["max-rooms"]) == ("warning", 21, 12)
    assert config.is_default("max-rate")
    origins = {name: choice.origin for name, choice in config.choices.items()}
    assert origins["log-level"] == "flag"
    assert origins["max-links"] == "environment: TEAHOUSE_RELAY_MAX_LINKS"
    assert origins["max-rooms"] == "config file"
    assert origins["max-rate"] == "default"


def test_the_file_may_be_named_in_the_environment(file) -> None:
    environ = {"TEAHOUSE_RELAY_CONFIG": file("bootstrap-only = true\nmax-rate = '5MB/s'")}
    settings = load([], environ).settings()
    assert settings.bootstrap_only
    assert settings.limits.max_rate == 5e6


def test_a_home_gives_what_its_line_carries_and_what_was_chosen_holds() -> None:
    usual = load(["--home"], {}).settings()
    assert usual.home
    assert usual.limits == home_limits(1000)
    chosen = load(["--home", "--up-kbps", "5000", "--max-links", "9"], {}).settings().limits
    assert chosen == replace(home_limits(5000), max_links=9)
    assert load(["--up-kbps", "300"], {}).settings().limits == Limits()


def test_an_address_is_said_or_found_out_but_not_both() -> None:
    assert told(["--home", "--public-address", "203.0.113.7:4433"]).code == "bad_option"


def test_entry_nodes_may_be_many_wherever_they_stand(file) -> None:
    assert load(["--bootstrap", "a", "--bootstrap", "b"], {}).settings().bootstrap == ("a", "b")
    assert load([], {"TEAHOUSE_RELAY_BOOTSTRAP": "a b"}).settings().bootstrap == ("a", "b")
    path = file('bootstrap = ["a", "b"]')
    assert load(["--config", path], {}).settings().bootstrap == ("a", "b")
    path = file('bootstrap = "a"')
    assert load(["--config", path], {}).settings().bootstrap == ("a",)


def test_what_is_printed_can_be_used_as_a_file(file) -> None:
    argv = ["--max-rate", "1MB/s", "--bootstrap", "[::1]:9#k", "--status", "", "--bootstrap-only"]
    text = load(argv, {}).as_text()
    assert set(tomllib.loads(text)) == {option.name for option in OPTIONS}
    assert any(line.startswith("max-rate") and line.endswith("# flag") for line in text.split("\n"))
    again = load(["--config", file(text)], {})
    assert again.settings() == load(argv, {}).settings()


@pytest.mark.parametrize(
    ("argv", "environ", "text", "nearest"),
    [
        (["--max-link", "3"], {}, "", "--max-links"),
        ([], {"TEAHOUSE_RELAY_MAXRATE": "3"}, "", "TEAHOUSE_RELAY_MAX_RATE"),
        ([], {}, "max_roms = 3", "max-rooms"),
        ([], {}, "[relay]\nlisten = 'x'", "state-dir"),
    ],
)
def test_an_unknown_name_is_an_error_that_says_the_nearest(
    file, argv, environ, text, nearest
) -> None:
    error = told([*argv, "--config", file(text)] if text else argv, environ)
    assert error.code == "unknown_option"
    if nearest != "state-dir":
        assert f"`{nearest}`" in error.hint


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("listen", "nonsense"),
        ("listen", "a:70000"),
        ("public-address", "relay.example:4433"),
        ("public-address", "203.0.113.7:0"),
        ("max-rate", "2"),
        ("per-link-rate", "fast"),
        ("max-rooms", "0"),
        ("max-links", "1000000"),
        ("max-links-per-net", "0"),
        ("max-rooms-per-net", "many"),
        ("status", "9095"),
        ("up-kbps", "249"),
        ("log-level", "loud"),
        ("summary-interval", "hourly"),
        ("drain-timeout", "-1"),
    ],
)
def test_a_value_that_is_no_good_is_said_with_its_name(name: str, text: str) -> None:
    error = told([f"--{name}={text}"])
    assert error.code == "bad_option"
    assert name in error.message
    assert error.hint


def test_a_switch_in_the_environment_is_yes_or_no() -> None:
    assert load([], {"TEAHOUSE_RELAY_BOOTSTRAP_ONLY": "1"}).settings().bootstrap_only
    assert not load([], {"TEAHOUSE_RELAY_BOOTSTRAP_ONLY": "no"}).settings().bootstrap_only
    assert told([], {"TEAHOUSE_RELAY_BOOTSTRAP_ONLY": "perhaps"}).code == "bad_option"


def test_a_public_address_is_taken_as_it_is() -> None:
    settings = load(["--public-address", "[2001:db8::7]:4433"], {}).settings()
    assert settings.public_address == ("2001:db8::7", 4433)


@pytest.mark.parametrize("text", ["max-links = ", "\x00", "a = 1\n" * 20_000])
def test_a_file_that_is_no_file_of_options_is_said(file, text: str) -> None:
    assert told(["--config", file(text)]).code == "bad_config"


def test_a_file_with_a_date_or_a_table_in_it_is_said(file) -> None:
    assert told(["--config", file("max-links = 2024-01-01")]).code == "bad_option"
    assert told(["--config", file("bootstrap = [1979-05-27]")]).code == "bad_option"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert told(["--config", str(tmp_path / "none")]).code == "bad_config"
