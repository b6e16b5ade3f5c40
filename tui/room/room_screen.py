"""The room: who is on stage, who wants to speak, who listens, and what we are."""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer

from p2p.api.commands import Command, SetMic
from p2p.api.events import (
    ErrorRaised,
    Event,
    FirstSound,
    KeyShown,
    MicChanged,
    Notice,
    RelayChanged,
    SpeakingChanged,
    Stats,
    Waiting,
    Words,
)
from p2p.api.view import RoomView
from p2p.room.agent.deadlines import INVITATION_S
from tui.commands.own import leave
from tui.commands.row import Doubt, Pressed
from tui.commands.table import NotTwice, room_keys
from tui.devices.devices_screen import DeviceScreen
from tui.i18n import tr
from tui.invite.new_invite import NewInviteScreen
from tui.nodelike import NodeLike
from tui.powers import find, is_last_moderator, myself, runs_room
from tui.room.find_screen import FindScreen
from tui.room.help_screen import HelpScreen
from tui.room.hold import Hold
from tui.room.outside import OutsideScreen
from tui.room.person_screen import PersonScreen
from tui.room.presenter import (
    STAGE_PLACES,
    audience,
    audience_row,
    hand_rows,
    on_stage,
    stage_rows,
)
from tui.room.question import Answer, QuestionScreen
from tui.room.relay_screen import RelayScreen
from tui.room.room_menu import RoomMenuScreen
from tui.room.status_lines import header, keys_line, links_line, own_line
from tui.room.successor import SuccessorScreen
from tui.room.typing_screen import TypingScreen
from tui.room.words_screen import WordsScreen
from tui.start.problem import ProblemScreen
from tui.terminal.desktop_words import DesktopWords
from tui.terminal.keys import SPACE_LOST, SPACE_RELEASED
from tui.texts.failures import error_texts
from tui.texts.meter import meter_step
from tui.texts.on_screen import on_screen
from tui.texts.peer_text import peer_text
from tui.texts.sentences import Narrator
from tui.texts.spans import Span
from tui.widgets.line import Line
from tui.widgets.log import MAX_SENTENCES, EventLog
from tui.widgets.people import PeopleList

_PRESSED = {key.keys.partition(",")[0]: key for key in room_keys().values()}
_DRAWN_EVERY_S = 0.5
_LARGE = 256
_SHORT_ROWS = 12
_HIGH_ROWS = 16
_ROOMY_ROWS = 24
_ROWS_AROUND = 7
"""Header, the three lines at the foot, and what is empty between the parts."""
_LOG_ROWS_MIN = 3
_ON_INVITE_SCREEN = frozenset(
    (
        *("no_entry_node", "no_entry_node_answers", "mainline_silent"),
        *("lan_open", "dht_open", "mainline_open", "relay_open"),
    )
)
_SILENT = (SpeakingChanged, Stats, FirstSound, KeyShown)


class RoomScreen(Screen[None]):
    """Drawn from the node's view twice a second and after each event; meters more often.

    Meters move only while somebody is heard or our microphone is open.

    Args:
        node: The room.
        meter_hz: How often levels are looked at; up to 1 for once a second with all the rest.
        clock_text: Returns the time of day for the log.
        notifies: Tell the desktop of what waits for an answer.
    """

    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012 - as in the base
        (0, "-narrow"),
        (70, "-normal"),
        (110, "-wide"),
    ]
    VERTICAL_BREAKPOINTS: list[tuple[int, str]] | None = [  # noqa: RUF012 - as in the base
        (0, "-low"),
        (_SHORT_ROWS, "-short"),
        (_HIGH_ROWS, "-high"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key.keys, f"press('{name}')", show=False) for name, key in _PRESSED.items()),
        Binding("d,f7", "devices", show=False),
        Binding("t,f9", "type", show=False),
        Binding("r,f12", "room", show=False),
        Binding("w,f11", "outside", show=False),
        Binding("f1,question_mark", "help", show=False),
        Binding("q,f10", "leave", show=False),
        Binding("tab", "next_list", show=False),
        Binding("slash", "find", show=False),
        # No keys of a keyboard: see tui.terminal.kitty. They take the way of Space, behind it.
        Binding(SPACE_RELEASED, "let_go", show=False),
        Binding(SPACE_LOST, "let_go(True)", show=False),
    ]

    def __init__(
        self,
        node: NodeLike,
        *,
        meter_hz: float,
        clock_text: Callable[[], str],
        notifies: bool = False,
    ) -> None:
        super().__init__()
        self._node = node
        self._meter_hz = meter_hz
        self._clock_text = clock_text
        self._narrator = Narrator()
        self._invited_s: float | None = None
        self._not_twice = NotTwice()
        self._meters: Timer | None = None
        self._words: dict[int, Words] = {}
        self._hold = Hold()
        self._named_relay = ""
        self._early: deque[tuple[str, str]] = deque(maxlen=MAX_SENTENCES)
        self._to_desktop = DesktopWords(os.environ) if notifies else None

    def compose(self) -> ComposeResult:
        """Lay out the parts; ``theme.tcss`` says where they go at which size."""
        yield Line(id="header")
        with Horizontal(id="body"):
            with Vertical(id="left"):
                yield Line(fill="─", id="stage-title")
                yield PeopleList(empty=tr("Nobody is on stage."), id="stage")
            with Vertical(id="right"):
                with Vertical(id="middle"):
                    yield Line(fill="─", id="hands-title")
                    yield PeopleList(empty=tr("No hand is up."), id="hands")
                    yield Line(fill="─", id="log-title")
                    yield EventLog(id="log-beside")
                with Vertical(id="hearers"):
                    yield Line(fill="─", id="audience-title")
                    yield PeopleList(empty=tr("Nobody listens yet."), id="audience")
        yield EventLog(id="log-below")
        with Vertical(id="foot"):
            yield Line(id="own")
            yield Line(id="links")
            yield Line(id="keys")

    def on_mount(self) -> None:
        """Start looking at the room."""
        self.query_one("#stage").focus()
        self._fill_log()
        if self._meter_hz > 1:
            self._meters = self.set_interval(1 / self._meter_hz, self.draw_moving, pause=True)
        self.set_interval(_DRAWN_EVERY_S if self._meters else 1.0, self.draw)
        self.call_after_refresh(self.draw)

    def on_screen_resume(self) -> None:
        """Catch up with what happened behind another screen."""
        self.call_after_refresh(self.draw)

    def on_resize(self) -> None:
        """Fit every line to the new size."""
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw everything, and let meters move if there is something to see."""
        if not self._is_seen():
            return
        view = self._node.view()
        self._draw_moving(view)
        self._draw_slow(view)
        if self._meters is not None:
            (self._meters.resume if _is_loud(view) else self._meters.pause)()

    def draw_moving(self) -> None:
        """Draw what moves with the sound."""
        if self._is_seen():
            self._draw_moving(self._node.view())

    def _is_seen(self) -> bool:
        """Whether no screen hides this one."""
        if not self.is_attached:
            return False
        return self.is_active or self.app.screen.styles.background.a < 1

    def _draw_moving(self, view: RoomView) -> None:
        stage = self.query_one("#stage", PeopleList)
        stage.set_rows(stage_rows(view, stage.row_cells))
        self._line("own").show(*own_line(view, self._invitation_left_s(view)))

    def _draw_slow(self, view: RoomView) -> None:
        self._line("header").show(*header(view, self._line("header").size.width))
        self._line("links").show(*links_line(view))
        self._line("keys").show(keys_line(view, self.size.width))
        hands, hearers = (self.query_one(f"#{name}", PeopleList) for name in ("hands", "audience"))
        up, listeners, cells = hand_rows(view, hands.row_cells), audience(view), hearers.row_cells
        hands.set_rows(up)
        hearers.set_people(
            [one.n for one in listeners], lambda place: audience_row(listeners[place], cells)
        )
        counts = [len(on_stage(view)), len(up), len(listeners)]
        self._give_rows_to_log(counts)
        self._title("stage", tr("On stage"), f"{counts[0]}/{STAGE_PLACES}")
        self._title("hands", tr("Hands"), str(counts[1]))
        self._title("audience", tr("Audience"), str(counts[2]))
        self._line("log-title").show((Span("─ ", "dim"), Span(tr("Log") + " ", "strong")))

    def _give_rows_to_log(self, counts: Sequence[int]) -> None:
        """Let the log below have what the lists would leave empty, up to a third of the rows."""
        log, rows = self.query_one("#log-below", EventLog), self.size.height
        if rows < _ROOMY_ROWS:
            log.styles.clear_rule("height")
            return
        spare = rows - _ROWS_AROUND - _rows_of_lists(counts)
        log.styles.height = max(_LOG_ROWS_MIN, min(spare, rows // 3 + 1))

    def _title(self, name: str, word: str, count: str) -> None:
        spans = (Span("─ ", "dim"), Span(word, "strong"), Span(f" {count} ", "dim"))
        self._line(f"{name}-title").show(spans)

    def _line(self, name: str) -> Line:
        return self.query_one(f"#{name}", Line)

    def show_event(self, event: Event) -> None:
        """Put ``event`` into the log, and in front of the eyes when it asks for an answer."""
        if self._to_desktop is not None:
            word = self._to_desktop.of(event, time.monotonic())
            self.app.write_to_terminal(word)  # type: ignore[attr-defined]
        if isinstance(event, MicChanged):
            granted = event.why == "granted" and not event.on
            self._invited_s = time.monotonic() if granted else None
        if isinstance(event, ErrorRaised):
            text = on_screen("\n".join(part for part in error_texts(event) if part))
            self.notify(text, severity="warning", markup=False)
        if isinstance(event, Words):
            self._heed_words(event)
        if isinstance(event, RelayChanged) and event.line:
            self._named_relay = event.line
        view = self._node.view()
        if isinstance(event, Waiting) and event.on and runs_room(view):
            waits = tr("{name} waits outside. W: let in or not", name=peer_text(event.name))
            self.notify(waits, markup=False)
        sentences = self._narrator.tell(event, view)
        if isinstance(event, Notice) and event.code == "mask":
            # The log has room for its beginning only, and the microphone waits behind this.
            self.app.push_screen(ProblemScreen(tr("Before you speak"), "\n".join(sentences)))
        if isinstance(event, Words):
            sentences = sentences[:1]  # what to do about it stands on its own screen
        if not isinstance(event, _SILENT) and getattr(event, "code", "") not in _ON_INVITE_SCREEN:
            for sentence in sentences:
                self._tell_log(on_screen(sentence))
        if len(view.members) <= _LARGE:  # else it is drawn often enough by the clock
            self.draw()

    def _tell_log(self, sentence: str) -> None:
        self._early.append((self._clock_text(), sentence))
        self._fill_log()

    def _fill_log(self) -> None:
        """Pass on what was said, as soon as there is a log to keep it."""
        logs = list(self.query(EventLog))
        while logs and self._early:
            said = self._early.popleft()
            for log in logs:
                log.tell(*said)

    def _heed_words(self, event: Words) -> None:
        """Show the words where they were asked for; else say that somebody asks."""
        self._words[event.n] = event
        shown = [screen for screen in self.app.screen_stack if isinstance(screen, WordsScreen)]
        for screen in shown:
            screen.tell(event)
        if event.state in ("asked", "ready") and not any(
            screen.is_about(event.n) for screen in shown
        ):
            one = find(self._node.view(), event.n)
            name = peer_text(one.name if one else "")
            ask = tr("{name} wants to compare safety words: Enter on {name}, then G.", name=name)
            self.notify(ask, markup=False)

    def _invitation_left_s(self, view: RoomView) -> float | None:
        me = myself(view)
        if self._invited_s is None or me is None or not me.invited:
            return None
        return max(0.0, INVITATION_S - (time.monotonic() - self._invited_s))

    def action_press(self, name: str) -> None:
        """Do what a key of the table of commands stands for."""
        hands = self.query_one("#hands", PeopleList)
        pressed = _PRESSED[name].press(self._node.view(), hands.chosen if hands.has_focus else None)
        if pressed.remark:
            self.notify(pressed.remark, markup=False)
        if pressed.command is None:
            return
        if pressed.doubt is not None:
            self.app.push_screen(QuestionScreen(pressed.doubt, pressed.command), self._do_all)
        elif pressed.opens:
            self.app.show_key(pressed.command)  # type: ignore[attr-defined]
        else:
            self._do_pressed(pressed, pressed.command)

    def action_let_go(self, lost: bool = False) -> None:
        """Space came up: who held it to speak has spoken.

        Args:
            lost: It did not; but another window has the keyboard now.
        """
        if self._hold.let_go(time.monotonic(), lost=lost):
            self._node.do(SetMic(False))

    def _do_pressed(self, pressed: Pressed, command: Command) -> None:
        """Do it, unless the key is held, or pressed twice."""
        if self._not_twice.is_too_soon(command, time.monotonic()) and not pressed.chosen:
            return
        self._node.do(command)
        if isinstance(command, SetMic):
            self._hold.pressed(time.monotonic(), opens=command.on)

    def _do_all(self, answer: Answer | None) -> None:
        for command in answer or ():
            self._node.do(command)

    def action_devices(self) -> None:
        """Choose another microphone or speaker."""
        self.app.push_screen(DeviceScreen(self._node))

    def action_type(self) -> None:
        """Speak by typing, if that was chosen."""
        if self._node.view().mask == "typed":
            self.app.push_screen(TypingScreen(self._node))
        else:
            self.notify(tr("Start with --mask typed to speak by typing."), markup=False)

    def action_help(self) -> None:
        """Show the help page."""
        self.app.push_screen(HelpScreen(self._node.view().mode))

    def action_leave(self) -> None:
        """Leave; ask first when others would notice a gap."""
        view = self._node.view()
        me = myself(view)
        others = sum(one.state == "here" and not one.me for one in view.members)
        if is_last_moderator(view):
            self.app.push_screen(SuccessorScreen(self._node, leaving=True), self._leave_if)
        elif me is None or not me.on_stage or not others:
            self.app.leave()  # type: ignore[attr-defined]
        else:
            doubt = Doubt(tr("Leave the room?"), tr("You are on stage."))
            self.app.push_screen(QuestionScreen(doubt, leave()), self._leave_if)

    def _leave_if(self, answer: Answer | str | None) -> None:
        if answer:
            self.app.leave()  # type: ignore[attr-defined]

    def action_room(self) -> None:
        """Show how the room is run, and what we can change of it."""
        self.app.push_screen(RoomMenuScreen(self._node), self._go_on)

    def _go_on(self, wanted: str | None) -> None:
        if wanted == "invite":
            self.app.push_screen(NewInviteScreen(self._node), self._make_invite)
        elif wanted == "outside":
            self.action_outside()
        elif wanted == "relay":
            self.app.push_screen(RelayScreen(self._node, self._named_relay), self._use_relay)
        elif wanted == "hand on":
            self.app.push_screen(SuccessorScreen(self._node, leaving=False))

    def _use_relay(self, wanted: Command | None) -> None:
        if wanted is not None:
            self._node.do(wanted)

    def _make_invite(self, wanted: Command | None) -> None:
        if wanted is not None:
            self.app.show_key(wanted)  # type: ignore[attr-defined]

    def action_outside(self) -> None:
        """Moderators: let in who waits outside, or not."""
        if runs_room(self._node.view()):
            self.app.push_screen(OutsideScreen(self._node))
        else:
            self.notify(tr("Only a moderator can let somebody in."), markup=False)

    def action_next_list(self) -> None:
        """Go to the next list; in a narrow window also to the other side."""
        order = [self.query_one(f"#{name}", PeopleList) for name in ("stage", "hands", "audience")]
        at = next((place for place, one in enumerate(order) if one.has_focus), 0)
        following = (at + 1) % len(order)
        self.set_class(following > 0, "-aside")
        order[following].focus()

    def action_find(self) -> None:
        """Find somebody by typing."""

        def found(n: int | None) -> None:
            if n is not None:
                self._show_person(n)

        self.app.push_screen(FindScreen(self._node), found)

    def on_people_list_chosen(self, message: PeopleList.Chosen) -> None:
        """Show what can be done with the chosen person."""
        self._show_person(message.n)

    def _show_person(self, n: int) -> None:

        def chosen(what: str | None) -> None:
            one = find(self._node.view(), n)
            if what == "words" and one is not None:
                begun = self._words.get(n)
                known = begun if begun is not None and begun.state == "ready" else None
                name = peer_text(one.name)
                self.app.push_screen(WordsScreen(self._node, n, name, known))

        self.app.push_screen(PersonScreen(self._node, n), chosen)


def _rows_of_lists(counts: Sequence[int]) -> int:
    """Return what stage (left), hands and audience (right) take, each below its title."""
    stage, hands, listeners = (max(1, count) for count in counts)
    return max(1 + stage, 1 + hands + 1 + 1 + listeners)


def _is_loud(view: RoomView) -> bool:
    """Whether any meter has something to show."""
    return view.mic_on or any(one.speaking or meter_step(one.level_dbfs) for one in on_stage(view))
