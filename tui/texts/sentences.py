"""Events as plain sentences: read aloud by the line mode, kept in the log of the screen."""

from collections.abc import Callable
from typing import Any

from p2p.api.events import (
    CuesChanged,
    DelayChanged,
    DeviceChanged,
    DevicesListed,
    EchoChanged,
    ErrorRaised,
    Event,
    FirstSound,
    HandChanged,
    Joined,
    KeyShown,
    Left,
    LineChanged,
    LockChanged,
    MemberChanged,
    MicChanged,
    ModeratorsChanged,
    Notice,
    RelayChanged,
    RelayListed,
    RoomKeyChanged,
    SettingChanged,
    SpeakingChanged,
    Stats,
    VolumeChanged,
    Waiting,
    Words,
)
from p2p.api.view import RoomView
from tui.i18n import mark, tr
from tui.texts.failures import error_texts
from tui.texts.member_sentences import hand_sentences, member_sentences, speaking_sentence
from tui.texts.peer_text import TITLE_CELLS, peer_text
from tui.texts.relay_sentences import relay_row, relay_sentence
from tui.texts.room_sentences import (
    MODERATORS_SENTENCES,
    NOTICE_SENTENCES,
    room_key_sentence,
    setting_sentence,
    waiting_sentences,
    words_sentences,
)
from tui.texts.roster import ROLE_NAMES, Roster
from tui.texts.sound_sentences import (
    cues_sentence,
    delay_sentence,
    device_lines,
    device_sentence,
    echo_sentence,
    line_sentence,
    volume_sentence,
)
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


def _notice(event: Notice, roster: Roster) -> str:
    """Return one line of talk; what is in it may have been typed by another person."""
    if event.code == "topic":
        return tr("topic: {text}", text=peer_text(event.message, TITLE_CELLS))
    if event.code in NOTICE_SENTENCES:
        return tr(NOTICE_SENTENCES[event.code])
    values: dict[str, object] = {}
    if event.n is not None:
        values |= {"n": event.n, "name": roster.name(event.n)}
    return safe(tr(event.message, **values))


def _joined(event: Joined, view: RoomView) -> str:
    if event.role == "host":
        return tr("joined {topic}, you are the host, microphone off", topic=room_name(view))
    return tr(
        "joined {topic}, you are a {role}, microphone off",
        topic=room_name(view),
        role=tr(ROLE_NAMES[event.role]),
    )


def _lock(event: LockChanged) -> str:
    return tr("The room is locked.") if event.on else tr("The room is open again.")


def _mic(event: MicChanged) -> str:
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
    invite = tr("invite: {invite}", invite=event.invite)
    key = [
        tr("key: {words}", words=event.words),
        tr("line: {line}", line=event.line),
        tr("digits: {digits}", digits=event.digits),
    ]
    return [invite, *key] if view.mode == "shield" else [*key, invite]


def error_lines(message: str, hint: str) -> list[str]:
    """Return one line that says what happened and, if there is one, one that says what to do."""
    lines = [tr("error: {message}", message=message)]
    return [*lines, tr("hint: {hint}", hint=hint)] if hint else lines


def _first_sound(event: FirstSound, roster: Roster) -> str:
    name = roster.name(event.from_n)
    return tr("first sound: {name}, {ms} ms after the start", name=name, ms=event.ms)


_Teller = Callable[[Any, Roster, RoomView], list[str]]
SENTENCES: dict[type[Event], _Teller] = {
    KeyShown: lambda event, roster, view: key_lines(event, view),
    Joined: lambda event, roster, view: [_joined(event, view)],
    FirstSound: lambda event, roster, view: [_first_sound(event, roster)],
    MemberChanged: member_sentences,
    HandChanged: hand_sentences,
    MicChanged: lambda event, roster, view: [_mic(event)],
    LockChanged: lambda event, roster, view: [_lock(event)],
    SpeakingChanged: lambda event, roster, view: [speaking_sentence(event, roster)],
    Stats: lambda event, roster, view: [stats_sentence(event, roster)],
    DeviceChanged: lambda event, roster, view: [device_sentence(event)],
    DevicesListed: lambda event, roster, view: device_lines(event),
    VolumeChanged: lambda event, roster, view: [volume_sentence(event, roster)],
    CuesChanged: lambda event, roster, view: [cues_sentence(event)],
    EchoChanged: lambda event, roster, view: [echo_sentence(event.mode)],
    DelayChanged: lambda event, roster, view: [delay_sentence(low=event.low)],
    LineChanged: lambda event, roster, view: [line_sentence(event)],
    Waiting: lambda event, roster, view: waiting_sentences(event, view),
    Words: lambda event, roster, view: words_sentences(event, roster),
    SettingChanged: lambda event, roster, view: [setting_sentence(event, roster)],
    RelayChanged: lambda event, roster, view: [relay_sentence(event)],
    RelayListed: lambda event, roster, view: [relay_row(event)],
    ModeratorsChanged: lambda event, roster, view: [tr(MODERATORS_SENTENCES[event.here])],
    RoomKeyChanged: lambda event, roster, view: [room_key_sentence(event)],
    Notice: lambda event, roster, view: [_notice(event, roster)],
    Left: lambda event, roster, view: [tr(LEFT_SENTENCES.get(event.why, event.why))],
    ErrorRaised: lambda event, roster, view: error_lines(*error_texts(event)),
}
"""What is said of each event."""


class Narrator:
    """Turns events into sentences; remembers who is who."""

    def __init__(self) -> None:
        self.roster = Roster()

    def tell(self, event: Event, view: RoomView) -> list[str]:
        """Return the sentences for ``event``, without a time in front; often exactly one."""
        self.roster.learn_view(view)
        if isinstance(event, Joined):
            self.roster.me = event.n
        return SENTENCES[type(event)](event, self.roster, view)
