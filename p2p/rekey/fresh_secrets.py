"""Secrets of epochs that are fresh still, and the wraps that are made of them. Sans-IO.

A secret is hashed forward with time; only the fresh one can be wrapped. Its author has it, and so
has everybody whom a wrap reached: whoever should wrap for a share does, and for two seconds, in a
room of more than one share, whoever is asked (``shares``). The keyring has it as long: the step in
which an epoch begins is erased two seconds after the next began, and here with it.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from crypto.errors import RemoteError
from crypto.head import SECRET_BYTES
from crypto.ids import EpochId, MemberId
from crypto.wrap import ephemeral_of, wrap_all
from p2p.rekey.shares import Receiver
from p2p.room.state.epochs import EpochInfo
from p2p.wire.messages import Wraps

WRAPS_AT_ONCE = 64
"""Some three milliseconds of work: whoever speaks comes first."""

FRESH_S = 2.0
ANSWER_GAP_S = 0.1
"""Who asks is answered so much later at most, together with others."""

ASKS_MAX = 4
"""Of one member for one epoch."""

ASKERS_MAX = 128
"""For one epoch: a share of which nobody has got a wrap."""


class FreshSecret:
    """The secret of one epoch, wrapped for some members at a time.

    Attributes:
        epoch_id: Of the record.
        until_s: Then it is zeroed.
    """

    def __init__(self, epoch: EpochInfo, secret: bytes | bytearray, until_s: float) -> None:
        """Copy ``secret``.

        Raises:
            RemoteError: The record names another ephemeral key, so no wrap of ours would open.
        """
        self.epoch_id = epoch.id
        self.until_s = until_s
        self._ephemeral = ephemeral_of(secret)
        if self._ephemeral.public != epoch.ephemeral:
            raise RemoteError("an ephemeral key of another secret")
        self._secret = bytearray(secret)
        self._waiting: list[Receiver] = []
        self._asking: list[Receiver] = []
        self._asks: Counter[MemberId] = Counter()
        self._answer_s = 0.0

    @property
    def is_wrapping(self) -> bool:
        """Whether there is somebody to wrap for at once."""
        return bool(self._waiting)

    @property
    def next_timer(self) -> float:
        """When it has something to do, monotonic seconds."""
        return self._answer_s if self._asking else self.until_s

    def is_over(self, now: float) -> bool:
        """Whether it has had its time."""
        return now >= self.until_s and not self._waiting

    def wrap_for(self, receivers: Sequence[Receiver]) -> None:
        """Wrap for these, behind those who wait."""
        self._waiting += receivers

    def ask(self, receiver: Receiver) -> None:
        """A member of the roster lacks its wrap; raises RemoteError if it asks too often."""
        asks = self._asks[receiver[0]] + 1
        if asks > ASKS_MAX or (asks == 1 and len(self._asks) >= ASKERS_MAX):
            raise RemoteError("asks too much")
        self._asks[receiver[0]] = asks
        if receiver not in self._asking:
            self._asking.append(receiver)

    def on_timer(self, now: float) -> None:
        """Turn to those who have asked."""
        if self._asking and now >= self._answer_s:
            self.wrap_for(self._asking)
            self._asking, self._answer_s = [], now + ANSWER_GAP_S

    def some(self, members_secret: bytes) -> tuple[bytes, ...]:
        """Wrap for the next few; fewer come out where a receive key is of no use."""
        now, self._waiting = self._waiting[:WRAPS_AT_ONCE], self._waiting[WRAPS_AT_ONCE:]
        return tuple(wrap_all(self._secret, now, self._ephemeral, members_secret))

    def erase(self) -> None:
        """Zero the secret; nobody else is wrapped for."""
        self._waiting, self._asking = [], []
        self._secret[:] = bytes(SECRET_BYTES)


class FreshSecrets:
    """All that one member holds.

    Args:
        members_secret: 32 secret bytes that all members hold: what wraps are bound to.
    """

    def __init__(self, members_secret: bytes) -> None:
        self._members_secret = members_secret
        self._held: dict[EpochId, FreshSecret] = {}

    @property
    def is_wrapping(self) -> bool:
        """Whether ``wraps`` has more to give."""
        return any(one.is_wrapping for one in self._held.values())

    @property
    def next_timer(self) -> float:
        """When ``on_timer`` has something to do, monotonic seconds; infinity for never."""
        return min((one.next_timer for one in self._held.values()), default=float("inf"))

    def holds(self, epoch_id: EpochId) -> bool:
        """Whether an epoch's secret is fresh here."""
        return epoch_id in self._held

    def take(self, fresh: FreshSecret, receivers: Sequence[Receiver]) -> None:
        """Take over a secret, and wrap it for some."""
        fresh.wrap_for(receivers)
        self._held[fresh.epoch_id] = fresh

    def ask(self, receiver: Receiver, epoch_id: EpochId) -> None:
        """A member lacks its wrap of an epoch that we hold; raises as ``FreshSecret.ask``."""
        self._held[epoch_id].ask(receiver)

    def on_timer(self, is_fresh: Callable[[EpochId], bool], now: float) -> None:
        """Zero what is over or has had its time, and turn to those who have asked.

        Args:
            is_fresh: Whether an epoch may still be wrapped; who waits for one that was replaced
                needs the new one.
            now: Monotonic seconds.
        """
        for epoch_id, fresh in list(self._held.items()):
            fresh.on_timer(now)
            if fresh.is_over(now) or not is_fresh(epoch_id):
                self._held.pop(epoch_id).erase()

    def wraps(self, now: float) -> Wraps | None:
        """Wrap for some more; None when all are wrapped for."""
        for epoch_id, fresh in list(self._held.items()):
            wraps: tuple[bytes, ...] = ()
            while fresh.is_wrapping and not wraps:
                wraps = fresh.some(self._members_secret)
            if fresh.is_over(now):
                self._held.pop(epoch_id).erase()
            if wraps:
                return Wraps(epoch_id, wraps)
        return None
