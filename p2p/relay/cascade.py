"""Where a relay stands in the tree of one room, from the signed order of its carriers. Sans-IO.

Each relay hangs under the first reachable one before it; the first has none and is the root. As
a parent always stands earlier, all who know the same order make a tree.
"""

from collections.abc import Sequence
from typing import Protocol

from crypto.ids import DhKey

RETRY_S = 2.0
RETRY_MAX_S = 10.0


class Carrier(Protocol):
    """A relay as the room's members name it."""

    @property
    def dh(self) -> DhKey:
        """Its public key, 32 bytes."""
        ...


class TreePlace:
    """One relay's place in one room.

    Args:
        own_dh: Its public key.

    Attributes:
        own_dh: The same.
        parent: Key of the relay it hangs under now; None: of none.
    """

    def __init__(self, own_dh: DhKey) -> None:
        self.own_dh = own_dh
        self._before: tuple[DhKey, ...] = ()
        self._waits: dict[DhKey, tuple[float, float]] = {}  # key -> wait, not before
        self.parent: DhKey | None = None

    @property
    def is_named(self) -> bool:
        """Whether the order has anybody before this relay."""
        return bool(self._before)

    def set_order(self, carriers: Sequence[Carrier]) -> None:
        """The room's carriers, first the root; a relay not among them hangs under none."""
        keys = [carrier.dh for carrier in carriers]
        before = keys[: keys.index(self.own_dh)] if self.own_dh in keys else []
        self._before = tuple(dict.fromkeys(before))
        self._waits = {key: wait for key, wait in self._waits.items() if key in self._before}
        if self.parent not in self._before:
            self.parent = None

    def to_try(self, now: float) -> DhKey | None:
        """Whom to ask next: somebody before the present parent whose time has come."""
        for key in self._before:
            if key == self.parent:
                return None
            if now >= self._waits.get(key, (0.0, 0.0))[1]:
                return key
        return None

    def next_timer(self) -> float | None:
        """When ``to_try`` may have somebody new; None: not before something happens."""
        due = []
        for key in self._before:
            if key == self.parent:
                break
            due.append(self._waits.get(key, (0.0, 0.0))[1])
        return min(due, default=None)

    def joined(self, key: DhKey) -> bool:
        """A relay took us in.

        Returns:
            Whether it is our parent now; False: an earlier one was faster, or the order changed.
        """
        if key not in self._before:
            return False
        if self.parent is not None and self._before.index(self.parent) < self._before.index(key):
            return False
        self.parent = key
        self._waits.pop(key, None)
        return True

    def failed(self, key: DhKey, now: float) -> None:
        """It did not take us in, or is gone: it is asked again later, each time later still."""
        if key not in self._before:
            return
        if self.parent == key:
            self.parent = None
        wait_s = min(RETRY_MAX_S, 2.0 * self._waits.get(key, (RETRY_S / 2.0, 0.0))[0])
        self._waits[key] = (wait_s, now + wait_s)
