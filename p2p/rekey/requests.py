"""Keys that did not reach us: whom to ask, and whom to answer. Sans-IO.

A wrap can be late, or its author did not know of us (we came in while the room was in two parts).
Then a neighbour can help, but only if its own view of the room, which has grown together by now,
holds us. It answers a little later than it could: an operation that shuts the asker out may be on
its way behind the one that began the epoch.
"""

from collections.abc import Collection, Iterable

from crypto.ids import EpochId, MemberId
from p2p.rng import Rng
from p2p.token_bucket import Allowance, Rate

FIRST_S = 0.3
SHARED_FIRST_S = 0.9
"""Of an epoch that is wrapped in shares: first other wrappers are asked (``sharing``)."""

AGAIN_S = 0.5
LATER_S = 2.0
SOON_TRIES = 8
AT_ONCE = 2
ANSWERED_FOR_S = 10.0
SETTLE_S = 0.3
PENDING_S = 3.0
PENDING_MAX = 1024
ASK_RATE = Rate(burst=8, per_s=1)


class Asking:
    """Heads whose secrets we lack, and the neighbours we ask for them.

    Attributes:
        lacking_since_s: Since when something was always missing, be it one head after another.
    """

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self.lacking_since_s: float | None = None
        self._since_s: dict[EpochId, float] = {}
        self._tries = 0
        self._first_s = FIRST_S
        self._next_s = float("inf")
        self._near: frozenset[MemberId] = frozenset()
        self._asked: dict[MemberId, float] = {}

    @property
    def since_s(self) -> float | None:
        """Since when we lack one of those that we lack now; None if we lack nothing."""
        return min(self._since_s.values(), default=None)

    @property
    def next_timer(self) -> float:
        """When ``due`` has somebody to ask; infinity for never."""
        return self._next_s

    def observe(self, missing: Iterable[EpochId], now: float, *, first_s: float = FIRST_S) -> None:
        """Take note of which heads are missing, and how long to wait for the first that are."""
        self._first_s = first_s
        before, self._since_s = self._since_s, {}
        for epoch in missing:
            self._since_s[epoch] = before.get(epoch, now)
        if not self._since_s:
            self.lacking_since_s, self._next_s = None, float("inf")
            return
        if self.lacking_since_s is None:
            self.lacking_since_s = now
        if not before.keys() & self._since_s.keys():
            self._tries, self._next_s = 0, now + first_s

    def due(
        self, neighbours: Collection[MemberId], likely: Collection[MemberId], now: float
    ) -> list[MemberId]:
        """Choose whom to ask now.

        Args:
            neighbours: Members that can be asked over a line that ends at them.
            likely: Those of them who should know, asked first.
            now: Monotonic seconds.
        """
        self._look_around(frozenset(neighbours), now)
        if now < self._next_s:
            return []
        self._next_s = now + (AGAIN_S if self._tries < SOON_TRIES else LATER_S)
        mixed = sorted(sorted(neighbours), key=lambda member: (member not in likely, self._rng(4)))
        start = self._tries * AT_ONCE % max(1, len(mixed)) if self._tries < SOON_TRIES else 0
        self._tries += 1
        chosen = (mixed[start:] + mixed[:start])[:AT_ONCE]
        self._asked = {m: at for m, at in self._asked.items() if now - at < ANSWERED_FOR_S}
        self._asked |= dict.fromkeys(chosen, now)
        return chosen

    def _look_around(self, near: frozenset[MemberId], now: float) -> None:
        """Whoever has just come may know what those before did not: no long pauses any more."""
        if self._since_s and near - self._near:
            self._tries, self._next_s = 0, min(self._next_s, now + self._first_s)
        self._near = near

    def was_asked(self, member: MemberId, now: float) -> bool:
        """Whether an answer of this member is expected."""
        return now - self._asked.get(member, -ANSWERED_FOR_S) < ANSWERED_FOR_S


class Answering:
    """Members who asked us and wait."""

    def __init__(self) -> None:
        self._waiting: dict[MemberId, tuple[tuple[EpochId, ...], float]] = {}
        self._rates: dict[MemberId, Allowance] = {}

    def ask(self, member: MemberId, epochs: tuple[EpochId, ...], now: float) -> bool:
        """A member asks; False if it asks too often."""
        if member not in self._rates and len(self._rates) >= PENDING_MAX:
            self._rates.clear()
        if not self._rates.setdefault(member, Allowance(ASK_RATE, now)).take(now):
            return False
        if member in self._waiting or len(self._waiting) < PENDING_MAX:
            self._waiting[member] = (epochs, now)
        return True

    def pending(self, now: float) -> list[tuple[MemberId, tuple[EpochId, ...]]]:
        """Who waits, and for what; whoever has waited in vain for three seconds asks anew."""
        self._waiting = {m: w for m, w in self._waiting.items() if now - w[1] < PENDING_S}
        return [(member, epochs) for member, (epochs, _) in self._waiting.items()]

    def answered(self, member: MemberId) -> None:
        """The member waits no longer."""
        self._waiting.pop(member, None)
