"""Where the mixed sound goes: a loudspeaker, or nowhere at the pace of a clock."""

from collections.abc import Callable
from typing import Protocol

from audio.device.device_choice import DEFAULT
from audio.device.device_errors import DeviceError
from audio.device.ring import Ring
from audio.device.sound_end import BLOCK_MS, REST_S, DeviceEnd, OpenEnd, SoundEnd
from audio.pace import Pace
from audio.pcm import BLOCK_S, BLOCK_SAMPLES, Pcm
from audio.playout.slack import Slack

TARGET_BLOCKS = 2
"""Blocks that stand ready for the device: 20 ms of slack for the worker. On a busy machine there
are more (``slack.py``)."""
CAP_BLOCKS = 12
STALLED_S = 0.2
"""With no callback for so long the clock takes over, until the device wants more."""
NULL = "null"


class Playout(SoundEnd, Protocol):
    """Takes mixed blocks as they are needed. All methods but ``attach`` belong to the worker."""

    def wanted(self, now: float) -> int:
        """How many blocks to write now."""
        ...

    def write(self, block: Pcm) -> None:
        """Play one block of ``BLOCK_SAMPLES``."""
        ...


class NullPlayout:
    """Nobody listens: everything is decoded, mixed and measured at the pace of the clock."""

    name = NULL
    running = True
    missed_ms = 0

    def __init__(self) -> None:
        self._pace = Pace(BLOCK_S)
        self._resting = False

    def attach(self, wake: Callable[[], None]) -> None:
        """The clock wakes the worker: nothing to do."""

    def wanted(self, now: float) -> int:
        """Blocks that have come due."""
        return 0 if self._resting else self._pace.due(now)

    def write(self, block: Pcm) -> None:
        """Drop the block."""

    def rest(self, *, on: bool) -> None:
        """The clock starts anew after a rest: nothing has come due meanwhile."""
        if on != self._resting:
            self._resting = on
            self._pace.restart()

    def next_s(self, now: float) -> float | None:
        """When the next block comes due."""
        return now + REST_S if self._resting else self._pace.next_s(now)

    def check(self, now: float) -> DeviceError | None:
        """Nothing can get lost."""
        return None

    def close(self) -> None:
        """Nothing to let go of."""


class DevicePlayout(DeviceEnd):
    """A loudspeaker; while it is not running, a clock goes on in its place.

    Args:
        wanted: ``default``, a name or a part of one name.
        open_output: Opens it; replaced in tests.

    Raises:
        DeviceError: ``no_speaker``.
    """

    def __init__(self, wanted: str, open_output: OpenEnd | None = None) -> None:
        if open_output is None:
            from audio.device import sound_card as device

            open_output = device.open_output
        self._pace = Pace(BLOCK_S)
        self._slack = Slack()
        self._ran = False
        super().__init__("output", wanted, Ring(CAP_BLOCKS * BLOCK_SAMPLES), open_output)

    @property
    def missed_ms(self) -> int:
        """Milliseconds that the device played silence because there was nothing to play."""
        return self._ring.missed_samples * BLOCK_MS // BLOCK_SAMPLES

    def wanted(self, now: float) -> int:
        """Blocks missing in the ring; what has come due on the clock while nobody plays."""
        if self._resting:
            return 0
        running = self._device.called_back_since(now - STALLED_S)
        if running != self._ran:
            self._ran = running
            self._pace.restart()
            self._slack.restart()
        if not running:
            return self._pace.due(now)
        largest_blocks = -(-self._ring.largest_read // BLOCK_SAMPLES)
        usual = max(TARGET_BLOCKS, largest_blocks + 1)
        target = min(usual + self._slack.blocks(self._ring.missed_samples, now), CAP_BLOCKS)
        return max(0, target - self._ring.level // BLOCK_SAMPLES)

    def write(self, block: Pcm) -> None:
        """Hand the block to the device, or drop it while there is none."""
        if self._ran:
            self._ring.write(block)

    def rest(self, *, on: bool) -> None:
        """The device plays silence of its own; the clock starts anew."""
        if on != self._resting:
            self._pace.restart()
            self._slack.restart()
        super().rest(on=on)

    def next_s(self, now: float) -> float | None:
        """None while the device runs: its callback wakes the worker."""
        return None if self._ran or self._resting else self._pace.next_s(now)


def playout_to(text: str) -> Playout:
    """Open what ``--speaker`` names; may block for seconds.

    Args:
        text: ``default``, a device or ``null``.

    Raises:
        DeviceError: ``no_speaker``. The room goes on without: ``playout_to("null")``.
    """
    return NullPlayout() if text == NULL else DevicePlayout(text or DEFAULT)
