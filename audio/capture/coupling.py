"""How much of the loudspeaker the microphone hears, in decibels: tells headphones from speakers.

Both streams are brought to 8 kHz. Each half second with sound from the far side adds to
an average cross spectrum, from which the path between loudspeaker and microphone follows (an
impulse response of 512 ms). Only taps that stand out of the response's own noise count, so that a
voice or a fan at the microphone is not taken for echo: it raises the smallest coupling that can be
seen, and as long as that is too high to decide, there is no answer.
"""

import math

import numpy as np
import numpy.typing as npt

from audio.level import power, power_dbfs
from audio.pcm import BLOCK_SAMPLES, Pcm

NONE_DB = -96.0
DECOUPLED_DB = -45.0
"""Below this nobody at the far side hears an echo: headphones."""
_DECIMATE = 6
_MEAN = np.full(_DECIMATE, 1 / _DECIMATE, np.float32)
_FRAME = 4096
_KEEP = 0.85
_LOUD_ENOUGH_DBFS = -50.0
_ENOUGH_FRAMES = 4
_STANDS_OUT = 16.0
"""A tap counts from this multiple of the mean power of the noise taps on: 12 dB."""
_MEDIAN_TO_MEAN = 1 / 0.4549
_SEEN_TAPS = 24
"""How many taps just below that limit could hide, for the smallest coupling that can be seen."""


class Coupling:
    """Measures one pair of streams, block by block."""

    def __init__(self) -> None:
        self._far: npt.NDArray[np.float32] = np.zeros(2 * _FRAME, np.float32)
        self._near: npt.NDArray[np.float32] = np.zeros(_FRAME, np.float32)
        self._fill = 0
        self._cross = np.zeros(_FRAME + 1, np.complex128)
        self._auto = np.zeros(_FRAME + 1)
        self._frames = 0
        self._db: float | None = None

    @property
    def db(self) -> float | None:
        """Echo level relative to the far side, -96 to about +20; None while it is not known."""
        return self._db

    def add(self, far: Pcm, near: Pcm) -> bool:
        """Take 10 ms of both sides in.

        Args:
            far: What the loudspeaker was given, int16, 480 samples.
            near: What the microphone heard meanwhile, before any processing, likewise.

        Returns:
            True when ``db`` was measured anew.
        """
        # Reducing by plain means folds a little of the top down: on both sides alike.
        step = BLOCK_SAMPLES // _DECIMATE
        room = _FRAME - self._fill
        taken = min(step, room)
        end = self._fill + taken
        self._far[_FRAME + self._fill : _FRAME + end] = _reduced(far)[:taken]
        self._near[self._fill : end] = _reduced(near)[:taken]
        self._fill = end
        if end < _FRAME:
            return False
        measured = self._measure()
        self._far[:_FRAME] = self._far[_FRAME:]
        self._fill = 0
        return measured

    def _measure(self) -> bool:
        if power_dbfs(float(np.mean(np.square(self._far))) / 32768.0**2) < _LOUD_ENOUGH_DBFS:
            return False
        far = np.fft.rfft(self._far)
        near = np.fft.rfft(np.concatenate((np.zeros(_FRAME, np.float32), self._near)))
        self._cross = _KEEP * self._cross + np.conj(far) * near
        self._auto = _KEEP * self._auto + np.square(np.abs(far)) / 2
        self._frames += 1
        if self._frames < _ENOUGH_FRAMES:
            return False
        smallest = 1e-4 * float(self._auto.max()) + 1e-9
        response = np.fft.irfft(self._cross / (self._auto + smallest))[:_FRAME]
        self._db = self._echo_db(response)
        return True

    def _echo_db(self, response: npt.NDArray[np.float64]) -> float | None:
        taps = np.square(response)
        noise = float(np.median(taps)) * _MEDIAN_TO_MEAN
        heard = np.where(taps > _STANDS_OUT * noise, response, 0.0)
        hidden = _SEEN_TAPS * noise
        if float(np.square(heard).sum()) > hidden:
            # The far side's own spectrum weighs the path: a voice is not white.
            path = np.square(np.abs(np.fft.rfft(heard, 2 * _FRAME)))
            return _db(float(np.dot(path, self._auto) / self._auto.sum()))
        return _db(hidden) if _db(hidden) < DECOUPLED_DB else None


def _reduced(block: Pcm) -> npt.NDArray[np.float32]:
    # A mean as a product: far cheaper than asking for it on short rows.
    reduced: npt.NDArray[np.float32] = block.astype(np.float32).reshape(-1, _DECIMATE) @ _MEAN
    return reduced


def _db(ratio: float) -> float:
    return NONE_DB if ratio <= 0.0 else max(NONE_DB, 10 * math.log10(ratio))


def loud(block: Pcm) -> bool:
    """Whether there is enough sound in a block for it to leave an echo.

    Args:
        block: int16 samples.
    """
    return power_dbfs(power(block)) > _LOUD_ENOUGH_DBFS
