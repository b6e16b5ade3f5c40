"""What both ends of the pipeline have in common: where sound comes from and where it goes."""

import time
from collections.abc import Callable
from typing import Protocol

from audio.device.device_errors import DeviceError
from audio.device.ring import Ring
from audio.device.stream import Direction, Stream
from audio.device.supervise import SupervisedStream

BLOCK_MS = 10
"""Asked of every device: two blocks of 10 ms stand in its queue, not two of 40."""
LOOK_EVERY_S = 0.1
"""How often a microphone at rest is listened to, so that its level is known."""
REST_S = 1.0
"""How often the worker looks at a clock that rests."""
OpenEnd = Callable[[str, Ring, Callable[[], None]], Stream]


class SoundEnd(Protocol):
    """One end. All methods but ``attach`` belong to the worker."""

    @property
    def name(self) -> str:
        """What to call it on the screen."""
        ...

    @property
    def running(self) -> bool:
        """False while a device is gone."""
        ...

    @property
    def missed_ms(self) -> int:
        """Milliseconds of sound that were lost because the worker was late."""
        ...

    def attach(self, wake: Callable[[], None]) -> None:
        """Say what wakes the worker. Once, before anything else."""
        ...

    def rest(self, *, on: bool) -> None:
        """Say that nobody needs it for now, or that somebody does again; may be repeated.

        At rest it wakes the worker for nothing, and what nobody takes or gives is not missed.
        """
        ...

    def next_s(self, now: float) -> float | None:
        """When to come again; None if ``wake`` will be called."""
        ...

    def check(self, now: float) -> DeviceError | None:
        """Watch over the device; a problem once per loss."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class DeviceEnd:
    """An end that is a device: opened, watched over and opened again.

    Args:
        direction: ``input`` or ``output``.
        wanted: ``default``, a name or a part of one name.
        ring: Between the device's callback and the worker.
        open_end: Opens the device.

    Raises:
        DeviceError: ``no_microphone`` or ``no_speaker``.
    """

    def __init__(self, direction: Direction, wanted: str, ring: Ring, open_end: OpenEnd) -> None:
        self._ring = ring
        self._resting = False
        self._wake: Callable[[], None] = _nothing
        self._device = SupervisedStream(
            direction, lambda: open_end(wanted, ring, self._on_callback), time.monotonic()
        )

    @property
    def name(self) -> str:
        """What the sound library calls it."""
        return self._device.name

    @property
    def running(self) -> bool:
        """False while the device is gone."""
        return self._device.running

    def attach(self, wake: Callable[[], None]) -> None:
        """The device's callback will wake the worker."""
        self._wake = wake

    def rest(self, *, on: bool) -> None:
        """The device goes on calling back, and its callback wakes nobody."""
        self._resting = self._ring.resting = on

    def check(self, now: float) -> DeviceError | None:
        """Watch over the device; a problem once per loss."""
        return self._device.check(now)

    def close(self) -> None:
        """Close the device."""
        self._device.close()

    def _on_callback(self) -> None:
        if not self._resting:
            self._wake()


def _nothing() -> None:
    """Nobody waits yet."""
