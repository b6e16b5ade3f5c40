"""What operations are checked by: keys of their authors, appointments, epochs."""

from collections.abc import Collection, Mapping

from crypto.ids import EpochId, MemberId, OpId, SignKey
from p2p.errors import RemoteError
from p2p.room.ops.ids import NO_EPOCH
from p2p.room.ops.kinds import Epoch, Join, Rank
from p2p.room.ops.newcomer import let_in
from p2p.room.ops.op import Op, verify_op
from p2p.room.ops.powers import standing
from p2p.room.store.quotas import FLOOR


class Credentials:
    """The credentials that the operations of a set give.

    Args:
        host: Member id of the host.
        key: The host's key.
        blind: For relays, which see no joins: keys of authors are those of their appointments.
    """

    def __init__(self, host: MemberId, key: SignKey, *, blind: bool) -> None:
        self._host = host
        self._blind = blind
        self._keys: dict[MemberId, SignKey] = {host: key}
        self._ranks: dict[OpId, Op] = {}
        self._epochs: set[EpochId] = set()

    @property
    def ranks(self) -> Mapping[OpId, Op]:
        """The appointments, those included that no longer count."""
        return self._ranks

    def learn(self, op: Op) -> None:
        """Take note of what an operation of the set gives to others."""
        body = op.body
        join = op if isinstance(body, Join) else let_in(op, self._host)
        if join is not None and isinstance(join.body, Join):
            self._keys[join.author] = join.body.sign
        elif isinstance(body, Rank):
            self._ranks[op.id] = op
            if self._blind:
                self._keys[body.member] = body.sign
        elif isinstance(body, Epoch):
            self._epochs.add(EpochId(op.id))

    def check(self, op: Op) -> bool:
        """Find out whether an operation has what it needs.

        Returns:
            False if what it hangs on has not come yet, so that nothing can be said.

        Raises:
            RemoteError: It is forged, or takes a power that nobody gave.
        """
        key = self._keys.get(op.author)
        if key is None:
            return False
        verify_op(op, key)
        stands = standing(op, self._host, self._ranks)
        if stands is False:
            raise RemoteError("powerless")
        return stands is not None and self._epoch_is_known(op)

    def _epoch_is_known(self, op: Op) -> bool:
        epoch = op.body.epoch if isinstance(op.body, FLOOR) else NO_EPOCH
        return epoch == NO_EPOCH or epoch in self._epochs

    def drop(self, epoch: EpochId) -> None:
        """An epoch is no longer here, so that what names it waits for it."""
        self._epochs.discard(epoch)

    def forget(self, *, but: Collection[MemberId]) -> None:
        """Begin anew, as the set has become smaller: keys of some stay, and appointments."""
        self._epochs.clear()
        self._keys = {member: key for member, key in self._keys.items() if member in but}
