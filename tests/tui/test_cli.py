import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from p2p.errors import UserError
from tests.tui.scripted import WORDS, ScriptedBackend
from tui import cli
from tui.options import DEFAULT_MODE, host_port, proxy_of, room_parser, settings_of

ROOT = Path(__file__).parents[2]
PREVIEW = [sys.executable, str(ROOT / "tests" / "tui" / "preview.py")]


def start(*args, **kwargs):
    if args and args[0] in ("create", "join") and "--mode" not in args:
        args = (args[0], "--mode", "open", *args[1:])
    return subprocess.run(
        [*PREVIEW, *args], capture_output=True, text=True, timeout=30, check=False, **kwargs
    )


@pytest.mark.parametrize(
    ("option", "environ", "proxy"),
    [
        (None, {}, ""),
        (None, {"HTTPS_PROXY": "http://a:1"}, "http://a:1"),
        (None, {"https_proxy": "http://a:1", "ALL_PROXY": "socks5://b:2"}, "socks5://b:2"),
        ("socks5://c:3", {"ALL_PROXY": "socks5://b:2"}, "socks5://c:3"),
        ("none", {"ALL_PROXY": "socks5://b:2"}, ""),
        (None, {"HTTP_PROXY": "http://a:1", "NO_PROXY": "*"}, ""),
        (None, {"HTTPS_PROXY": "http://a:1", "NO_PROXY": "*"}, "http://a:1"),
    ],
)
def test_a_proxy_is_that_of_the_option_or_the_environment(option, environ, proxy):
    assert proxy_of(option, environ) == proxy


def test_the_version_loads_no_screen_no_network_and_no_sound():
    code = (
        "import sys; sys.path.insert(0, '.'); from tui.cli import main; main(['--version']);"
        "print([m for m in ('textual', 'aiortc', 'av', 'sounddevice', 'kademlia', 'p2p.node')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [f"teahouse {cli.version()}", "[]"]


def test_a_key_that_opens_the_microphone_waits_for_no_room_to_be_loaded():
    code = (
        "import sys; sys.path.insert(0, '.'); from tui.cli import main; main(['ctl', 'status']);"
        "print([m for m in ('textual', 'aiortc', 'p2p.api.events', 'p2p.node')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_line_mode_loads_no_screen():
    code = (
        "import sys; sys.path.insert(0, '.'); from tests.tui.scripted import ScriptedBackend;"
        "from tui.cli import main; main(['create', '--json'], ScriptedBackend());"
        "print('textual' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        input="leave\n",
        check=True,
    )
    assert done.stderr.strip() == "False"


@pytest.mark.skipif(sys.platform == "win32", reason="is ended by a signal")
def test_a_running_relay_has_loaded_no_screen_and_no_sound_of_ours():
    code = (
        "import sys; sys.path.insert(0, '.'); from tui.cli import main;"
        "ended = main(['relay', '--listen', '127.0.0.1:0', '--state-dir', '']);"
        "print(ended, [m for m in ('textual', 'sounddevice', 'miniaudio', 'audio') if m in"
        " sys.modules])"
    )
    relay = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert "#" in relay.stdout.readline()
        relay.send_signal(signal.SIGTERM)
        assert relay.communicate(timeout=30)[0] == "0 []\n"
    finally:
        relay.kill()


def test_a_key_from_the_first_line_of_input_and_commands_behind_it():
    done = start("join", "-", "--plain", "--json", input=f"{WORDS}\nhand\nleave\n")
    assert done.returncode == 0
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == [
        "joined",
        "hand",
        "left",
    ]
    assert done.stderr == ""


def test_a_key_from_a_file_and_commands_from_a_file(tmp_path):
    key, commands = tmp_path / "key", tmp_path / "commands"
    key.write_text(f"Here is it:\n{WORDS}\n", encoding="utf-8")
    commands.write_text("hand\nleave\n", encoding="utf-8")
    with commands.open() as file:
        done = start("join", "--key-file", str(key), "--plain", stdin=file)
    assert done.returncode == 0
    assert "your hand is up" in done.stdout


def test_a_prompt_when_there_is_no_key():
    done = start("join", "--plain", input=f"{WORDS}\nleave\n")
    assert done.returncode == 0
    assert done.stderr == "room key or words > "


def test_a_key_on_the_command_line_works_with_a_warning():
    done = start("join", WORDS, "--plain", input="leave\n")
    assert done.returncode == 0
    assert done.stderr.startswith("Warning: a key on the command line")


def test_a_closed_standard_input_neither_fails_nor_leaves():
    running = subprocess.Popen(
        [*PREVIEW, "create", "--mode", "open", "--plain", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.close(0),
    )
    assert json.loads(running.stdout.readline())["event"] == "joined"
    assert json.loads(running.stdout.readline())["event"] == "key"
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=10)
    assert json.loads(out)["why"] == "signal"
    assert (running.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("args", "text", "code", "first"),
    [
        (["join", "-", "--plain"], "", 4, "There is no room key on standard input."),
        (["join", "-", "--plain"], "vioiln\n", 4, "Word 7 is not in the list."),
        (["join", "--key-file", "/no/such", "--plain"], "", 2, "The key file cannot be read"),
        (["fly"], "", 2, "There is no command `fly`."),
    ],
)
def test_a_failure_is_two_lines_and_an_exit_code(args, text, code, first):
    done = start(*args, input=text)
    assert done.returncode == code
    assert done.stderr.startswith(first)
    assert len(done.stderr.splitlines()) == 2
    assert done.stdout == ""


@pytest.mark.parametrize("args", [["create", "--mode", "shield"], ["join", "-"]])
def test_a_failure_in_json_is_one_error_event(args):
    done = start(*args, "--json", input="vioiln\n")
    whole = json.loads(done.stdout)
    assert whole["event"] == "error"
    assert whole["message"]
    assert whole["hint"]
    assert done.returncode in (3, 4)


def test_without_a_terminal_the_line_mode_goes_on():
    done = start("create", input="leave\n")
    assert done.returncode == 0
    assert "No terminal here" in done.stderr
    assert "key: amber otter" in done.stdout


def test_the_name_of_the_program_alone_asks_for_a_key_and_a_relay():
    done = start(input=f"{WORDS}\n")
    assert "Traceback" not in done.stderr
    assert "room key or words" in done.stderr
    assert "relay" in done.stdout
    assert done.returncode == 3


def test_the_language_can_be_chosen():
    done = start("create", "--plain", "--lang", "zh_CN", input="leave\n")
    assert "进入 tea-house" in done.stdout


class Broken(ScriptedBackend):
    async def create(self, settings):
        raise ValueError("secret words")


@pytest.mark.parametrize("part", ["msgspec", "aioice"], ids=["at the start", "in a room"])
def test_a_part_that_is_missing_is_named(part):
    code = f"""if True:
        import runpy, sys
        sys.modules[{part!r}] = None
        sys.argv = ["teahouse", "create", "--mode", "open", "--plain", "--seconds", "1"]
        runpy.run_module("tui", run_name="__main__")"""
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert f"Teahouse is not whole: {part} is missing." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a folder of its own on POSIX")
def test_a_command_beside_the_room_fails_in_json_too():
    bare = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    done = start("ctl", "status", "--json", env=bare)
    assert json.loads(done.stdout)["code"] == "no_runtime_folder"
    assert (done.stderr, done.returncode) == ("", 1)


def test_a_fault_of_our_own_is_one_error_event_in_json(capsys, monkeypatch):
    monkeypatch.delenv("TEAHOUSE_DEBUG", raising=False)
    assert cli.main(["create", "--json"], Broken()) == 1
    written = capsys.readouterr()
    whole = json.loads(written.out)
    assert (whole["event"], whole["code"]) == ("error", "fault")
    assert "secret" not in written.out + written.err


def test_a_fault_of_our_own_is_two_lines_and_no_traceback(capsys, monkeypatch):
    monkeypatch.delenv("TEAHOUSE_DEBUG", raising=False)
    assert cli.main(["create", "--plain"], Broken()) == 1
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert "secret" not in said
    assert "Traceback" not in said


def test_the_traceback_is_there_for_whoever_asks(monkeypatch):
    monkeypatch.setenv("TEAHOUSE_DEBUG", "1")
    with pytest.raises(ValueError, match="secret"):
        cli.main(["create", "--plain"], Broken())


def test_a_log_is_not_written_over_the_screen(monkeypatch, capsys):
    monkeypatch.delenv("TEAHOUSE_DEBUG", raising=False)
    monkeypatch.setattr(cli, "_has_terminal", lambda: True)
    assert cli.main(["create", "--mode", "open", "--log-level", "debug"], Broken()) == 2
    assert "--trace FILE" in capsys.readouterr().err


def test_a_trace_that_can_not_be_written_is_said_before_a_room_is_opened(tmp_path, capsys):
    nowhere = str(tmp_path / "nowhere" / "trace")
    line = ["create", "--plain", "--mode", "open", "--trace", nowhere]
    assert cli.main(line, ScriptedBackend()) == 2
    said = capsys.readouterr()
    assert (said.out, len(said.err.splitlines())) == ("", 2)


def test_relay_and_demo_get_the_rest_of_the_line(monkeypatch):
    got = []

    class Elsewhere:
        @staticmethod
        def main(rest):
            got.append(rest)
            return 0

    monkeypatch.setattr(cli, "import_module", lambda name: Elsewhere)
    assert cli.main(["relay", "--listen", "127.0.0.1:0"]) == 0
    assert cli.main(["--lang", "en", "demo", "--seconds", "5", "--json"]) == 0
    assert got == [["--listen", "127.0.0.1:0"], ["--seconds", "5", "--json"]]


def test_interrupting_ends_with_130(monkeypatch):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_dispatch", interrupt)
    assert cli.main(["create"]) == 130


def test_an_error_inside_a_group_is_still_told(monkeypatch, capsys):
    def fail(*args):
        raise ExceptionGroup("", [UserError("x", "What.", "Do.", 7)])

    monkeypatch.setattr(cli, "_dispatch", fail)
    assert cli.main(["create"]) == 7
    assert capsys.readouterr().err == "What.\nDo.\n"


def test_all_options_reach_the_node():
    args = room_parser("create", joins=False).parse_args(
        [
            "--name",
            "lau",
            "--topic",
            "tea",
            "--listen",
            "[::1]:4433",
            "--bootstrap",
            "a:1#k",
            "--bootstrap",
            "b:2#k",
            "--relay",
            "r:1#k",
            "--relay",
            "r:2#k",
            "--mic",
            "tone:440",
            "--speaker",
            "null",
            "--only",
            "dht",
            "--seconds",
            "2.5",
        ]
    )
    settings = settings_of(args, "guest-1")
    assert (settings.name, settings.topic, settings.listen) == ("lau", "tea", ("::1", 4433))
    assert (settings.bootstrap, settings.mode) == (("a:1#k", "b:2#k"), DEFAULT_MODE)
    assert settings.relays == ("r:1#k", "r:2#k")
    assert (settings.mic, settings.speaker, settings.only) == ("tone:440", "null", "dht")
    assert settings.seconds == 2.5


def test_whoever_gives_no_name_is_a_guest():
    args = room_parser("join", joins=True).parse_args([])
    assert settings_of(args, "guest-7").name == "guest-7"


@pytest.mark.parametrize("text", ["", "host", "host:", ":1", "host:70000", "host:x", "host:１"])
def test_an_address_that_is_none_is_refused(text):
    with pytest.raises(Exception, match="HOST:PORT"):
        host_port(text)


@pytest.mark.parametrize("bad", [["--seconds", "-1"], ["--seconds", "nan"], ["--meter-hz", "21"]])
def test_numbers_out_of_range_are_a_usage_error(bad, capsys):
    with pytest.raises(SystemExit) as caught:
        room_parser("create", joins=False).parse_args(bad)
    assert caught.value.code == 2


def test_words_that_were_not_put_in_quotes_are_one_key():
    done = start("join", *WORDS.split(), "--plain", input="leave\n")
    assert done.returncode == 0, done.stderr
    assert "joined tea-house" in done.stdout
