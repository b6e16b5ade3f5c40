"""Our own receive keys: what epoch secrets are wrapped for. Sans-IO.

A new one is published about every 15 minutes, after an epoch has begun; the one before is kept a
minute longer, for wraps that were made before everybody had heard of the new one. What an old
key could open is then closed also to whoever seizes this machine.
"""

from collections.abc import Callable, Iterable

from crypto.dh import KeyPair
from crypto.errors import RemoteError
from crypto.ids import DhKey, MemberId
from crypto.wrap import unwrap
from p2p.rng import Rng
from p2p.room.state.epochs import EpochInfo

ROTATE_STEPS = 80
OLD_KEPT_S = 60.0
SPREAD_S = 30.0
"""Members publish within so many seconds of an epoch, each at another moment."""


class RecvKeys:
    """The receive key that is published, and for a minute the one before.

    Args:
        me: Our member id.
        publish: Makes the public half known to the room.
        rng: Source of keys.
        step: The present one.
        members_secret: 32 secret bytes, without which no wrap opens.
        first: The pair whose public half our join named; None to publish a new one at once.

    Attributes:
        members_secret: As given.
    """

    def __init__(
        self,
        me: MemberId,
        publish: Callable[[DhKey], object],
        rng: Rng,
        step: int,
        members_secret: bytes,
        first: KeyPair | None = None,
    ) -> None:
        self._me = me
        self._publish = publish
        self._rng = rng
        self._since_step = step
        self.members_secret = members_secret
        self._rotate_at_s: float | None = None
        self._old: tuple[KeyPair, float] | None = None
        self._forged = b""
        self._present = first or KeyPair.generate(rng)
        if first is None:
            publish(self._present.public)

    @property
    def pairs(self) -> tuple[KeyPair, ...]:
        """The keys by which we can be given something, the newest first."""
        return (self._present, *([self._old[0]] if self._old else []))

    def is_forged(self, published: DhKey) -> bool:
        """Whether the newest key in our name is none of ours; told once of each."""
        if published in (self._present.public, self._forged):
            return False
        self._forged = published
        return True

    def open(self, wraps: Iterable[bytes], epoch: EpochInfo) -> bytearray:
        """Find and open our wrap of an epoch.

        Returns:
            32 secret bytes, for the caller to zero.

        Raises:
            RemoteError: There is none for a key that we have.
        """
        wraps = tuple(wraps)
        for pair in self.pairs:
            try:
                return unwrap(
                    wraps, epoch.ephemeral, self._me, pair, epoch.commit, self.members_secret
                )
            except RemoteError:
                continue
        raise RemoteError("no wrap that opens")

    def epoch_began(self, step: int, now: float) -> None:
        """A secret has come: if our key has served its time, a new one is due soon."""
        if self._rotate_at_s is None and step - self._since_step >= ROTATE_STEPS:
            self._rotate_at_s = now + SPREAD_S * self._rng(1)[0] / 256

    def next_timer(self) -> float | None:
        """When ``on_timer`` has something to do; None for never."""
        times = [self._rotate_at_s, self._old[1] if self._old else None]
        return min((time for time in times if time is not None), default=None)

    def on_timer(self, step: int, now: float) -> None:
        """Publish a new key, erase the old one."""
        if self._old is not None and now >= self._old[1]:
            self._old = None  # the library zeroes the secret half with its last reference
        if self._rotate_at_s is not None and now >= self._rotate_at_s:
            self._old = (self._present, now + OLD_KEPT_S)
            self._present = KeyPair.generate(self._rng)
            self._since_step, self._rotate_at_s = step, None
            self._publish(self._present.public)
