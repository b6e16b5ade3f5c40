"""What got lost of a stream, as the numbers of what came show it. Sans-IO.

A number that is missing counts when a later one comes, however long that takes. A pause, in which
nothing was numbered, is no hole.
"""

from collections import deque

SLOTS = 50


class LossMeter:
    """Share of numbered things that did not arrive, over the last seconds.

    Args:
        bits: Length of the numbers, after which they begin anew.
        window_s: How far back it looks.
    """

    def __init__(self, bits: int, window_s: float = 5.0) -> None:
        self._numbers = 1 << bits
        self._slot_s = window_s / SLOTS
        self._highest: int | None = None
        self._slots: deque[tuple[int, int, int]] = deque(maxlen=SLOTS)

    def heard(self, number: int, now: float) -> None:
        """Counts one that came.

        Args:
            number: Its number.
            now: Monotonic seconds, when it came.
        """
        step = 1 if self._highest is None else (number - self._highest) % self._numbers
        if step < self._numbers // 2:
            self._highest = number
        else:  # behind a later one
            step = 0
        slot = int(now / self._slot_s)
        expected = received = 0
        if self._slots and self._slots[-1][0] == slot:
            _, expected, received = self._slots.pop()
        self._slots.append((slot, expected + step, received + 1))

    def pause(self) -> None:
        """Whatever is missing before the next one is no loss."""
        self._highest = None

    def pct(self, now: float) -> float | None:
        """Lost in per cent of what was sent, 0 to 100; None while nothing came."""
        oldest = int(now / self._slot_s) - SLOTS
        recent = [(expected, received) for at, expected, received in self._slots if at > oldest]
        expected = sum(each for each, _ in recent)
        received = sum(each for _, each in recent)
        return max(0.0, 100.0 * (expected - received) / expected) if expected else None
