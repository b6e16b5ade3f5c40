"""The config file as a person meets it: real programs in a home of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.programs.people import PROGRAM, House
from lab.programs.person import ENVIRONMENT

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="paths of Unix"),
]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path):
    def run(*words, **more):
        environment = {
            name: value
            for name, value in {**os.environ, **ENVIRONMENT, **more}.items()
            if name not in ("TEAHOUSE_CONFIG", "XDG_CONFIG_HOME")
        }
        return subprocess.run(
            [*PROGRAM, *words],
            cwd=ROOT,
            env=environment | {"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    run.path = tmp_path / ".config" / "teahouse" / "config.toml"
    return run


def test_looking_writes_nothing_and_setting_says_that_it_does(home, tmp_path):
    shown = home("config")
    assert shown.returncode == 0
    assert 'mode = "shield"                  # default' in shown.stdout.splitlines()
    assert list(tmp_path.iterdir()) == []
    done = home("config", "set", "name", "amina")
    assert (done.returncode, done.stdout) == (0, "")
    assert "stays on this disk" in done.stderr
    assert home.path.read_text() == 'name = "amina"\n'
    assert home("config", "set", "ctl", "yes").stderr == ""
    assert 'name = "amina"                   # config file' in home("config").stdout.splitlines()
    assert home("config", "unset", "name").returncode == 0
    assert home.path.read_text() == "ctl = true\n"


def test_scripts_get_values_with_their_source(home):
    home("config", "set", "name", "amina")
    said = json.loads(home("config", "--json", TEAHOUSE_MODE="open").stdout)
    assert said["settings"]["name"] == {"value": "amina", "from": "config"}
    assert said["settings"]["mode"] == {"value": "open", "from": "environment"}
    assert said["settings"]["relays"] == {"value": [], "from": "default"}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "argument what: invalid choice: 'nosuch'"),
        ("zh_CN", "参数 what：没有 'nosuch' 这个选择"),
        ("zh_TW", "參數 what：沒有 'nosuch' 這個選擇"),
    ],
)
def test_a_word_that_config_does_not_know_is_refused_with_those_that_it_knows(home, language, said):
    done = home("--lang", language, "config", "nosuch")
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if "nosuch" in line]
    assert said in line
    assert all(word in line for word in ("set", "unset", "path"))


def test_the_path_is_said(home):
    assert home("config", "path").stdout == f"{home.path}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("set", "nmae", "x"), "Did you mean name?"),
        (("set", "mode", "sideways"), "write one of open, shield"),
        (("set", "relays", "nonsense"), "teahouse relay"),
        (("set", "name", "11ZG8-TSHBS-SJVES-CXT7M-NCX8H-4BBTV-JTM"), "room key"),
    ],
)
def test_what_can_not_be_set_is_refused_and_nothing_is_written(home, words, said):
    done = home("config", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert not home.path.exists()


def test_a_bad_file_stops_a_room_with_its_line_and_is_not_overwritten(home):
    home.path.parent.mkdir(parents=True)
    home.path.write_text('name = "a"\nrelay = "x"\n')
    done = home("create", "--plain", "--mode", "open")
    assert done.returncode == 2
    assert "Line 2 of the config file" in done.stderr
    script = home("create", "--json", "--mode", "open")
    (event,) = [json.loads(line) for line in script.stdout.splitlines()]
    assert (script.returncode, event["code"]) == (2, "bad_config")
    assert home("config", "set", "name", "b").returncode == 2
    assert home.path.read_text() == 'name = "a"\nrelay = "x"\n'


def test_the_language_holds_for_every_command(home):
    home("config", "set", "language", "zh_CN")
    assert "时钟" in home("doctor").stdout
    assert "时钟" not in home("--lang", "en", "doctor").stdout


async def test_a_relay_that_is_kept_is_asked_by_the_doctor(tmp_path) -> None:
    async with House() as house:
        await house.entry_node()
        path = tmp_path / "config.toml"
        house.environment["TEAHOUSE_CONFIG"] = str(path)
        setting = await house.run("config", "set", "relays", house.entry_nodes[0])
        assert await setting.ended() == 0
        assert path.stat().st_mode & 0o777 == 0o600
        doctor = await house.run("doctor")
        await doctor.ended()
        assert any(line.startswith("ok    relay 1: answers in") for line in doctor.other)


async def test_a_room_begins_with_the_name_and_mode_of_the_file(tmp_path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('name = "from the file"\nmode = "open"\nmic = "silence"\nspeaker = "null"\n')
    async with House() as house:
        house.environment["TEAHOUSE_CONFIG"] = str(path)
        host = await house.run("create", "--plain", "--json", "--listen", "127.0.0.1:0")
        assert (await host.hears("member"))["name"] == "from the file"
