"""Space on a real screen, on terminals that tell releases and on such that do not."""

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

from lab.programs.person import ENVIRONMENT, SLACK

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform == "win32", reason="terminals")]
PREVIEW = str(Path(__file__).parents[1] / "preview.py")
DOWN, STILL, UP = b"\x1b[32;1:1;32u", b"\x1b[32;1:2;32u", b"\x1b[32;1:3u"
REPORTED, BLUR = b"\x1b[?27u", b"\x1b[O"
ON, OFF = b"MIC ON", b"mic off"


class Terminal:
    """A member that may speak, and its terminal."""

    def __init__(self):
        self.all = self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            os.environ.update({**ENVIRONMENT, "TERM": "xterm-256color", "PREVIEW_ROLE": "speaker"})
            os.execv(sys.executable, [sys.executable, PREVIEW, "join", "violin", "--mode", "open"])

    def look(self, until, within_s=20.0):
        end_s = time.monotonic() + within_s * SLACK
        while until not in self.seen:
            assert time.monotonic() < end_s, f"no {until!r}: {self.seen[-2000:]!r}"
            self._read(0.1)

    def stays(self, without, for_s=1.2):
        """Nothing of this is drawn from now on for so long."""
        self.seen = b""
        end_s = time.monotonic() + for_s
        while time.monotonic() < end_s:
            self._read(0.1)
        assert without not in self.seen

    def press(self, keys):
        self.seen = b""
        os.write(self.fd, keys)

    def _read(self, wait_s):
        if select.select([self.fd], [], [], wait_s)[0]:
            piece = os.read(self.fd, 65_536)
            self.all += piece
            self.seen += piece


@pytest.fixture
def terminal():
    made = Terminal()
    made.look(b"F1")
    made.look(OFF)
    time.sleep(0.3)
    yield made
    with contextlib.suppress(ProcessLookupError):
        os.kill(made.pid, signal.SIGKILL)
    os.waitpid(made.pid, 0)
    os.close(made.fd)


def test_who_holds_space_speaks_for_so_long(terminal):
    assert b"\x1b[=2;2u" in terminal.all
    terminal.press(REPORTED + DOWN)
    terminal.look(ON)
    terminal.press(STILL * 5)
    terminal.stays(OFF)
    terminal.press(UP)
    terminal.look(OFF)


def test_a_short_press_is_a_switch_as_ever(terminal):
    terminal.press(DOWN + UP)
    terminal.look(ON)
    terminal.stays(OFF)
    terminal.press(DOWN + UP)
    terminal.look(OFF)


def test_on_a_terminal_that_tells_no_release_space_is_a_switch(terminal):
    terminal.press(b" ")
    terminal.look(ON)
    terminal.press(BLUR)
    terminal.stays(OFF)
    terminal.press(b" ")
    terminal.look(OFF)


def test_space_that_is_held_while_another_window_comes_in_front_closes_the_microphone(terminal):
    terminal.press(REPORTED + DOWN)
    terminal.look(ON)
    terminal.press(BLUR)
    terminal.look(OFF)


def test_a_screen_that_comes_between_does_not_keep_the_microphone_open(terminal):
    terminal.press(DOWN)
    terminal.look(ON)
    time.sleep(0.5)
    terminal.press(b"\x1b[63;1:1;63u")
    terminal.look(b"What others can see of you")
    terminal.press(UP)
    time.sleep(0.5)
    terminal.press(b"\x1b[27;1:1u\x1b[27;1:3u")
    terminal.look(OFF)


def test_no_other_key_that_comes_up_does_anything(terminal):
    terminal.press(b"\x1b[104;1:3u\x1b[113;1:3u\x1b[13;1:3u\x1b[1;1:3A\x1b[57441;1:3u")
    terminal.stays(b"Leave")
    terminal.press(DOWN + UP)
    terminal.look(ON)
