"""Where the mixed sound goes: a loudspeaker, or nowhere at the pace of a clock."""

import time
from collections.abc import Callable
from typing import Protocol

from audio.choose import DEFAULT
from audio.pace import Pace
from audio.pcm import BLOCK_S, BLOCK_SAMPLES, Pcm
from audio.problems import DeviceError
from audio.ring import Ring
from audio.stream import Stream
from audio.supervise import SupervisedStream

OpenOutput = Callable[[str, Ring, Callable[[], None]], Stream]
TARGET_BLOCKS = 2
"""Blocks that stand ready for the device: 20 ms of slack for the worker."""
CAP_BLOCKS = 12
BLOCK_MS = 10
STALLED_S = 0.2
"""With no callback for so long the clock takes over, until the device wants more."""
NULL = "null"


class Playout(Protocol):
    """Takes mixed blocks as they are needed. All methods but ``attach`` belong to the worker."""

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
        """Milliseconds that a running device played silence because the worker was late."""
        ...

    def attach(self, wake: Callable[[], None]) -> None:
        """Say what wakes the worker. Once, before anything else."""
        ...

    def wanted(self, now: float) -> int:
        """How many blocks to write now."""
        ...

    def write(self, block: Pcm) -> None:
        """Play one block of ``BLOCK_SAMPLES``."""
        ...

    def next_s(self, now: float) -> float | None:
        """When to ask again; None if ``wake`` will be called."""
        ...

    def check(self, now: float) -> DeviceError | None:
        """Watch over the device; a problem once per loss."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


class NullPlayout:
    """Nobody listens: everything is decoded, mixed and measured at the pace of the clock."""

    name = NULL
    running = True
    missed_ms = 0

    def __init__(self) -> None:
        self._pace = Pace(BLOCK_S)

    def attach(self, wake: Callable[[], None]) -> None:
        """The clock wakes the worker: nothing to do."""

    def wanted(self, now: float) -> int:
        """Blocks that have come due."""
        return self._pace.due(now)

    def write(self, block: Pcm) -> None:
        """Drop the block."""

    def next_s(self, now: float) -> float | None:
        """When the next block comes due."""
        return self._pace.next_s(now)

    def check(self, now: float) -> DeviceError | None:
        """Nothing can get lost."""
        return None

    def close(self) -> None:
        """Nothing to let go of."""


class DevicePlayout:
    """A loudspeaker; while it is not running, a clock goes on in its place.

    Args:
        wanted: ``default``, a name or a part of one name.
        open_output: Opens it; replaced in tests.

    Raises:
        DeviceError: ``no_speaker``.
    """

    def __init__(self, wanted: str, open_output: OpenOutput | None = None) -> None:
        if open_output is None:
            from audio import device

            open_output = device.open_output
        opener = open_output
        self._ring = Ring(CAP_BLOCKS * BLOCK_SAMPLES)
        self._pace = Pace(BLOCK_S)
        self._ran = False
        self._wake: Callable[[], None] = _nothing
        self._device = SupervisedStream(
            "output", lambda: opener(wanted, self._ring, self._on_callback), time.monotonic()
        )

    @property
    def name(self) -> str:
        """What the sound library calls it."""
        return self._device.name

    @property
    def running(self) -> bool:
        """False while the device is gone."""
        return self._device.running

    @property
    def missed_ms(self) -> int:
        """Milliseconds that the device played silence because there was nothing to play."""
        return self._ring.missed_samples * BLOCK_MS // BLOCK_SAMPLES

    def attach(self, wake: Callable[[], None]) -> None:
        """The device's callback will wake the worker."""
        self._wake = wake

    def wanted(self, now: float) -> int:
        """Blocks missing in the ring; what has come due on the clock while nobody plays."""
        running = self._device.called_back_since(now - STALLED_S)
        if running != self._ran:
            self._ran = running
            self._pace.restart()
        if not running:
            return self._pace.due(now)
        largest_blocks = -(-self._ring.largest_read // BLOCK_SAMPLES)
        target = min(max(TARGET_BLOCKS, largest_blocks + 1), CAP_BLOCKS)
        return max(0, target - self._ring.level // BLOCK_SAMPLES)

    def write(self, block: Pcm) -> None:
        """Hand the block to the device, or drop it while there is none."""
        if self._ran:
            self._ring.write(block)

    def next_s(self, now: float) -> float | None:
        """None while the device runs: its callback wakes the worker."""
        return None if self._ran else self._pace.next_s(now)

    def check(self, now: float) -> DeviceError | None:
        """Watch over the device; a problem once per loss."""
        return self._device.check(now)

    def close(self) -> None:
        """Close the device."""
        self._device.close()

    def _on_callback(self) -> None:
        self._wake()


def playout_to(text: str) -> Playout:
    """Open what ``--speaker`` names; may block for seconds.

    Args:
        text: ``default``, a device or ``null``.

    Raises:
        DeviceError: ``no_speaker``. The room goes on without: ``playout_to("null")``.
    """
    return NullPlayout() if text == NULL else DevicePlayout(text or DEFAULT)


def _nothing() -> None:
    """Nobody waits yet."""
