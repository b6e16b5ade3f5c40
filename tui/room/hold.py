"""Space, held: the microphone is open for so long. A short press is a switch, as ever.

Only terminals that report releases can tell; elsewhere nothing of this ever happens.
"""

from typing import Final

HELD_S: Final = 0.35
"""From so long on a press counts as holding."""


class Hold:
    """Whether the microphone was opened by a key that is still down."""

    def __init__(self) -> None:
        self._opened_s: float | None = None

    def pressed(self, now: float, *, opens: bool) -> None:
        """The key went down, and with it the microphone opened, or closed."""
        self._opened_s = now if opens else None

    def let_go(self, now: float, *, lost: bool) -> bool:
        """The key came up; returns whether the microphone is to close.

        Args:
            now: Monotonic seconds.
            lost: It may still be down, but we are not told of it any more.
        """
        opened_s, self._opened_s = self._opened_s, None
        return opened_s is not None and (lost or now - opened_s >= HELD_S)
