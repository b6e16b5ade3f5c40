"""Microphone and loudspeaker, tried before one goes to a room. Nobody has to."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tui.devices.device_report import Check, list_lines, other_mic
from tui.devices.measuring import Machine, Measuring, Wishes, this_machine
from tui.i18n import tr
from tui.texts.meter import meter
from tui.texts.sound_sentences import device_name
from tui.texts.spans import Span
from tui.widgets.line import Line
from tui.widgets.plaintext import PlainText


class _Skipped(Exception):  # noqa: N818 - ends a measurement that nobody waits for any more
    pass


class CheckScreen(ModalScreen[str]):
    """Measures in a thread of its own. Ends with the microphone that is wanted instead, or "".

    Args:
        mic: The microphone.
        speaker: The loudspeaker.
        machine: Returns where devices come from; loads a sound library.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f2", "skip", show=False),
        Binding("r,f5", "again", show=False),
        Binding("b,f6", "other_mic", show=False),
    ]

    def __init__(
        self, mic: str, speaker: str, machine: Callable[[], Machine] = this_machine
    ) -> None:
        super().__init__()
        self._wishes = Wishes(mic, speaker)
        self._machine = machine
        self._skipped = threading.Event()
        self._lines: list[str] = []
        self._other = ""
        self._runs = False

    def compose(self) -> ComposeResult:
        """What is said, the level, the keys."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("Microphone and speaker"), classes="title")
            yield PlainText(id="said")
            yield Line(id="level")
            yield PlainText(id="other", classes="key gap")
            yield PlainText(tr("Esc: enough   R: once more"), classes="key gap")

    def on_mount(self) -> None:
        """Begin."""
        self.action_again()

    def on_unmount(self) -> None:
        """Let go of the devices."""
        self._skipped.set()

    def action_again(self) -> None:
        """Measure, unless that is under way."""
        if not self._runs:
            self._runs = True
            self._lines, self._other = [], ""
            self._tell(tr("Looking for devices …"))
            loop = asyncio.get_running_loop()
            # A sound server that hangs must not hold up the end of the program.
            threading.Thread(target=self._measure, args=(loop,), daemon=True).start()

    def action_skip(self) -> None:
        """Enough."""
        self.dismiss("")

    def action_other_mic(self) -> None:
        """Speak into the microphone that was offered."""
        if self._other:
            self.dismiss(self._other)

    def _measure(self, loop: asyncio.AbstractEventLoop) -> None:
        def later(call: Callable[..., None], *values: object) -> None:
            with contextlib.suppress(RuntimeError):  # the program has ended meanwhile
                loop.call_soon_threadsafe(call, *values)

        def level(level_dbfs: float) -> None:
            if self._skipped.is_set():
                raise _Skipped
            later(self._show_level, level_dbfs)

        with contextlib.suppress(_Skipped):
            machine = self._machine()
            names = machine.list_devices()
            check = Check(names.inputs, names.outputs)
            for line in list_lines(check):
                later(self._tell, line)
            Measuring(self._wishes, machine, lambda line: later(self._tell, line), level).run(check)
            later(self._end, check)

    def _tell(self, line: str) -> None:
        if self.is_attached:
            self._lines.append(line)
            self.query_one("#said", PlainText).update("\n".join(self._lines))
            self.query_one(VerticalScroll).scroll_end(animate=False)

    def _show_level(self, level_dbfs: float) -> None:
        if self.is_attached:
            self.query_one("#level", Line).show(meter(level_dbfs))

    def _end(self, check: Check) -> None:
        self._runs = False
        self._other = other_mic(check) if check.band_end_hz is not None else ""
        if self.is_attached:
            self.query_one("#level", Line).show((Span(""),))
            name = device_name(self._other)
            offer = tr("B: speak into {name} instead", name=name) if self._other else ""
            self.query_one("#other", PlainText).update(offer)
