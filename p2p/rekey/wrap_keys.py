"""Our own receive keys: what epoch secrets are wrapped for. Sans-IO.

A new one is published after each epoch, so that who has copied all of our memory is out by the
next epoch but one. Members together publish no more than one a second, whatever happens: who has
published lately waits. The ones before are kept a minute longer, for wraps that were made before
everybody had heard of the new one.
"""

from collections import deque
from collections.abc import Callable, Iterable

from crypto.dh import KeyPair
from crypto.errors import RemoteError
from crypto.head import STEP_S
from crypto.ids import DhKey, MemberId
from crypto.wrap import unwrap
from p2p.rng import Rng
from p2p.room.state.epochs import EpochInfo

GAP_S = 30.0
GAP_MAX_S = 800.0
"""So long one receive key serves at least: a second for each member, between these."""

OLD_KEPT_S = 60.0
SPREAD_S = 0.05
SPREAD_MAX_S = 30.0
"""After an epoch members publish each at another moment: so many seconds for each, at most."""


class RecvKeys:
    """The receive key that is published, and for a minute those before.

    Args:
        me: Our member id.
        publish: Makes the public half known to the room.
        rng: Source of keys.
        step: The present one.
        members_secret: 32 secret bytes, without which no wrap opens.
        first: The pair whose public half our join named; None to publish a new one at once.
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
        self._members_secret = members_secret
        self._rotate_at_s: float | None = None
        self._old: deque[tuple[KeyPair, float]] = deque()
        self._forged = b""
        self._present = first or KeyPair.generate(rng)
        if first is None:
            publish(self._present.public)

    @property
    def pairs(self) -> tuple[KeyPair, ...]:
        """The keys by which we can be given something, the newest first."""
        return (self._present, *(pair for pair, _ in reversed(self._old)))

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
                    wraps, epoch.ephemeral, self._me, pair, epoch.commit, self._members_secret
                )
            except RemoteError:
                continue
        raise RemoteError("no wrap that opens")

    def epoch_began(self, step: int, members: int, now: float) -> None:
        """A secret has come: a new key is due soon.

        Args:
            step: The present one.
            members: How many are in the roster.
            now: Monotonic seconds.
        """
        if self._rotate_at_s is None:
            gap_s = min(max(GAP_S, members), GAP_MAX_S)
            spread_s = min(SPREAD_S * members, SPREAD_MAX_S) * self._rng(1)[0] / 256
            wait_s = max(0.0, gap_s - (step - self._since_step) * STEP_S)
            self._rotate_at_s = now + wait_s + spread_s

    def next_timer(self) -> float | None:
        """When ``on_timer`` has something to do; None for never."""
        times = [self._rotate_at_s, self._old[0][1] if self._old else None]
        return min((time for time in times if time is not None), default=None)

    def on_timer(self, step: int, now: float) -> None:
        """Publish a new key, erase the old one."""
        while self._old and now >= self._old[0][1]:
            self._old.popleft()  # the library zeroes the secret half with its last reference
        if self._rotate_at_s is not None and now >= self._rotate_at_s:
            self._old.append((self._present, now + OLD_KEPT_S))
            self._present = KeyPair.generate(self._rng)
            self._since_step, self._rotate_at_s = step, None
            self._publish(self._present.public)
