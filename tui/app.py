"""The screen mode: from the start screen into a room and out again."""

import asyncio
import contextlib
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Input

from p2p.api.commands import Command, ShowKey
from p2p.api.events import Event, Joined, KeyShown, Left, Notice
from p2p.api.settings import NO_RELAY, Settings
from p2p.console import on_console_end
from p2p.errors import UserError
from tui.clipboard import copied_in_private
from tui.commands.own import leave
from tui.devices.check_screen import CheckScreen
from tui.i18n import tr
from tui.invite.invite_screen import InviteScreen
from tui.nodelike import Backend, NodeLike
from tui.powers import is_last_moderator
from tui.room.room_screen import RoomScreen
from tui.start.no_relay import OPEN, NoRelayScreen
from tui.start.problem import ProblemScreen
from tui.start.start_screen import StartScreen
from tui.start.waiting import WaitScreen
from tui.terminal import patient_driver
from tui.terminal.keys import SPACE_LOST, SPACE_RELEASED, by_place
from tui.texts.failures import told, user_error_in
from tui.texts.foretell import last_moderator
from tui.texts.readings import reading_notes
from tui.texts.room_sentences import NOTICE_SENTENCES
from tui.texts.sentences import LEFT_SENTENCES

LEAVING_LIMIT_S = 1.5
HANG_UP_LIMIT_S = 5.0
ASKED_AGAIN_S = 10.0
COPY_LASTS_S = 60.0
NOTHING = " "
"""What empties a clipboard: a terminal inside tmux ignores a copy of no characters."""
OUTSIDE = "waiting_outside"
SAID_BEFORE_MAX = 32
INVITE_BEGINS = "teahouse:"
Opening = Callable[[Settings], Awaitable[NodeLike]]


class TeahouseApp(App[int]):
    """Holds the node while there is one, and passes its events to the room screen.

    Args:
        backend: Where nodes come from.
        settings: What the command line asked for.
        opening: Opens the room; None for the start screen.
        meter_hz: How often meters move.
        notifies: Tell the desktop of what waits for an answer.
        clock_text: Returns the time of day for the log.
    """

    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = (
        Path(__file__).parent / "theme.tcss"
    )
    TITLE: str | None = "Teahouse"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave_at_once", show=False, priority=True),
    ]

    def __init__(
        self,
        backend: Backend,
        settings: Settings,
        opening: Opening | None,
        *,
        meter_hz: float,
        notifies: bool = False,
        clock_text: Callable[[], str] = lambda: time.strftime("%H:%M"),
    ) -> None:
        super().__init__(driver_class=patient_driver())
        self.failure: BaseException | None = None
        self._backend = backend
        self._settings = settings
        self._opening = opening
        self._new_room = partial(
            RoomScreen, meter_hz=meter_hz, clock_text=clock_text, notifies=notifies
        )
        self._node: NodeLike | None = None
        self._room: RoomScreen | None = None
        self._key: KeyShown | None = None
        self._key_wanted = False
        self._leaving = False
        self._warned_s = -math.inf

    async def on_event(self, event: events.Event) -> None:
        """Read keys by their place, but where somebody writes: Caps Lock changes nothing."""
        if isinstance(event, events.Key) and not isinstance(self.focused, Input):
            event = by_place(event)
        if isinstance(event, events.Key) and self._room not in (None, self.screen):
            self._let_go_behind(event.key)
        await super().on_event(event)

    def _let_go_behind(self, key: str) -> None:
        """Space may come up while another screen is in front of the room."""
        if self._room is not None and key in (SPACE_RELEASED, SPACE_LOST):
            self._room.action_let_go(lost=key == SPACE_LOST)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer none: Textual's own would write a picture with all names to the disk."""
        return ()

    def write_to_terminal(self, sequence: str) -> None:
        """Write what is not drawn."""
        if sequence and self._driver is not None:
            self._driver.write(sequence)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy what was marked or asked for, for a minute; on Windows into no history or cloud."""
        if not self._copied(text):
            self.notify(tr("Nothing was copied: another program holds the clipboard."))
            return
        self.notify(tr("Copied, if the terminal allows it. In a minute the clipboard is emptied."))
        self.set_timer(COPY_LASTS_S, partial(self._empty_clipboard, text))

    def _copied(self, text: str) -> bool:
        if sys.platform == "win32":
            self._clipboard = text
            return copied_in_private(text)
        super().copy_to_clipboard(text)
        return True

    def _empty_clipboard(self, text: str) -> None:
        """Put nothing in the place of ``text``, unless something else was copied here since."""
        if self.clipboard == text:
            self._copied(NOTHING)

    def on_mount(self) -> None:
        """Go into the room, or ask which one."""
        loop = asyncio.get_running_loop()
        for name, ended in (("SIGTERM", self.leave), ("SIGHUP", self._hung_up)):
            if hasattr(signal, name):
                with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                    loop.add_signal_handler(getattr(signal, name), ended, "signal")
        on_console_end(partial(loop.call_soon_threadsafe, self._hung_up, "signal"))
        if self._opening is not None:
            self._open(self._opening, joining=self._opening != self._backend.create)
        else:
            self.push_screen(StartScreen(self._settings.name, self._settings.mode))

    def action_try_sound(self) -> None:
        """Try microphone and loudspeaker before there is a room."""

        def tried(mic: str | None) -> None:
            if mic:
                self._settings = replace(self._settings, mic=mic)

        self.push_screen(CheckScreen(self._settings.mic, self._settings.speaker), tried)

    def on_start_screen_asked(self, message: StartScreen.Asked) -> None:
        """Join or create what the start screen asked for."""
        self._settings = replace(
            self._settings, name=message.name, topic=message.topic, mode=message.mode
        )
        if message.key is None:
            self._open(self._backend.create, joining=False)
            return
        try:
            invite = self._backend.parse_key(message.key)
            notes = reading_notes(invite)
            for note in notes:
                self.notify(note, markup=False)
        except UserError as error:
            if isinstance(self.screen, StartScreen):
                self.screen.show_failure(*told(error))
            return
        self._open(lambda settings: self._backend.join(settings, invite), notes=notes)

    def _open(self, opening: Opening, *, joining: bool = True, notes: Sequence[str] = ()) -> None:
        wait = tr("Looking for the room …") if joining else tr("Opening the room …")
        self.push_screen(WaitScreen(wait))
        self.run_worker(self._live(opening, notes), exit_on_error=False, name="room")

    async def _live(self, opening: Opening, notes: Sequence[str] = ()) -> None:
        """Open the room, stay in it, and end the program with its exit code."""
        try:
            self._settings.check()
            node = self._node = await opening(self._settings)
            left = await self._stay(node)
        except (UserError, ExceptionGroup) as error:
            known = user_error_in(error)
            if known is None:
                self._end(error)
            elif known.code == NO_RELAY and self._room is None:
                self._ask_for_relay(opening, known, notes)
            else:
                self._tell_failure(known)
        except Exception as error:
            self._end(error)
        else:
            self._after(left)

    async def _stay(self, node: NodeLike) -> Left:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(node.run())
            said_before: list[Event] = []
            while True:
                event = await node.next_event()
                if isinstance(event, Left):
                    break
                if isinstance(event, KeyShown):
                    self._got_key(event)
                if isinstance(event, Joined):
                    await self._enter(node, event)
                    for earlier in said_before:
                        self._room_shows(earlier)
                    said_before.clear()
                if self._room is not None:
                    self._room_shows(event)
                elif isinstance(event, Notice) and event.code == OUTSIDE:
                    self._wait_outside()
                elif len(said_before) < SAID_BEFORE_MAX:
                    said_before.append(event)
            await asyncio.wait([running], timeout=LEAVING_LIMIT_S)
            running.cancel()
        return event

    def _room_shows(self, event: Event) -> None:
        if self._room is not None:
            self._room.show_event(event)

    async def _enter(self, node: NodeLike, event: Joined) -> None:
        self._room = self._new_room(node)
        # A node that fails just now cancels us, and half a switch would freeze the screen.
        await asyncio.shield(asyncio.ensure_future(self.switch_screen(self._room)))
        if event.via == "self":
            self.show_key(ShowKey())

    def _wait_outside(self) -> None:
        if isinstance(self.screen, WaitScreen):
            self.screen.tell(tr(NOTICE_SENTENCES[OUTSIDE]))

    def _ask_for_relay(self, opening: Opening, error: UserError, notes: Sequence[str]) -> None:
        """Let the person name a relay or show its address; nothing of this goes by itself."""

        def answered(answer: str | None) -> None:
            if not answer:
                self._tell_failure(error)
                return
            again = opening
            if answer == OPEN:
                self._settings = replace(self._settings, mode="open")
            elif joining and INVITE_BEGINS in answer.casefold():
                again = partial(self._join_again, answer)
            else:
                relays = (*self._settings.relays, answer)
                self._settings = replace(self._settings, relays=relays)
            self.run_worker(self._live(again), exit_on_error=False, name="room")

        joining = bool(error.values.get("joining"))
        self.push_screen(NoRelayScreen(joining=joining, notes=notes), answered)

    async def _join_again(self, text: str, settings: Settings) -> NodeLike:
        return await self._backend.join(settings, self._backend.parse_key(text))

    def _got_key(self, event: KeyShown) -> None:
        self._key = event
        if self._key_wanted and self._node is not None:
            self._key_wanted = False
            self.push_screen(InviteScreen(self._node, event))

    def show_key(self, wanted: Command) -> None:
        """Ask the node for the key or an invite, and show it as soon as it comes."""
        if self._node is not None:
            self._key_wanted = True
            self._node.do(wanted)

    def leave(self, why: str = "asked") -> None:
        """Leave the room; the program ends when the others have been told."""
        if self._node is None or self._leaving:
            self._end(None)
            return
        self._leaving = True
        self._node.do(leave(why))
        self.set_timer(LEAVING_LIMIT_S, lambda: self._end(None))

    def _hung_up(self, why: str) -> None:
        """The terminal is gone: leave, and end even if drawing blocks on it for ever."""
        end = threading.Timer(HANG_UP_LIMIT_S, os._exit, (0,))
        end.daemon = True
        end.start()
        self.leave(why)

    def terminal_lost(self) -> None:
        """The terminal is gone, and no signal said so."""
        self._hung_up("signal")

    def action_leave_at_once(self) -> None:
        """Leave without a question; the last moderator is told once what that ends."""
        now = time.monotonic()
        inside = self._node is not None and self._room is not None
        if inside and now > self._warned_s + ASKED_AGAIN_S:
            view = self._node.view() if self._node else None
            if view is not None and is_last_moderator(view):
                self._warned_s = now
                warning = tr("{lost} Ctrl+Q again leaves at once.", lost=last_moderator(view))
                self.notify(warning, severity="warning", timeout=ASKED_AGAIN_S, markup=False)
                return
        self.leave()

    def action_help_quit(self) -> None:
        """Say how to leave: Ctrl+C is too easy to press by mistake."""
        self.notify(tr("Q leaves. Ctrl+Q leaves at once."), markup=False)

    def _tell_failure(self, error: UserError) -> None:
        """Say what went wrong; then back to the start screen if we came from there."""
        from_start = any(isinstance(screen, StartScreen) for screen in self.screen_stack)
        if from_start and self._room is None:
            self._node = None
            self.pop_screen()
            self.push_screen(ProblemScreen(*told(error)))
        else:
            self.push_screen(ProblemScreen(*told(error)), lambda _: self._end(error))

    def _after(self, left: Left) -> None:
        if left.why in ("asked", "time", "signal"):
            self._end(None, left.exit_code)
            return
        reason = LEFT_SENTENCES.get(left.why, left.why)
        self._tell_failure(UserError(left.why, reason, "", left.exit_code or 6))

    def _end(self, error: BaseException | None, code: int = 0) -> None:
        if self.clipboard:
            self._empty_clipboard(self.clipboard)
        self.failure = error
        self.exit(return_code=code)

    def _fatal_error(self) -> None:
        """End without Textual's report: it prints local variables, and with them keys."""
        if os.environ.get("TEAHOUSE_DEBUG") == "1":
            super()._fatal_error()
            return
        self.failure = self._exception
        self._close_messages_no_wait()
