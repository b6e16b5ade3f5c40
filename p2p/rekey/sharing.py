"""An epoch's secret on its way to everybody, by many members: given on, asked for. Sans-IO.

::

    author --(wraps)--> speakers, moderators, two wrappers of each share, its own share
    first wrapper of a share --(wraps)--> the rest of the share
    who has none after 0.3 s --(AskWrap)--> the second wrapper, then others --(wrap)--> it

What a wrap holds proves itself by the epoch's record, whoever made it: who withholds wraps, or
makes false ones, delays a member by one question and its answer. In a room of one share nobody
asks for wraps.
"""

from collections import Counter
from collections.abc import Collection, Iterable

from crypto.epoch import Keyring
from crypto.errors import RemoteError
from crypto.ids import EpochId, MemberId
from p2p.rekey.fresh_secrets import FRESH_S, FreshSecret, FreshSecrets
from p2p.rekey.shares import share_count, shares_of
from p2p.rekey.wrap_requests import WrapRequests
from p2p.room.room import Room
from p2p.wire.messages import Wraps
from p2p.wire.relay_messages import AskWrap


class Sharing:
    """What one member does for it.

    Args:
        room: What the members agree on.
        keyring: Says which step it is.
        members_secret: 32 secret bytes that all members hold: what wraps are bound to.
        counts: Of the owner: asked_wrap, unshared.
    """

    def __init__(
        self, room: Room, keyring: Keyring, members_secret: bytes, counts: Counter[str]
    ) -> None:
        self._room = room
        self._keyring = keyring
        self._counts = counts
        self._fresh = FreshSecrets(members_secret)
        self._requests = WrapRequests()
        self._here: frozenset[MemberId] | None = None

    @property
    def is_wrapping(self) -> bool:
        """Whether ``wraps`` has more to give."""
        return self._fresh.is_wrapping

    @property
    def next_timer(self) -> float:
        """When there is something to do, monotonic seconds; infinity for never."""
        return min(self._fresh.next_timer, self._requests.next_timer)

    def observe_present(self, members: Collection[MemberId]) -> None:
        """Say who is here; until then everybody in the roster counts as here."""
        self._here = frozenset(members) | {self._room.me}

    def take(self, epoch_id: EpochId, secret: bytes | bytearray, now: float) -> None:
        """We have the fresh secret of an epoch, by ourselves or by our wrap: give it on.

        Args:
            epoch_id: Of a record that we know.
            secret: 32 secret bytes that the record commits to; copied.
            now: Monotonic seconds.
        """
        state, me = self._room.state, self._room.me
        epoch = state.epochs[epoch_id]
        in_shares = share_count(epoch) > 1
        if not (self._is_fresh(epoch_id) and (in_shares or epoch.author == me)):
            return
        shares = shares_of(epoch, self._room, self._here)
        try:
            fresh = FreshSecret(epoch, secret, now + FRESH_S if in_shares else now)
        except RemoteError:
            self._counts["unshared"] += 1
            return
        self._fresh.take(fresh, shares.receivers(me))
        for member in self._requests.kept(epoch_id, now):
            if state.in_roster(member):
                self._fresh.ask((member, state.members[member].recv), epoch_id)

    def asked(self, question: AskWrap, sender: MemberId, now: float) -> None:
        """A member lacks its wrap.

        Raises:
            RemoteError: It may not ask, or not so often.
        """
        state = self._room.state
        if not state.in_roster(sender):
            raise RemoteError("wraps are for the roster")
        if self._fresh.holds(question.epoch):
            self._fresh.ask((sender, state.members[sender].recv), question.epoch)
        elif question.epoch in self._lacking_shares(state.heads):
            self._requests.keep(sender, question.epoch, now)

    def questions(
        self, missing: Iterable[EpochId], now: float
    ) -> Iterable[tuple[MemberId, AskWrap]]:
        """Whom to ask now for a wrap of ours.

        Args:
            missing: Heads whose secrets we lack.
            now: Monotonic seconds.
        """
        self._requests.observe(self._lacking_shares(missing), now)
        for epoch_id, tries in self._requests.due(now):
            me = self._room.me
            to_ask = shares_of(self._room.state.epochs[epoch_id], self._room, self._here).to_ask(me)
            if tries < len(to_ask):
                self._counts["asked_wrap"] += 1
                yield to_ask[tries], AskWrap(self._room.room_id, to_ask[tries], me, epoch_id)

    def on_timer(self, now: float) -> None:
        """Zero what has had its time, answer who asks."""
        self._fresh.on_timer(self._is_fresh, now)

    def wraps(self, now: float) -> Wraps | None:
        """Wrap for some more; None when all are wrapped for."""
        return self._fresh.wraps(now)

    def _is_fresh(self, epoch_id: EpochId) -> bool:
        """Whether an epoch is in force, and the step that it began in is not erased.

        A wrap that comes later than that, because somebody kept it back, is for nobody else:
        members that came in meanwhile are not to open what was said before.
        """
        state = self._room.state
        return epoch_id in state.heads and state.epochs[epoch_id].step >= self._keyring.oldest_step

    def _lacking_shares(self, epochs: Iterable[EpochId]) -> list[EpochId]:
        """Those of some epochs that are wrapped in shares."""
        known = self._room.state.epochs
        return [one for one in epochs if one in known and share_count(known[one]) > 1]
