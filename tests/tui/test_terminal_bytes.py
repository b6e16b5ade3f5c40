"""What really reaches a terminal, byte for byte: a screen's pilot does not see that."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

OPEN = ("join", "violin", "--mode", "open")
PREVIEW = str(Path(__file__).parent / "preview.py")
EVIL = "A\x1b]0;pwned\x07\x9b31mB\u202eC"


def bytes_on_a_terminal(args, *, until, keys=b"", columns=80, rows=24, **environ):
    """Run the preview on a terminal; return all it wrote until ``until`` came, and its end."""
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environ})
        os.execv(sys.executable, [sys.executable, PREVIEW, *args])
    written, deadline, seen_s = b"", time.monotonic() + 20, None
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.2)[0]:
                written += os.read(terminal, 65_536)
            if seen_s is None and until in written:
                seen_s = time.monotonic()
            if seen_s and time.monotonic() > seen_s + 1.0:  # what came with it is drawn by now
                os.write(terminal, keys + b"\x11")
                seen_s = 0.0
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL) if time.monotonic() >= deadline else None
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return written, os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_an_escape_sequence_in_a_name_never_reaches_the_terminal(size):
    written, code = bytes_on_a_terminal(
        [*OPEN],
        until=b"F1",
        keys=b"\r",
        columns=size[0],
        rows=size[1],
        PREVIEW_NAME=EVIL,
    )
    text = written.decode("utf-8", "replace")
    assert code == 0
    assert "]0;pwned" in text
    assert "\x1b]0;pwned" not in text
    assert "\x9b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("keys", [b"w", b"\t\rx"], ids=["door", "out"])
def test_no_menu_lets_an_escape_sequence_through(keys):
    written, code = bytes_on_a_terminal(
        [*OPEN],
        until=b"F1",
        keys=keys,
        PREVIEW_NAME=EVIL,
        PREVIEW_ROOM="run",
        PREVIEW_ROLE="host",
    )
    text = written.decode("utf-8", "replace")
    assert code == 0
    assert "]0;pwned" in text
    assert "\x1b]0;pwned" not in text
    assert "\x9b" not in text
    assert "\u202e" not in text


def test_a_person_at_a_terminal_is_asked_in_the_line_mode():
    written, code = bytes_on_a_terminal(
        [*OPEN, "--plain"],
        until=b"joined",
        keys=b"remove lau new key\nno\nremove lau new key\nyes\nleave\n",
        PREVIEW_ROLE="host",
    )
    text = written.decode("utf-8", "replace")
    assert code == 0
    assert text.count("can come back under a new name unless you lock the room") == 2
    assert text.count("Nothing was done.") == 1
    assert text.count("new key for 12 members; who was removed") == 1


def test_on_the_screen_shield_without_a_relay_is_a_question():
    written, _ = bytes_on_a_terminal(
        ["join", "violin", "--mode", "shield"], until=b"No relay is known", keys=b"\x1b"
    )
    assert "Go on in the open" in written.decode("utf-8", "replace")


def test_the_line_mode_on_a_terminal_is_harmless_too():
    written, code = bytes_on_a_terminal(
        [*OPEN, "--plain"], until=b"joined", keys=b"who\nleave\n", PREVIEW_NAME=EVIL
    )
    assert code == 0
    assert b"pwned" in written
    assert b"\x1b" not in written
    assert "\x9b" not in written.decode("utf-8", "replace")


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "vt100"}, {"LC_ALL": "C"}])
def test_states_can_be_told_apart_without_colours(environ):
    written, code = bytes_on_a_terminal([*OPEN], until=b"F1", **environ)
    assert code == 0
    text = written.decode("utf-8", "replace")
    for sign in ("▸", "M ", "muted", "~ ", "x ", "away", "mic off"):
        assert sign in text


def test_a_dumb_terminal_gets_lines():
    written, code = bytes_on_a_terminal([*OPEN], until=b"joined", keys=b"leave\n", TERM="dumb")
    assert code == 0
    assert b"No terminal here" in written
    assert b"\x1b" not in written


def test_the_program_ends_when_its_terminal_is_closed():
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
        os.execv(sys.executable, [sys.executable, PREVIEW, *OPEN])
    written, deadline = b"", time.monotonic() + 20
    while b"F1" not in written and time.monotonic() < deadline:
        written += os.read(terminal, 65_536)
    os.close(terminal)
    deadline = time.monotonic() + 15
    ended = 0
    while not ended and time.monotonic() < deadline:
        ended, _ = os.waitpid(child, os.WNOHANG)
        time.sleep(0.1)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert ended == child
