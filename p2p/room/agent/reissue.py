"""What a change of epochs has lost of our own acts, to be said again under the new ones.

Whoever makes an epoch restates what it knows to be in force. What we said at the same moment is
not in it, and being under the old epoch it does not count any more. Nobody else knows that, so our
own program says it again: once, and only if nobody else has ended it meanwhile.
"""

from collections.abc import Iterator

from crypto.ids import MemberId, OpId
from p2p.errors import UserError
from p2p.room.agent.intents import Writing, free_slot
from p2p.room.ops import kinds
from p2p.room.ops.powers import MODERATOR
from p2p.room.stage import ON_STAGE, Stage
from p2p.room.state.grants import Live
from p2p.room.state.model import Member, RoomState

REMEMBERED_MAX = 256


class Reissue:
    """Compares states of one member's room before and after a change of epochs."""

    def __init__(self, me: MemberId) -> None:
        self._me = me
        self._again: dict[OpId, None] = {}
        self._lost_floor: OpId | None = None

    def lost(self, old: RoomState, new: RoomState) -> list[Writing]:
        """Work out what is to be said again.

        Args:
            old: The room before.
            new: The room now.
        """
        me = new.members[self._me]
        writings = list(self._own_floor(old, new, me))
        if old.heads != new.heads and me.is_here:
            writings += self._grants(old, new, me)
            writings += self._mutes(old, new, me)
        return writings

    def _own_floor(self, old: RoomState, new: RoomState, me: Member) -> Iterator[Writing]:
        """If the stage was lost under our feet and is given back, we need not be asked again."""
        before = old.members.get(self._me)
        same = before is not None and before.wish == me.wish
        if not same or (me.stage is Stage.LISTENING and me.id in new.by):
            self._lost_floor = None
        elif before is not None and before.stage in ON_STAGE and me.stage is Stage.LISTENING:
            self._lost_floor = me.wish
        elif self._lost_floor == me.wish and me.stage is Stage.INVITED:
            self._lost_floor = None
            yield Writing(kinds.Take, (me.grant,))

    def _grants(self, old: RoomState, new: RoomState, me: Member) -> Iterator[Writing]:
        if me.rank > MODERATOR:
            return
        slot = kinds.HOST_SLOT
        for live in old.live.values():
            member = new.members.get(live.member)
            if live.by != self._me or member is None or live.member in new.live:
                continue
            idle = member.stage in (Stage.LISTENING, Stage.HAND_UP)
            same = member.wish == old.members[live.member].wish
            if not (idle and same) or live.member in new.by or not self._first(live.id):
                continue
            try:
                slot = free_slot(new, max(slot, live.slot - 1))
            except UserError:
                return
            fields = (new.epoch, slot, member.id, member.wish)
            yield Writing(kinds.Grant, fields, me.auth)

    def _mutes(self, old: RoomState, new: RoomState, me: Member) -> Iterator[Writing]:
        for live, mine in self._muted_by_us(old, new):
            if mine - new.lifted and self._first(min(mine)):
                fields = (new.epoch, live.member, live.id, True, ())
                yield Writing(kinds.Mute, fields, me.auth)

    def _muted_by_us(self, old: RoomState, new: RoomState) -> Iterator[tuple[Live, set[OpId]]]:
        before = old.members[self._me].keeps if self._me in old.members else ()
        for member, live in new.live.items():
            was = old.live.get(member)
            if was is not None and was.id == live.id and not live.mutes:
                mine = set(was.mutes) & set(before)
                if mine:
                    yield live, mine

    def _first(self, op: OpId) -> bool:
        if op in self._again:
            return False
        self._again[op] = None
        if len(self._again) > REMEMBERED_MAX:
            del self._again[next(iter(self._again))]
        return True
