"""What a running sound device looks like to the rest of the program."""

import time
from collections.abc import Callable
from typing import Literal, Protocol

Direction = Literal["input", "output"]


class Stream(Protocol):
    """An open device that calls back by itself, in a thread of its own."""

    @property
    def name(self) -> str:
        """What the sound library calls it."""
        ...

    @property
    def heard_s(self) -> float | None:
        """Monotonic seconds of the last callback; None before the first."""
        ...

    @property
    def ended(self) -> bool:
        """The library says that it will not call back again."""
        ...

    def close(self) -> None:
        """Stop and let go of the device; never raises."""
        ...


class Pulse:
    """Signs of life of one stream, written by its callback.

    Args:
        wake: Called once per callback, after the samples are in place; must not block.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self.heard_s: float | None = None
        self.ended = False

    def beat(self) -> None:
        """The device has called back."""
        self.heard_s = time.monotonic()
        self._wake()

    def end(self) -> None:
        """The device will not call back again."""
        self.ended = True
        self._wake()
