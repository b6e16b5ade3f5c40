"""What is worth telling between two states of a room."""

from collections.abc import Iterator

from p2p.room.events import (
    Event,
    HandChanged,
    LockChanged,
    MemberChanged,
    MemberState,
    StageChanged,
    TopicChanged,
    Why,
)
from p2p.room.ids import MemberId
from p2p.room.roster import Member, RoomState
from p2p.room.stage import Stage


def changes(old: RoomState | None, new: RoomState) -> Iterator[Event]:
    """Compare two states.

    Args:
        old: What was told so far, None for nothing.
        new: What is to be told.

    Yields:
        The room's own changes, then members (id order), then places in the queue.
    """
    if new.locked != (old is not None and old.locked):
        yield LockChanged(new.locked)
    if new.topic != (old.topic if old else ""):
        yield TopicChanged(new.topic)
    for member in new.members.values():
        before = old.members.get(member.id) if old else None
        yield from _of_member(before, member, new.host)
    places = _places(new)
    before_places = _places(old) if old else {}
    for who in sorted(before_places.keys() - places.keys()):
        yield HandChanged(who, None)
    for who, place in places.items():
        if before_places.get(who) != place:
            yield HandChanged(who, place)


def _places(state: RoomState) -> dict[MemberId, int]:
    return {member: place for place, member in enumerate(state.queue, start=1)}


def _of_member(old: Member | None, new: Member, host: MemberId) -> Iterator[Event]:
    facts = (new.name, new.role, state_name(new))
    if (
        old is None
        or facts != (old.name, old.role, state_name(old))
        or {old.stage, new.stage} == {Stage.SPEAKING, Stage.MUTED}
    ):
        yield MemberChanged(new.id, *facts, by=_by(old, new, host))
    if old is not None and old.stage is not new.stage:
        yield StageChanged(new.id, new.stage, _why(old, new))


def state_name(member: Member) -> MemberState:
    """Name a member's state as far as operations tell: whether it is in reach they do not."""
    if member.stage is Stage.REMOVED:
        return "removed"
    return "left" if member.stage is Stage.LEFT else "here"


def _by(old: Member | None, new: Member, host: MemberId) -> MemberId | None:
    if old is None or new.id == host or new.stage is Stage.LEFT:
        return None
    own = new.wish != old.wish and new.stage is not Stage.REMOVED
    return None if own else host


def _why(old: Member, new: Member) -> Why:
    if new.stage is Stage.REMOVED:
        return "removed"
    if new.stage is Stage.INVITED or (old.stage is Stage.MUTED and new.stage is Stage.SPEAKING):
        return "granted"
    if new.stage is Stage.MUTED:
        return "muted"
    if old.stage is Stage.INVITED and new.lapsed:
        return "lapsed"
    return "asked" if new.wish != old.wish or new.stage is Stage.LEFT else "down"
