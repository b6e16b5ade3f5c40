"""The screen of a real process, on a terminal that is not read or not there."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

from lab.programs.people import House
from lab.programs.person import ENVIRONMENT, SLACK, Person

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(sys.platform == "win32", reason="terminals")]
ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-P", "-B", "-m", "tui"]


class Screen:
    """A process with a terminal of its own, read only while somebody looks.

    Args:
        arguments: What follows ``teahouse``.
        hangs_up: Its terminal's end reaches it as a signal.
    """

    def __init__(self, *arguments: str, hangs_up: bool = True) -> None:
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
            os.environ.update({"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **ENVIRONMENT})
            if not hangs_up:
                # In another session the terminal is not ours, and its end is no signal.
                if os.fork():
                    os.waitpid(-1, 0)
                    os._exit(0)
                os.setsid()
            os.execv(PROGRAM[0], [*PROGRAM, *arguments])

    async def look(self, until: bytes, within_s: float = 20.0) -> None:
        """Read until something stands there."""
        end_s = time.monotonic() + within_s * SLACK
        while until not in self.seen:
            assert time.monotonic() < end_s, f"no {until!r}: {self.seen[-3000:]!r}"
            if select.select([self.fd], [], [], 0)[0]:
                self.seen += os.read(self.fd, 65_536)
            await asyncio.sleep(0.01)

    def press(self, keys: bytes) -> None:
        self.seen = b""
        os.write(self.fd, keys)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.fd)


async def speaker_on_a_screen(house: House, tmp_path: Path, *options: str) -> tuple[Person, Screen]:
    """A host in the line mode, and somebody on a screen who speaks."""
    host = await house.create("host")
    key = tmp_path / "key"
    key.write_text(host.heard("key")[0]["invite"])
    screen = Screen(
        *("join", "--key-file", str(key), "--mode", "open", "--listen", "127.0.0.1:0"),
        *("--name", "amina", "--mic", "tone:440", "--speaker", "null", *options),
    )
    await screen.look(b"raises your hand")
    screen.press(b"h")
    mark = host.now
    await host.hears("hand", place=1)
    host.say("accept 1")
    await screen.look(b"You are invited")
    screen.press(b" ")
    await host.sees("amina", mark, role="speaker")
    await screen.look(b"MIC ON")
    return host, screen


@pytest.mark.parametrize(
    "unread_s", [12.0, pytest.param(60.0, marks=pytest.mark.slow)], ids=["12 s", "60 s"]
)
async def test_a_terminal_that_nobody_reads_costs_the_others_no_frame(tmp_path, unread_s):
    async with House() as house:
        host, screen = await speaker_on_a_screen(house, tmp_path, "--meter-hz", "20")
        try:
            await asyncio.sleep(2.0)  # the buffer of the listener has found its length
            mark = host.now
            before = await host.total("opened", "amina")
            began_s = time.monotonic()
            await asyncio.sleep(unread_s)
            opened = await host.total("opened", "amina") - before
            due = (time.monotonic() - began_s) * 50
            assert abs(opened - due) < 15  # when the two numbers were asked for
            assert host.heard("member", mark) == []  # never "gone"
            screen.press(b"?")
            await screen.look(b"What others can see of you")
            screen.press(b"\x1b\x11")
            await host.sees("amina", mark, state="left")
        finally:
            screen.close()


async def test_a_program_whose_terminal_is_not_read_still_ends_when_it_is_told_to(tmp_path):
    async with House() as house:
        host, screen = await speaker_on_a_screen(house, tmp_path, "--meter-hz", "20")
        try:
            await asyncio.sleep(8.0)
            os.kill(screen.pid, signal.SIGTERM)
            await host.sees("amina", state="left")
            await _ends(screen.pid)
        finally:
            screen.close()


async def test_a_terminal_that_is_lost_without_a_signal_ends_the_program(tmp_path):
    screen = Screen(
        *("create", "--mode", "open", "--listen", "127.0.0.1:0"),
        *("--mic", "silence", "--speaker", "null", "--name", f"lost-{os.getpid()}"),
        hangs_up=False,
    )
    await screen.look(b"TEAHOUSE:")
    (pid,) = [pid for pid, line in _programs() if f"lost-{os.getpid()}" in line and "tui" in line]
    os.close(screen.fd)
    end_s = time.monotonic() + 10.0 * SLACK
    while any(one == pid for one, _ in _programs()):
        assert time.monotonic() < end_s, "it lives on"
        await asyncio.sleep(0.1)
    screen.close()


def _programs() -> list[tuple[int, str]]:
    """Processes whose parent is not the first one of their terminal, by number and words."""
    found = []
    for folder in Path("/proc").iterdir():
        if re.fullmatch(r"\d+", folder.name):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z":
                    found.append((int(folder.name), words))
    return found


async def _ends(pid: int, within_s: float = 10.0) -> None:
    end_s = time.monotonic() + within_s * SLACK
    while os.waitpid(pid, os.WNOHANG)[0] == 0:  # noqa: ASYNC222 - it does not wait
        assert time.monotonic() < end_s, "it does not end"
        await asyncio.sleep(0.1)
