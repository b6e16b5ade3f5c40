"""What changed, in the words of the front end: the room's events and the mesh's, merged."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from audio.pipeline import Pipeline
from crypto.ids import MemberId
from crypto.wordlist import words_of
from p2p.api import events
from p2p.mesh.mesh import Mesh
from p2p.node.control.hall_notice import PROPOSE_HALL, hall_is_due
from p2p.node.control.hands import HandTeller, places_here
from p2p.node.member_numbers import ME, MemberNumbers
from p2p.node.peers.group_key import KeyEvent
from p2p.rekey.events import (
    HeldWhy,
    Impersonated,
    KeysChanged,
    KeysDiffer,
    KeysMissing,
    TimeWrong,
    VoiceFreed,
    VoiceHeld,
)
from p2p.rekey.sas_exchange import CompareAsked, CompareFailed, CompareReady, CompareVerified
from p2p.room import events as room_events
from p2p.room.ops.kinds import PROFILES
from p2p.room.room import Room
from p2p.room.stage import ON_STAGE, Stage
from p2p.room.state.epochs import WHY

ARRIVING_S = 3.0
"""After that even a host whom we cannot reach is named: as gone."""

KEY_MISSING = events.Notice("keys_missing")
KEY_HERE = events.Notice("keys_back")
KEYS_DIFFER = events.Notice("keys_differ")
VOICE_HELD: dict[HeldWhy, events.Notice] = {
    "removed": events.Notice("voice_held"),
    "unchecked": events.Notice("voice_unchecked"),
}
IMPERSONATED = events.Notice("impersonated")
TIME_WRONG = events.Notice("time_wrong")
ALARMS = {KeysDiffer: KEYS_DIFFER, Impersonated: IMPERSONATED, TimeWrong: TIME_WRONG}
VOICE_FREED = events.Notice("voice_freed")
VOICE_ANYWAY = events.Notice("voice_anyway")

_MIC_WHY = {"granted", "muted", "down", "declined", "lapsed", "asked", "removed"}


class EventReporter:
    """Turns changes into events, each member named before anything is said of it.

    Args:
        numbers: Numbers of members.
        emit: Takes each event.
    """

    def __init__(self, numbers: MemberNumbers, emit: Callable[[events.Event], None]) -> None:
        self._numbers = numbers
        self._emit = emit
        self._told: dict[MemberId, events.MemberChanged] = {}
        self._stage = Stage.LISTENING
        self._hands = HandTeller()
        self._speaking: set[int] = set()
        self._waiting: dict[MemberId, str] = {}
        self._first_sound = False
        self._proposed = False
        self._began_s = 0.0

    def tell_room(self, room: Room, mesh: Mesh) -> None:
        """Says everything that changed in the room and of who is here."""
        while (change := mesh.next_event()) is not None:
            if change.member in room.state.members:
                self._member(room, mesh, change.member, None)
        while (event := room.next_event()) is not None:
            match event:
                case room_events.MemberChanged(member=member, by=by):
                    if member in self._told or mesh.is_here(member) or member == room.me:
                        self._member(room, mesh, member, by)
                case room_events.HandChanged():
                    pass  # told below, by who is here
                case room_events.StageChanged(member=member, stage=stage, why=why):
                    self._named(room, mesh, member)
                    if member == room.me:
                        self._own_stage(stage, why)
                case _:
                    self._wide(event)
        self._tell_hands(room, mesh)
        now = time.monotonic()
        self._began_s = self._began_s or now
        if room.host not in self._told and now - self._began_s > ARRIVING_S:
            self._member(room, mesh, room.host, None)
        if not self._proposed and hall_is_due(room, mesh):
            self._proposed = True
            self._emit(PROPOSE_HALL)

    def _tell_hands(self, room: Room, mesh: Mesh) -> None:
        places = places_here(room.state.queue, lambda one: one == room.me or mesh.is_here(one))
        for member, place in self._hands.news(places):
            if member in room.state.members:
                self._named(room, mesh, member)
            self._emit(events.HandChanged(self._numbers.number(member), place))

    def _wide(self, event: room_events.Event) -> None:
        """Says what changed in the room as a whole."""
        match event:
            case room_events.LockChanged(on=on):
                self._emit(events.LockChanged(on))
            case room_events.TopicChanged(text=text) if text:
                self._emit(events.Notice("topic", text))
            case room_events.EntryChanged(mode=mode):
                self._emit(events.SettingChanged("entry", mode))
            case room_events.ProfileChanged(profile=profile):
                self._emit(events.SettingChanged("profile", PROFILES[profile]))
            case room_events.AskingChanged(asking=asking):
                self._tell_waiting({one.member: str(one.name) for one in asking})

    def tell_keys(self, news: Iterable[KeyEvent], room: Room) -> None:
        """Says how the room's key, and comparisons of words, stand."""
        for event in news:
            match event:
                case KeysChanged(heads=heads):
                    epochs = [room.state.epochs[one] for one in heads if one in room.state.epochs]
                    if epochs:
                        newest = max(epochs, key=lambda one: (one.step, one.id))
                        count = min(one.roster_count for one in epochs)
                        why = WHY[newest.why]
                        self._emit(events.RoomKeyChanged(why, count))
                case KeysMissing(on=on):
                    self._emit(KEY_MISSING if on else KEY_HERE)
                case VoiceHeld(why=reason) if room.myself.stage in ON_STAGE:
                    self._emit(VOICE_HELD[reason])
                case VoiceFreed(anyway=anyway) if room.myself.stage in ON_STAGE:
                    self._emit(VOICE_ANYWAY if anyway else VOICE_FREED)
                case KeysDiffer() | Impersonated() | TimeWrong():
                    self._emit(ALARMS[type(event)])
                case CompareAsked(member=member):
                    self._emit(events.Words(self._numbers.number(member), "", (), "asked"))
                case CompareReady(member=member, code=code, words=numbers):
                    words = tuple(words_of("en")[number] for number in numbers)
                    self._emit(events.Words(self._numbers.number(member), code, words, "ready"))
                case CompareVerified(member=member):
                    self._emit(events.Words(self._numbers.number(member), "", (), "verified"))
                case CompareFailed(member=member):
                    self._emit(events.Words(self._numbers.number(member), "", (), "failed"))

    def tell_sound(self, pipeline: Pipeline, began_s: float) -> None:
        """Says who started and stopped speaking, and, once, that the first sound came."""
        speaking = pipeline.speaking()
        if pipeline.mic_on and pipeline.mic_speaking:
            speaking.add(ME)
        for n in sorted(speaking - self._speaking):
            self._emit(events.SpeakingChanged(n, True))
        for n in sorted(self._speaking - speaking):
            self._emit(events.SpeakingChanged(n, False))
        self._speaking = speaking
        if not self._first_sound:
            played = [(at_s, n) for n in pipeline.levels() if (at_s := pipeline.first_played(n))]
            if played:
                at_s, n = min(played)
                self._first_sound = True
                self._emit(events.FirstSound(n, round((at_s - began_s) * 1000)))

    def _own_stage(self, stage: Stage, why: str) -> None:
        before, self._stage = self._stage, stage
        taken = stage is Stage.SPEAKING and why == "asked"
        lowered = before is Stage.HAND_UP and stage is Stage.LISTENING and why == "asked"
        if taken or lowered or stage in (Stage.HAND_UP, Stage.HOST):
            return
        if before is Stage.INVITED and why == "asked":
            why = "declined"
        self._emit(events.MicChanged(False, why if why in _MIC_WHY else "down"))

    def _tell_waiting(self, names: dict[MemberId, str]) -> None:
        """Who waits outside and did not a moment ago, and the other way round."""
        before, self._waiting = self._waiting, names
        for member in [*before, *(new for new in names if new not in before)]:
            if (member in before) != (member in names):
                n, name = self._numbers.number(member), names.get(member) or before[member]
                self._emit(events.Waiting(n, member.hex(), name, member in names))

    def _named(self, room: Room, mesh: Mesh, member: MemberId) -> None:
        if member not in self._told:
            self._member(room, mesh, member, None)

    def _member(self, room: Room, mesh: Mesh, member: MemberId, by: MemberId | None) -> None:
        entry = room.state.members.get(member)
        if entry is None:  # it left, and the room has forgotten it
            if (told := self._told.pop(member, None)) is not None and told.state != "left":
                self._emit(replace(told, state="left", by=None))
            return
        state: events.MemberState = "here" if member == room.me or mesh.is_here(member) else "gone"
        if entry.stage is Stage.LEFT:
            state = "left"
        elif entry.stage is Stage.REMOVED:
            state = "removed"
        event = events.MemberChanged(
            self._numbers.number(member),
            member.hex(),
            str(entry.name),
            entry.role,
            state,
            None if by is None else self._numbers.number(by),
        )
        before = self._told.get(member)
        same = before is not None and (before.name, before.role, before.state) == (
            event.name,
            event.role,
            event.state,
        )
        if by is not None or not same:
            self._told[member] = event
            self._emit(event)
