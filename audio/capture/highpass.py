"""Takes away what lies below a voice: hum, rumble, handling noise, a constant offset."""

import math

import numpy as np
import numpy.typing as npt

from audio.pcm import BLOCK_SAMPLES, RATE_HZ

Samples = npt.NDArray[np.float32]


class HighPass:
    """Two sections of first order in a row: 12 dB less per octave below the corner.

    A recursion without a loop: within a block the filter is a running sum with weights that grow
    by ``1 / pole`` per sample, which stays small enough for doubles in a block of 10 ms.

    Args:
        corner_hz: Where each section takes 3 dB; at least 1.
        rate_hz: Samples per second.
        block_samples: Length of every block.
    """

    def __init__(
        self, corner_hz: float, rate_hz: int = RATE_HZ, block_samples: int = BLOCK_SAMPLES
    ) -> None:
        pole = math.exp(-2 * math.pi * corner_hz / rate_hz)
        self._decay = pole ** np.arange(1, block_samples + 1)
        self._growth = (1 - pole) / self._decay
        self._lows = [0.0, 0.0]
        self._work = np.zeros(block_samples)

    def filter(self, samples: Samples) -> Samples:
        """Return the block without its lowest frequencies; nothing is delayed.

        Args:
            samples: float32, finite, of the length given at the start.
        """
        wave = samples.astype(np.float64)
        for section, held in enumerate(self._lows):
            low = np.multiply(wave, self._growth, out=self._work)
            np.add.accumulate(low, out=low)
            low += held
            low *= self._decay
            self._lows[section] = float(low[-1])
            wave -= low
        return wave.astype(np.float32)
