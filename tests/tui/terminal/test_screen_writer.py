import os
import pty
import select
import threading
import time

import pytest

from tui.terminal.screen_writer import MAX_WAITING_BYTES, ScreenWriter

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="pseudo-terminals")


class Terminal:
    """A terminal with a reader that reads when it is told to."""

    def __init__(self) -> None:
        self.reader, self.fd = pty.openpty()
        self.lost = threading.Event()
        self.drained = threading.Event()
        self.writer = ScreenWriter(self.fd, self.lost.set, self.drained.set)

    def read(self, seconds: float = 0.5) -> bytes:
        seen, end_s = b"", time.monotonic() + seconds
        while time.monotonic() < end_s:
            if select.select([self.reader], [], [], 0.05)[0]:
                seen += os.read(self.reader, 65_536)
        return seen

    def fill(self) -> None:
        """Draw until nothing fits any more."""
        for _ in range(200):
            self.writer.write("frame " * 200)
        assert self.writer.dropped


@pytest.fixture
def terminal():
    terminal = Terminal()
    yield terminal
    for fd in (terminal.reader, terminal.fd):
        try:
            os.close(fd)
        except OSError:
            continue


def test_what_is_drawn_comes_in_order_on_a_terminal_that_is_read(terminal):
    for n in range(100):
        terminal.writer.write(f"<{n}>")
    assert terminal.read() == "".join(f"<{n}>" for n in range(100)).encode()
    assert not terminal.drained.is_set()


def test_writing_returns_at_once_on_a_terminal_that_nobody_reads(terminal):
    began_s = time.monotonic()
    terminal.fill()
    assert time.monotonic() - began_s < 0.5


def test_the_screen_is_asked_for_anew_as_soon_as_the_terminal_is_read_again(terminal):
    terminal.fill()
    assert not terminal.drained.wait(0.3)
    assert len(terminal.read()) < 2 * MAX_WAITING_BYTES
    assert terminal.drained.is_set()
    terminal.writer.write("whole again")
    assert terminal.read().endswith(b"whole again")


def test_the_last_words_go_before_what_nobody_has_read(terminal):
    terminal.fill()
    terminal.writer.forget()
    terminal.writer.write("LAST")
    assert terminal.read().endswith(b"LAST")


def test_the_end_does_not_wait_for_a_terminal_that_nobody_reads(terminal):
    terminal.fill()
    began_s = time.monotonic()
    terminal.writer.close(0.2)
    assert time.monotonic() - began_s < 1.0


@pytest.mark.parametrize("drawing", [True, False])
def test_a_terminal_that_was_closed_is_noticed_also_while_nothing_is_drawn(terminal, drawing):
    os.close(terminal.reader)
    if drawing:
        terminal.writer.write("to nobody")
    assert terminal.lost.wait(3.0)
