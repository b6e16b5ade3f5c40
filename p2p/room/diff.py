"""What is worth telling between two states of a room."""

from collections.abc import Iterator
from dataclasses import replace

from crypto.ids import MemberId
from p2p.room import events as e
from p2p.room.stage import Stage
from p2p.room.state.member import Member
from p2p.room.state.member_map import MemberMap
from p2p.room.state.model import RoomState


def changes(old: RoomState | None, new: RoomState) -> Iterator[e.Event]:
    """Compare two states.

    Args:
        old: What was told so far, None for nothing.
        new: What is to be told.

    Yields:
        The room's own changes, then members (id order), then places in the queue.
    """
    yield from _of_room(old, new)
    members = MemberMap() if old is None else old.members
    changed = list(new.members.unlike(members))
    for one in changed:
        if (member := new.members.get(one)) is not None:
            before = members.get(one)
            yield from _of_member(before, member, new)
            other = member.imitates
            if before is None and other is not None and other in members:
                yield e.NameImitates(one, other)
    for one in changed:
        if one not in new.members and members[one].is_here:  # it left and was forgotten at once
            yield from _of_member(members[one], replace(members[one], stage=Stage.LEFT), new)
    if old is not None and old.queue is new.queue:
        return
    places = _places(new)
    before_places = _places(old) if old else {}
    for who in sorted(before_places.keys() - places.keys()):
        yield e.HandChanged(who, None)
    for who, place in places.items():
        if before_places.get(who) != place:
            yield e.HandChanged(who, place)


def _of_room(old: RoomState | None, new: RoomState) -> Iterator[e.RoomWideEvent]:
    if new.locked != (old is not None and old.locked):
        yield e.LockChanged(new.locked)
    if new.topic != (old.topic if old else ""):
        yield e.TopicChanged(new.topic)
    if new.entry != (old.entry if old else "open"):
        yield e.EntryChanged(new.entry)
    if new.profile != (old.profile if old else 0):
        yield e.ProfileChanged(new.profile)
    if new.asking != (old.asking if old else ()):
        yield e.AskingChanged(new.asking)
    if new.heads != (old.heads if old else ()):
        yield e.EpochChanged(new.heads)


def _places(state: RoomState) -> dict[MemberId, int]:
    return {member: place for place, member in enumerate(state.queue, start=1)}


def _of_member(old: Member | None, new: Member, state: RoomState) -> Iterator[e.Event]:
    facts = (new.name, new.role, state_name(new))
    if (
        old is None
        or facts != (old.name, old.role, state_name(old))
        or {old.stage, new.stage} == {Stage.SPEAKING, Stage.MUTED}
    ):
        yield e.MemberChanged(new.id, *facts, by=_by(old, new, state))
    if old is not None and old.stage is not new.stage:
        yield e.StageChanged(new.id, new.stage, _why(old, new))
    if old is not None and old.rank != new.rank and new.is_here:
        yield e.RankChanged(new.id, new.rank, new.ranked_by)


def state_name(member: Member) -> e.MemberState:
    """Name a member's state as far as operations tell: whether it is in reach they do not."""
    if member.stage is Stage.REMOVED:
        return "removed"
    return "left" if member.stage is Stage.LEFT else "here"


def _by(old: Member | None, new: Member, state: RoomState) -> MemberId | None:
    """Who did it, if another did."""
    if old is None or new.stage is Stage.LEFT:
        return None
    if old.rank != new.rank and new.is_here:
        return new.ranked_by
    own = new.wish != old.wish and new.stage is not Stage.REMOVED
    return None if own else state.by.get(new.id)


def _why(old: Member, new: Member) -> e.Why:
    if new.stage is Stage.REMOVED:
        return "removed"
    if new.stage is Stage.INVITED or (old.stage is Stage.MUTED and new.stage is Stage.SPEAKING):
        return "granted"
    if new.stage is Stage.MUTED:
        return "muted"
    if old.stage is Stage.INVITED and new.lapsed:
        return "lapsed"
    return "asked" if new.wish != old.wish or new.stage is Stage.LEFT else "down"
