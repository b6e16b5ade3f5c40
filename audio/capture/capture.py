"""What our own voice is taken from: a microphone, or a source that a clock paces."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from audio.capture.sources import Source, source_from
from audio.device.device_choice import DEFAULT
from audio.device.device_errors import DeviceError
from audio.device.ring import Ring
from audio.device.sound_end import (
    BLOCK_MS,
    LOOK_EVERY_S,
    REST_S,
    DeviceEnd,
    OpenEnd,
    SoundEnd,
)
from audio.pace import Pace
from audio.pcm import BLOCK_S, BLOCK_SAMPLES, Pcm


class Capture(SoundEnd, Protocol):
    """Blocks of sound as they come due. All methods but ``attach`` belong to the worker."""

    @property
    def is_microphone(self) -> bool:
        """Whether it hears the world: silence from it is a fault, not a wish."""
        ...

    def read(self, now: float) -> Pcm | None:
        """The next block of ``BLOCK_SAMPLES``, None when none is due."""
        ...

    def forget(self, now: float) -> None:
        """Drop what was captured before ``now`` and not yet read."""
        ...


class SourceCapture:
    """A source, one block per 10 ms of the clock; at rest it stands still.

    Args:
        source: Where the sound comes from.
    """

    is_microphone = False

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pace = Pace(BLOCK_S)
        self._owed = 0
        self._resting = False

    @property
    def name(self) -> str:
        """What to call it on the screen."""
        return self._source.name

    @property
    def running(self) -> bool:
        """A source is always there."""
        return True

    @property
    def missed_ms(self) -> int:
        """Milliseconds that were skipped after a stall of the whole process."""
        return self._pace.skipped * BLOCK_MS

    def attach(self, wake: Callable[[], None]) -> None:
        """The clock wakes the worker: nothing to do."""

    def read(self, now: float) -> Pcm | None:
        """The next block, None when none is due."""
        if self._resting:
            return None
        if not self._owed:
            self._owed = self._pace.due(now)
        if not self._owed:
            return None
        self._owed -= 1
        return self._source.read()

    def forget(self, now: float) -> None:
        """Drop the blocks that are due: the source goes on where it stands."""
        self._owed = 0
        self._pace.due(now)

    def rest(self, *, on: bool) -> None:
        """The clock starts anew after a rest: nothing has come due meanwhile."""
        if on != self._resting:
            self._resting, self._owed = on, 0
            self._pace.restart()

    def next_s(self, now: float) -> float | None:
        """When the next block comes due."""
        return now + REST_S if self._resting else self._pace.next_s(now)

    def check(self, now: float) -> DeviceError | None:
        """A source does not get lost."""
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()


class DeviceCapture(DeviceEnd):
    """A microphone.

    Args:
        wanted: ``default``, a name or a part of one name.
        open_input: Opens it; replaced in tests.

    Raises:
        DeviceError: ``no_microphone``.
    """

    is_microphone = True

    def __init__(self, wanted: str, open_input: OpenEnd | None = None) -> None:
        if open_input is None:
            from audio.device import sound_card as device

            open_input = device.open_input
        self._look_s = 0.0
        super().__init__("input", wanted, Ring(), open_input)

    @property
    def missed_ms(self) -> int:
        """Milliseconds of sound that were dropped because the worker was late."""
        return self._ring.dropped_samples * BLOCK_MS // BLOCK_SAMPLES

    def read(self, now: float) -> Pcm | None:
        """The next block, None when the device has not delivered it yet.

        At rest: what was heard last, ten times a second.
        """
        if self._resting and now < self._look_s:
            return None
        if self._ring.level < BLOCK_SAMPLES:
            self._look_s = now + LOOK_EVERY_S
            return None
        block: Pcm = np.empty(BLOCK_SAMPLES, np.int16)
        self._ring.read_into(block)
        return block

    def forget(self, now: float) -> None:
        """Drop what stands in the ring."""
        self._ring.clear()

    def next_s(self, now: float) -> float | None:
        """The device's callback wakes the worker."""
        return None


def capture_from(text: str) -> Capture:
    """Open what ``--mic`` names; may block for seconds.

    Args:
        text: ``default``, a device, ``file:PATH``, ``clip:NAME``, ``tone:HZ`` or ``silence``.

    Raises:
        DeviceError: ``no_microphone``, ``no_sound_file`` or ``bad_tone``. Listening needs none
            of them: ``capture_from("silence")`` stands in.
    """
    source = source_from(text)
    return DeviceCapture(text or DEFAULT) if source is None else SourceCapture(source)
