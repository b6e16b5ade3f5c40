"""Epochs of ours: begun when it is our turn, and given on. Sans-IO."""

from collections.abc import Collection

from crypto.epoch import Keyring
from crypto.head import SECRET_BYTES
from crypto.ids import MemberId
from p2p.rekey.commit import next_epoch
from p2p.rekey.schedule import NEVER, Turns, is_scheduled
from p2p.rekey.sharing import Sharing
from p2p.rng import Rng
from p2p.room.ops.kinds import PARENTS_MAX
from p2p.room.ops.powers import MODERATOR
from p2p.room.room import Room
from p2p.room.state.epochs import Why


class Beginning:
    """When one member begins epochs.

    Args:
        room: What the members agree on.
        keyring: Takes the secrets in; it is not turned to them here.
        sharing: Gives their secrets on.
        rng: Source of secrets.
    """

    def __init__(self, room: Room, keyring: Keyring, sharing: Sharing, rng: Rng) -> None:
        self._room = room
        self._keyring = keyring
        self._sharing = sharing
        self._rng = rng
        self._turns = Turns(rng)
        self._present: frozenset[MemberId] | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether our rank lets us begin epochs."""
        state, me = self._room.state, self._room.me
        return state.in_roster(me) and state.members[me].rank <= MODERATOR

    def observe_present(self, members: Collection[MemberId]) -> None:
        """Say who is here; until then everybody in the roster counts as here."""
        self._present = frozenset(members) | {self._room.me}

    def ask(self, why: Why, now: float) -> None:
        """Our person wants a new key, or has shut somebody out: see ``Turns``."""
        self._turns.ask(why, now)

    def begin_if_due(self, missing_since_s: float | None, now: float, *, spoilt: bool) -> bool:
        """Begin an epoch if it is our turn and there is a reason.

        Args:
            missing_since_s: Since when we lack the secret of a head; None if we lack none.
            now: Monotonic seconds.
            spoilt: Somebody who was removed with new key may hold all heads.

        Returns:
            Whether we did.
        """
        place = self._place()
        if place is None:
            return False
        state = self._room.state
        heads = [state.epochs[epoch] for epoch in state.heads]
        self._turns.observe(len(heads), place, now, spoilt=spoilt)
        why = self._turns.due(missing_since_s, place, now)
        if why is None and heads and is_scheduled(heads, place, self._keyring.step):
            why = "timer"
        if why is None:
            return False
        epoch_id, secret = next_epoch(
            self._room, self._keyring, heads[:PARENTS_MAX], why, self._rng
        )
        self._sharing.take(epoch_id, secret, now)
        secret[:] = bytes(SECRET_BYTES)
        self._turns.made(now)
        return True

    def next_timer(self, missing_since_s: float | None) -> float:
        """When an epoch may be due, monotonic seconds; infinity for never."""
        place = self._place()
        return NEVER if place is None else self._turns.next_timer(missing_since_s, place)

    def _place(self) -> int | None:
        """How many who may begin epochs and are here are senior to us; None: we may not."""
        if not self.is_allowed:  # most are listeners
            return None
        present, me, state = self._present, self._room.me, self._room.state
        holders = [member.id for member in state.seniors() if state.holds_keys(member)]
        ids = [one for one in holders if present is None or one in present]
        return ids.index(me) if me in ids and self._room.takes_epochs else None
