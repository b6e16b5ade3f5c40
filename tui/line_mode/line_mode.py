"""The line mode: one event a line, commands typed as words. Also the mode for scripts.

Events go to standard output, as sentences or as JSON; talk goes to standard error. Commands
that come before we are in the room wait. The end of standard input changes nothing.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Iterator

from p2p.api.commands import AskStats, Command
from p2p.api.events import (
    ErrorRaised,
    Event,
    HandChanged,
    Joined,
    KeyShown,
    Left,
    MemberChanged,
    Notice,
    RelayListed,
    Stats,
    Waiting,
)
from p2p.api.view import RoomView
from p2p.console import on_console_end
from p2p.errors import UserError
from tui.commands.own import leave
from tui.commands.row import Question
from tui.commands.table import NotTwice, foretell, help_lines, needs_yes
from tui.devices.device_list import devices_listed
from tui.i18n import mark, tr
from tui.line_mode.json_lines import json_line
from tui.line_mode.line_reader import LineReader
from tui.line_mode.line_writer import LineWriter
from tui.line_mode.typed_commands import understand
from tui.nodelike import NodeLike
from tui.powers import listed
from tui.texts.failures import as_event, user_error_in
from tui.texts.member_sentences import describe
from tui.texts.roster import member_event
from tui.texts.sentences import Narrator, key_lines

INTERRUPTED = 130
_CLOSING_LIMIT_S = 2.0
_NOTHING = {
    "hands": ("no_hands", mark("No hand is up.")),
    "relays": ("no_relay", mark("No relay is in use, and the room names none.")),
}


class LineMode:
    """One run in the line mode.

    Args:
        out: Takes events.
        talk: Takes what is no event.
        lines: Where commands come from; None for no commands at all.
        as_json: Events as JSON instead of sentences.
        started_s: Monotonic time at which the program started.
        asks: A person types: what cannot be taken back waits for a `yes`.
        clock_text: Returns the time of day, to put in front of a sentence.
    """

    def __init__(
        self,
        out: LineWriter,
        talk: LineWriter,
        lines: LineReader | None,
        *,
        as_json: bool,
        started_s: float,
        asks: bool = False,
        clock_text: Callable[[], str] = lambda: time.strftime("%H:%M:%S"),
    ) -> None:
        self._out = out
        self._talk = talk
        self._lines = lines
        self._as_json = as_json
        self._started_s = started_s
        self._asks = asks
        self._clock_text = clock_text
        self._unsure: Command | None = None
        self._narrator = Narrator()
        self._joined = asyncio.Event()
        self._stats_asked = False

    async def run(self, opening: Callable[[], Awaitable[NodeLike]]) -> int:
        """Open the room, stay until it is left, and return the exit code."""
        whole = asyncio.current_task()
        loop = asyncio.get_running_loop()
        to_leave: NodeLike | None = None
        leaving = False

        def stop() -> None:
            nonlocal to_leave, leaving
            if to_leave is not None:
                to_leave.do(leave("signal"))
                to_leave, leaving = None, True
            elif whole:
                whole.cancel()

        def stop_from_thread() -> None:
            loop.call_soon_threadsafe(stop)

        def nobody_reads() -> None:
            if not leaving:  # a window that is closed says so, and then takes no more lines
                stop_from_thread()

        self._out.on_closed = nobody_reads
        with _signals(stop_from_thread):
            try:
                node = to_leave = await opening()
                return await self._stay(node)
            except asyncio.CancelledError:
                return INTERRUPTED
            except (UserError, ExceptionGroup) as error:
                known = user_error_in(error)
                if known is None:
                    raise
                self._emit_alone(as_event(known))
                return known.exit_code

    async def _stay(self, node: NodeLike) -> int:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(node.run())
            obeying = group.create_task(self._obey(node))
            left = await self._listen(node)
            obeying.cancel()
            await asyncio.wait([running], timeout=_CLOSING_LIMIT_S)
            running.cancel()
        return left.exit_code

    async def _listen(self, node: NodeLike) -> Left:
        while True:
            event = await node.next_event()
            self._emit(event, node.view())
            if isinstance(event, Joined):
                self._joined.set()
            if isinstance(event, Left):
                return event

    async def _obey(self, node: NodeLike) -> None:
        if self._lines is None:
            return
        await self._joined.wait()
        not_twice = NotTwice()
        async for line in self._lines.lines():
            if self._unsure is not None:
                self._answered(node, line)
                continue
            try:
                wish = understand(line, node.view())
                if wish is not None and not isinstance(wish, Question):
                    not_twice.check(wish, time.monotonic())
            except UserError as error:
                self._emit(as_event(error), node.view())
                continue
            if isinstance(wish, Question) and wish.about == "devices":
                self._emit(await devices_listed(node.view()), node.view())
            elif isinstance(wish, Question):
                self._answer(wish, node.view())
            elif wish is not None:
                self._stats_asked = self._stats_asked or isinstance(wish, AskStats)
                self._do(node, wish)

    def _do(self, node: NodeLike, wish: Command) -> None:
        """Say what changes, ask a person who can still say no, and do it."""
        view = node.view()
        if changes := foretell(wish, view):
            self._talk.write(changes)
        if self._asks and needs_yes(wish, view):
            self._unsure = wish
            self._talk.write(tr("`yes` does it, anything else does not."))
        else:
            node.do(wish)

    def _answered(self, node: NodeLike, line: str) -> None:
        wish, self._unsure = self._unsure, None
        if wish is not None and line.strip().casefold() in ("yes", "y", tr("yes")):
            node.do(wish)
        else:
            self._talk.write(tr("Nothing was done."))

    def _answer(self, question: Question, view: RoomView) -> None:
        """Answer from the view what is no matter of the node."""
        if question.about == "help":
            for line in help_lines():
                self._talk.write(line)
            return
        events: list[Event] = []
        if question.about == "who":
            shown = view.members if self._as_json else listed(view)
            events = [member_event(member) for member in shown]
            events += [Waiting(one.n, one.id, one.name, True) for one in view.waiting]
        elif question.about == "relays":
            events = [RelayListed(r.n, r.name, r.used, r.up, r.named) for r in view.relays]
        else:
            places = {m.hand_place: m.n for m in view.members if m.hand_place is not None}
            events = [HandChanged(places[place], place) for place in sorted(places)]
        if not events:
            code, text = _NOTHING[question.about]
            events = [ErrorRaised(code, tr(text))]
        for event in events:
            if self._as_json or not isinstance(event, MemberChanged):
                self._emit(event, view)
            else:
                self._out.write(describe(event, self._narrator.roster, view))

    def _emit(self, event: Event, view: RoomView) -> None:
        if self._as_json:
            self._emit_alone(event)
            return
        if isinstance(event, Stats) and not self._stats_asked:
            return  # every 5 s is for scripts: nobody wants to hear it read aloud
        self._stats_asked = self._stats_asked and not isinstance(event, Stats)
        if isinstance(event, KeyShown):
            for line in key_lines(event, view):
                self._out.write(line)
            return
        target = self._talk if isinstance(event, Notice) else self._out
        for sentence in self._narrator.tell(event, view):
            target.write(f"{self._clock_text()} {sentence}")

    def _emit_alone(self, event: Event) -> None:
        """Write an event that needs no room around it."""
        if not self._as_json:
            for sentence in self._narrator.tell(event, EMPTY_ROOM):
                self._out.write(f"{self._clock_text()} {sentence}")
            return
        line = json_line(event, round((time.monotonic() - self._started_s) * 1000))
        if line is not None:
            self._out.write(line)
        elif isinstance(event, Notice):
            for sentence in self._narrator.tell(event, EMPTY_ROOM):
                self._talk.write(sentence)


EMPTY_ROOM = RoomView(
    topic="",
    members=(),
    mic_on=False,
    mic_level_dbfs=-96.0,
    mode="open",
    locked=False,
    room_time_s=0.0,
    devices="",
    ways_in=(),
    problem="",
    mask="off",
    up_bps=0.0,
    down_bps=0.0,
)


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` on SIGINT and SIGTERM, and on SIGHUP or the end of the console."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    wanted = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: stop()) for number in wanted}
    forget = on_console_end(stop)
    try:
        yield
    finally:
        forget()
        for number, handler in before.items():
            signal.signal(number, handler)
