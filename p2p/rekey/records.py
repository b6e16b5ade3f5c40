"""Records of epochs: since when we know them, and the wraps that came before them. Sans-IO."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from crypto.ids import EpochId

EARLY_MAX = 16
EARLY_WRAPS_MAX = 1024


class Records:
    """What one member has seen of the room's epochs."""

    def __init__(self) -> None:
        self._known_s: dict[EpochId, float] = {}
        self._early: dict[EpochId, tuple[bytes, ...]] = {}

    @property
    def known_s(self) -> Mapping[EpochId, float]:
        """Since when we know which epoch, monotonic seconds."""
        return self._known_s

    def keep(self, epoch_id: EpochId, wraps: tuple[bytes, ...]) -> None:
        """Keep wraps whose record may be right behind; the oldest give way.

        Args:
            epoch_id: Of no epoch that we know.
            wraps: As in ``Wraps``.
        """
        self._early[epoch_id] = (self._early.pop(epoch_id, ()) + wraps)[-EARLY_WRAPS_MAX:]
        if len(self._early) > EARLY_MAX:
            del self._early[next(iter(self._early))]

    def observe(
        self, epochs: AbstractSet[EpochId], now: float
    ) -> list[tuple[EpochId, tuple[bytes, ...]]]:
        """Take note of the room's epochs.

        Args:
            epochs: All that the room knows now.
            now: Monotonic seconds.

        Returns:
            Of those whose record has come the wraps that were kept, once.
        """
        if self._known_s.keys() != epochs:
            self._known_s = {epoch: self._known_s.get(epoch, now) for epoch in epochs}
        came = [epoch for epoch in self._early if epoch in epochs]
        return [(epoch, self._early.pop(epoch)) for epoch in came]
