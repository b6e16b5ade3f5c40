"""Textual's driver for Linux and macOS, with a writer that does not make the event loop wait.

Textual 8.2.8 queues 30 pieces for its own writer. On a terminal that is not read the 31st blocks
the event loop, and with it links and sound.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from textual import constants
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.kitty import ASK_FOR_RELEASES, KittyParser
from tui.terminal.screen_writer import ScreenWriter

STANDARD_ERROR = 2
"""Where Textual draws."""

# Looked up when the thread begins that reads keys.
linux_driver.XTermParser = KittyParser  # type: ignore[attr-defined]


class PatientDriver(LinuxDriver):
    """See the module. The app may have a method ``terminal_lost``."""

    _screen_writer: ScreenWriter | None = None

    def write(self, data: str) -> None:
        """Write data to the terminal, sooner or later; never blocks."""
        if self._screen_writer is not None:
            self._screen_writer.write(data)

    def start_application_mode(self) -> None:
        """Begin to draw."""
        if self._screen_writer is None:
            loop = asyncio.get_running_loop()
            lost: Callable[[], object] = getattr(self._app, "terminal_lost", self._app.exit)
            self._screen_writer = ScreenWriter(
                STANDARD_ERROR,
                lambda: _from_thread(loop, lost),
                lambda: _from_thread(loop, lambda: self._app.refresh(layout=True)),
            )
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if not constants.DISABLE_KITTY_KEY:
            self.write(ASK_FOR_RELEASES)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was, if it is read at all."""
        if self._screen_writer is not None:
            self._screen_writer.forget()
        super().stop_application_mode()

    def close(self) -> None:
        """Let go of the terminal."""
        super().close()
        if self._screen_writer is not None:
            self._screen_writer.close()

    def run_input_thread(self) -> None:
        """Read keys until the end, also if it is the terminal's."""
        try:
            super().run_input_thread()
        except OSError:  # the writer notices too, and says so
            return


def _from_thread(loop: asyncio.AbstractEventLoop, call: Callable[[], Any]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:  # the program has ended meanwhile
        return
