"""What changed, in the words of the front end: the room's events and the mesh's, merged."""

from collections.abc import Callable

from p2p import events
from p2p.node.roll import ME, Roll
from p2p.node.sound import Sound
from p2p.overlay.mesh import Mesh
from p2p.room import events as room_events
from p2p.room.room import Room
from p2p.room.stage import Stage

_MIC_WHY = {"granted", "muted", "down", "declined", "lapsed", "asked", "removed"}


class Teller:
    """Turns changes into events, each member named before anything is said of it.

    Args:
        roll: Numbers of members.
        emit: Takes each event.
    """

    def __init__(self, roll: Roll, emit: Callable[[events.Event], None]) -> None:
        self._roll = roll
        self._emit = emit
        self._told: dict[bytes, events.MemberChanged] = {}
        self._stage = Stage.LISTENING
        self._speaking: set[int] = set()
        self._first_sound = False

    def tell_room(self, room: Room, mesh: Mesh) -> None:
        """Says everything that changed in the room and of who is here."""
        while (change := mesh.next_event()) is not None:
            if change.member in room.state.members:
                self._member(room, mesh, change.member, None)
        while (event := room.next_event()) is not None:
            match event:
                case room_events.MemberChanged(member=member, by=by):
                    seen = member in self._told or mesh.is_here(member) or member == room.me
                    if seen or member == room.host:
                        self._member(room, mesh, member, by)
                case room_events.HandChanged(member=member, place=place):
                    self._named(room, mesh, member)
                    self._emit(events.HandChanged(self._roll.number(member), place))
                case room_events.StageChanged(member=member, stage=stage, why=why):
                    self._named(room, mesh, member)
                    if member == room.me:
                        self._own_stage(stage, why)
                case room_events.LockChanged(on=on):
                    self._emit(events.LockChanged(on))
                case room_events.TopicChanged(text=text):
                    if text:
                        self._emit(events.Notice("topic", text))

    def tell_sound(self, sound: Sound, began_s: float) -> None:
        """Says who started and stopped speaking, and, once, that the first sound came."""
        pipeline = sound.pipeline
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

    def _named(self, room: Room, mesh: Mesh, member: bytes) -> None:
        if member not in self._told:
            self._member(room, mesh, member, None)

    def _member(self, room: Room, mesh: Mesh, member: bytes, by: bytes | None) -> None:
        entry = room.state.members[member]
        state: events.MemberState = "here" if member == room.me or mesh.is_here(member) else "gone"
        if entry.stage is Stage.LEFT:
            state = "left"
        elif entry.stage is Stage.REMOVED:
            state = "removed"
        event = events.MemberChanged(
            self._roll.number(member),
            member.hex(),
            str(entry.name),
            entry.role,
            state,
            None if by is None else self._roll.number(by),
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
