"""How the numbered things of one stream come, and what is missing of them. Sans-IO.

Such are the packets of a link, and the frames that a speaker seals. A number that is missing counts
as lost when a later one comes, however long that takes. A pause, in which nothing was numbered, is
no hole.
"""

from collections import deque

SLOTS = 50
WINDOW_S = 5.0
"""How far back loss is counted."""

_SLOT_S = WINDOW_S / SLOTS


class Arrivals:
    """What came of one stream. Everything but ``pause`` and ``came`` is for looking at.

    Args:
        bits: Length of the numbers, after which they begin anew.

    Attributes:
        received: How many came.
        received_bytes: How many bytes they had.
        newest: The highest number; it does not turn over here.
        newest_s: When that came, monotonic seconds.
    """

    def __init__(self, bits: int) -> None:
        self.received = self.received_bytes = self.newest = 0
        self.newest_s = 0.0
        self._numbers = 1 << bits
        self._is_after_pause = True
        self._slots: deque[tuple[int, int, int]] = deque(maxlen=SLOTS)

    def came(self, number: int, now: float, size_bytes: int = 0) -> bool:
        """Notes one that came.

        Args:
            number: Its number.
            now: Monotonic seconds, when it came.
            size_bytes: Of the whole.

        Returns:
            Whether it is the newest; False for one that came behind a later one, or came again.
        """
        self.received += 1
        self.received_bytes += size_bytes
        step = (number - self.newest) % self._numbers
        if self._is_after_pause:
            expected, is_newest = 1, True
        else:
            is_newest = 0 < step < self._numbers // 2
            expected = step if is_newest else 0
        if is_newest:
            self.newest += step
            self.newest_s = now
            self._is_after_pause = False
        slot, expected_so_far, received_so_far = int(now / _SLOT_S), 0, 0
        if self._slots and self._slots[-1][0] == slot:
            _, expected_so_far, received_so_far = self._slots.pop()
        self._slots.append((slot, expected_so_far + expected, received_so_far + 1))
        return is_newest

    def pause(self) -> None:
        """Whatever is missing before the next one is no loss."""
        self._is_after_pause = True

    def loss_pct(self, now: float) -> float | None:
        """Lost in per cent of what was sent lately, 0 to 100; None while nothing came."""
        oldest = int(now / _SLOT_S) - SLOTS
        recent = [(expected, received) for at, expected, received in self._slots if at > oldest]
        expected = sum(each for each, _ in recent)
        received = sum(each for _, each in recent)
        return max(0.0, 100.0 * (expected - received) / expected) if expected else None
