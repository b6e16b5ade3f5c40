"""Events as plain sentences: read aloud by the line mode, kept in the log of the screen."""

from p2p.api.events import (
    AgreedEvent,
    ErrorRaised,
    Event,
    FirstSound,
    HandChanged,
    Joined,
    KeyShown,
    Left,
    LockChanged,
    MemberChanged,
    MicChanged,
    Notice,
    OwnEvent,
    RoomEvent,
    SpeakingChanged,
    Stats,
)
from p2p.api.view import RoomView
from tui.i18n import mark, tr, trn
from tui.powers import find
from tui.texts.peer_text import TITLE_CELLS, peer_text
from tui.texts.room_sentences import NOTICE_SENTENCES, agreed_sentences
from tui.texts.roster import MODERATING, ROLE_NAMES, Roster, stands
from tui.texts.sound_sentences import own_sentences
from tui.texts.stats_sentence import stats_sentence

MIC_SENTENCES = {
    (True, "asked"): mark("microphone on"),
    (True, "granted"): mark("you are on stage, microphone on"),
    (False, "asked"): mark("microphone off"),
    (False, "granted"): mark(
        "you are invited to speak: `mic on` opens your microphone, `no` declines (60 s)"
    ),
    (False, "muted"): mark("microphone off: a moderator has muted you"),
    (False, "down"): mark("microphone off: you are in the audience now"),
    (False, "declined"): mark("you declined the invitation to speak"),
    (False, "lapsed"): mark("the invitation to speak has lapsed"),
    (False, "lost"): mark("microphone off: the device is gone"),
}
_LINE_CELLS = 400
LEFT_SENTENCES = {
    "asked": mark("you left the room"),
    "time": mark("you left the room: the time is over"),
    "signal": mark("you left the room: the program was told to stop"),
    "removed": mark("a moderator has removed you from the room"),
    "locked": mark("the room is locked"),
    "refused": mark("the room did not let you in"),
    "denied": mark("a moderator did not let you in"),
    "invited": mark("the room lets in only who has a personal invite"),
    "used_up": mark("this invite has been used up"),
    "expired": mark("this invite has expired"),
    "full": mark("the room is full"),
    "nobody": mark("no one is in this room now"),
}


class Narrator:
    """Turns events into sentences; remembers who is who."""

    def __init__(self) -> None:
        self.roster = Roster()

    def tell(self, event: Event, view: RoomView) -> list[str]:
        """Return the sentences for ``event``, without a time in front; often exactly one."""
        self.roster.learn_view(view)
        if isinstance(event, OwnEvent):
            return own_sentences(event, self.roster)
        if isinstance(event, AgreedEvent):
            return agreed_sentences(event, self.roster)
        return self._tell_room(event, view)

    def _tell_room(self, event: RoomEvent, view: RoomView) -> list[str]:
        match event:
            case KeyShown():
                return key_lines(event, view)
            case Joined():
                self.roster.me = event.n
                return [_joined(event, view)]
            case MemberChanged():
                return self._member(event, view)
            case HandChanged():
                return [self._hand(event)]
            case SpeakingChanged():
                return [self._speaking(event)]
            case MicChanged() | LockChanged():
                return [_switched(event)]
            case FirstSound():
                name = self.roster.name(event.from_n)
                return [tr("first sound: {name}, {ms} ms after the start", name=name, ms=event.ms)]
            case Stats():
                return [stats_sentence(event, self.roster)]
            case Notice():
                return [self._notice(event)]
            case Left():
                return [tr(LEFT_SENTENCES.get(event.why, event.why))]
            case ErrorRaised():
                return error_lines(safe(tr(event.message)), safe(tr(event.hint)))

    def describe(self, event: MemberChanged, view: RoomView) -> str:
        """Return one line of the answer to `who`: number, name, role, and what is special."""
        marks = [tr(ROLE_NAMES[event.role])]
        if event.n == self.roster.me:
            marks.append(tr("you"))
        if event.state != "here":
            marks.append(tr("does not answer"))
        one = find(view, event.n)
        if one is not None and one.verified:
            marks.append(tr("verified"))
        elif one is not None and one.imitates is not None:
            marks.append(tr("a name like that of {name}", name=self.roster.name(one.imitates)))
        if one is not None and one.invited_by is not None:
            marks.append(tr("invited by {name}", name=self.roster.name(one.invited_by)))
        return f"{event.n} {peer_text(event.name)} ({', '.join(marks)})"

    def _member(self, event: MemberChanged, view: RoomView) -> list[str]:
        before = self.roster.learn(event)
        me = event.n == self.roster.me
        name = self.roster.name(event.n)
        if event.state != "here":
            return [] if before and before.state == event.state else [self._away(event)]
        if before is None:
            new = [] if me else [tr("here: {name} ({role})", name=name, role=_role(event))]
            return new + self._imitation(event, view)
        told = []
        if before.state != "here":
            told.append(tr("back: {name} ({role})", name=name, role=_role(event)))
        if before.name != event.name:
            told.append(tr("{old} is called {name} now", old=peer_text(before.name), name=name))
            told += self._imitation(event, view)
        if before.role != event.role:
            told += self._new_role(event, before, me=me)
        elif stands(before) != stands(event):
            told.append(self._new_place(event, me=me))
        if not told and event.by is not None and not me:
            told.append(self._muted(event, view))
        return told

    def _muted(self, event: MemberChanged, view: RoomView) -> str:
        values = {"name": self.roster.name(event.n), "by": self.roster.name(event.by or 0)}
        if any(member.n == event.n and member.muted for member in view.members):
            return tr("muted: {name}, by {by}", **values)
        return tr("may speak again: {name}, by {by}", **values)

    def _imitation(self, event: MemberChanged, view: RoomView) -> list[str]:
        """Warn of a name that can be mistaken for another member's."""
        one = find(view, event.n)
        if one is None or one.imitates is None:
            return []
        values = {"name": self.roster.name(event.n), "other": self.roster.name(one.imitates)}
        sentence = tr(
            "careful: {name} (number {n}) is not {other} (number {m}), the names only look alike",
            n=event.n,
            m=one.imitates,
            **values,
        )
        return [sentence]

    def _away(self, event: MemberChanged) -> str:
        name = self.roster.name(event.n)
        if event.state == "removed" and event.by is not None:
            return tr("removed: {name}, by {by}", name=name, by=self.roster.name(event.by))
        if event.state == "removed":
            return tr("removed: {name}", name=name)
        if event.state == "left":
            return tr("left: {name}", name=name)
        return tr("gone: {name} does not answer any more", name=name)

    def _new_role(self, event: MemberChanged, before: MemberChanged, *, me: bool) -> list[str]:
        """Tell of powers that were given or taken, else of the place on stage."""
        name, role = self.roster.name(event.n), _role(event)
        if event.role in MODERATING:
            return [
                tr("you are a {role} now", role=role)
                if me
                else tr("{name} is a {role} now", name=name, role=role)
            ]
        told = []
        if before.role in MODERATING:
            old = tr(ROLE_NAMES[before.role])
            told.append(
                tr("you are no {role} any more", role=old)
                if me
                else tr("{name} is no {role} any more", name=name, role=old)
            )
        if not told or stands(before) != stands(event):
            told.append(self._new_place(event, me=me))
        return told

    def _new_place(self, event: MemberChanged, *, me: bool) -> str:
        name, role = self.roster.name(event.n), _role(event)
        if me:
            return (
                tr("you are on stage now ({role})", role=role)
                if stands(event)
                else tr("you are in the audience now")
            )
        return (
            tr("on stage: {name} ({role})", name=name, role=role)
            if stands(event)
            else tr("in the audience: {name}", name=name)
        )

    def _notice(self, event: Notice) -> str:
        """Return one line of talk; what is in it may have been typed by another person."""
        if event.code == "topic":
            return tr("topic: {text}", text=peer_text(event.message, TITLE_CELLS))
        if event.code in NOTICE_SENTENCES:
            return tr(NOTICE_SENTENCES[event.code])
        values: dict[str, object] = {}
        if event.n is not None:
            values["name"] = self.roster.name(event.n)
        if event.relay:
            values["relay"] = peer_text(event.relay, TITLE_CELLS)
        return safe(tr(event.message, **values))

    def _hand(self, event: HandChanged) -> str:
        me = event.n == self.roster.me
        name = self.roster.name(event.n)
        if event.place is None:
            return tr("your hand is down") if me else tr("hand down: {name}", name=name)
        if me:
            return tr("your hand is up, place {place}", place=event.place)
        if event.place == 1:
            return tr("hand: {name} is first in the queue", name=name)
        return tr("hand: {name}, place {place}", name=name, place=event.place)

    def _speaking(self, event: SpeakingChanged) -> str:
        name, role = self.roster.name(event.n), self.roster.role(event.n)
        if event.on:
            return tr("speaking: {name} ({role})", name=name, role=role)
        return tr("quiet: {name}", name=name)


def _role(event: MemberChanged) -> str:
    return tr(ROLE_NAMES[event.role])


def _joined(event: Joined, view: RoomView) -> str:
    here = trn("{count} here", "{count} here", event.members)
    return tr(
        "joined {topic}, {here}, you are a {role}, microphone off",
        topic=room_name(view),
        here=here,
        role=tr(ROLE_NAMES[event.role]),
    )


def _switched(event: MicChanged | LockChanged) -> str:
    if isinstance(event, LockChanged):
        return tr("The room is locked.") if event.on else tr("The room is open again.")
    default = MIC_SENTENCES[event.on, "asked"]
    return tr(MIC_SENTENCES.get((event.on, event.why), default))


def room_name(view: RoomView) -> str:
    """Return the room's topic, safe to print, or "the room" when it has none."""
    return peer_text(view.topic, TITLE_CELLS) or tr("the room")


def safe(line: str) -> str:
    """Return a line of another part of the program, harmless whatever it quotes."""
    return peer_text(line, _LINE_CELLS)


def key_lines(event: KeyShown, view: RoomView) -> list[str]:
    """Return the four forms of the room key, each behind its name, what is enough first. Secret."""
    invite = f"invite: {event.invite}"
    key = [f"key: {event.words}", f"line: {event.line}", f"digits: {event.digits}"]
    return [invite, *key] if view.mode == "shield" else [*key, invite]


def error_lines(message: str, hint: str) -> list[str]:
    """Return one line that says what happened and, if there is one, one that says what to do."""
    lines = [tr("error: {message}", message=message)]
    return [*lines, tr("hint: {hint}", hint=hint)] if hint else lines
