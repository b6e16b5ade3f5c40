"""Wraps that are late: when to ask for ours, and who asked us before we had the secret. Sans-IO."""

from collections.abc import Iterable

from crypto.ids import EpochId, MemberId

ASK_AFTER_S = 0.3
ASKS = 5
"""As many as there are to ask: see ``Shares.to_ask``."""

EARLY_S = 3.0
EARLY_MAX = 256


class WrapRequests:
    """What one member asks for, and those that asked it for what it does not hold yet."""

    def __init__(self) -> None:
        self._tries: dict[EpochId, tuple[int, float]] = {}
        self._early: dict[tuple[EpochId, MemberId], float] = {}

    @property
    def next_timer(self) -> float:
        """When ``due`` has something; infinity for never."""
        times = (at_s for tries, at_s in self._tries.values() if tries < ASKS)
        return min(times, default=float("inf"))

    def observe(self, lacking: Iterable[EpochId], now: float) -> None:
        """Take note of the heads in shares whose secrets we lack."""
        before = self._tries
        self._tries = {one: before.get(one, (0, now + ASK_AFTER_S)) for one in lacking}

    def due(self, now: float) -> list[tuple[EpochId, int]]:
        """For which epochs to ask now, and for the how manieth time, from 0."""
        asking = [
            (one, tries)
            for one, (tries, at_s) in self._tries.items()
            if tries < ASKS and now >= at_s
        ]
        for one, tries in asking:
            self._tries[one] = tries + 1, now + ASK_AFTER_S
        return asking

    def keep(self, member: MemberId, epoch_id: EpochId, now: float) -> None:
        """Keep what we are asked for a while, since our own wrap may be on its way."""
        self._early = {one: at_s for one, at_s in self._early.items() if now - at_s < EARLY_S}
        if len(self._early) < EARLY_MAX:
            self._early[epoch_id, member] = now

    def kept(self, epoch_id: EpochId, now: float) -> list[MemberId]:
        """Who asked for an epoch whose secret has come; told once."""
        found = [one for one in self._early if one[0] == epoch_id]
        return [one[1] for one in found if now - self._early.pop(one) < EARLY_S]
