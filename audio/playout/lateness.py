"""How late frames come, as a histogram that forgets, and the delay that costs least with it.

Waiting has a price and so has a frame that comes too late. Plain numbers in a list are quicker
here than arrays: one frame changes one of them, and the search ends where the delay alone costs
more than the best that was found, which on most lines is after a few.
"""

BIN_S = 0.005
MAX_DELAY_S = 0.4
_BINS = round(MAX_DELAY_S / BIN_S)
_DELAYS_S = tuple(BIN_S * (bin_ + 1) for bin_ in range(_BINS))
_NEW = 0.01 / 0.99
"""What a frame weighs beside all before it, at least."""
_LATE_COST_S = 2.0
"""Delay that is worth as much as all frames being late: 1 % late is worth 20 ms."""
_HEAVIEST = 1e12


class Lateness:
    """What the frames of one speaker weigh, by how late they came.

    A frame weighs as much as any before it until there are a hundred; from then on each weighs a
    hundredth of all, which is the same as letting older ones fade.
    """

    def __init__(self) -> None:
        self._weights = [0.0] * _BINS
        self._sum = 0.0

    def add(self, late_s: float) -> None:
        """Take the next frame in.

        Args:
            late_s: 0 or more; beyond ``MAX_DELAY_S`` counts as that.
        """
        weight = self._sum * _NEW
        if weight < 1.0:
            weight = 1.0
        self._weights[int(late_s / BIN_S) if late_s < MAX_DELAY_S else -1] += weight
        self._sum += weight
        if self._sum > _HEAVIEST:
            self._scale(1.0 / _NEW / self._sum)

    def move(self, bins: int) -> None:
        """Count all frames as so much less late.

        Args:
            bins: In steps of ``BIN_S``, 1 or more.
        """
        first = sum(self._weights[: bins + 1])
        self._weights = [first, *self._weights[bins + 1 :], *[0.0] * min(bins, _BINS - 1)]

    @property
    def cheapest_s(self) -> float:
        """The delay that, with the frames that come too late for it, costs least."""
        price_s = _LATE_COST_S / self._sum
        later, best_s, least_s = self._sum, BIN_S, _LATE_COST_S + BIN_S
        for delay_s, weight in zip(_DELAYS_S, self._weights, strict=True):
            if delay_s >= least_s:
                break
            if not weight:
                continue  # waiting longer saves nothing
            later -= weight
            cost_s = delay_s + price_s * later
            if cost_s < least_s:
                best_s, least_s = delay_s, cost_s
        return best_s

    def _scale(self, factor: float) -> None:
        self._weights = [weight * factor for weight in self._weights]
        self._sum *= factor
