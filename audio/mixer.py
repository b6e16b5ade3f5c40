"""Sum the speakers into what one ear hears, and never let the sum clip or spoil.

The limiter attacks within the block that is too loud and lets go slowly. Below its ceiling it
does nothing: a single speaker passes sample for sample.
"""

import math

import numpy as np
import numpy.typing as npt

from audio.faders import Gains, ramp
from audio.level import powers
from audio.pcm import BLOCK_SAMPLES, Pcm, silence

MAX_VOICES = 16
CEILING = 30_000.0
"""Highest absolute sample that the limiter lets through."""
_RELEASE_PER_BLOCK = 0.01
_ATTACK_SAMPLES = 48
_ATTACK = np.linspace(0.0, 1.0, _ATTACK_SAMPLES, dtype=np.float32)

_Samples = npt.NDArray[np.float32]


class Limiter:
    """Holds the peak of a stream of blocks at ``CEILING`` by a gain that only it changes."""

    def __init__(self) -> None:
        self._gain = 1.0

    @property
    def gain(self) -> float:
        """The gain at the end of the last block, 0 to 1."""
        return self._gain

    def limit(self, samples: _Samples) -> Pcm:
        """Turn a block of sums into samples that fit.

        Args:
            samples: float32, one block, finite or not; what is no number counts as silence.

        Returns:
            int16 of the same length, no sample beyond ``CEILING``.
        """
        clean = samples
        peak = float(np.maximum.reduce(np.abs(clean), initial=0.0))
        if not math.isfinite(peak):
            clean = np.nan_to_num(samples, nan=0.0, posinf=CEILING, neginf=-CEILING)
            peak = float(np.maximum.reduce(np.abs(clean), initial=0.0))
        allowed = CEILING / peak if peak > CEILING else 1.0
        if allowed < self._gain:
            clean = self._attack(clean, allowed)
        elif self._gain < 1.0:
            # Neither gain is more than is allowed: what is let go of stays below the ceiling.
            target = min(allowed, self._gain + _RELEASE_PER_BLOCK)
            clean = clean * ramp(self._gain, target)
            self._gain = target
        return np.rint(clean).astype(np.int16)

    def _attack(self, samples: _Samples, target: float) -> _Samples:
        shaped = samples * np.float32(target)
        steps = samples[:_ATTACK_SAMPLES] * (self._gain + _ATTACK * np.float32(target - self._gain))
        # Two plain calls: for so few samples clip itself costs several times as much.
        np.minimum(steps, CEILING, out=steps)
        np.maximum(steps, -CEILING, out=steps)
        shaped[:_ATTACK_SAMPLES] = steps
        self._gain = target
        return shaped


class Mixer:
    """The sum of at most 16 speakers, and of what only we hear, block by block.

    All of a round lie below each other in one array: what is done to each is done to all at once.
    """

    def __init__(self) -> None:
        self._limiter = Limiter()
        self._rows = np.empty((MAX_VOICES + 1, BLOCK_SAMPLES), np.float32)
        self._factors: list[float] = []

    def add(self, block: Pcm, factor: float = 1.0) -> None:
        """Add a voice to this round; the first is number 0.

        Args:
            block: int16, 480 samples.
            factor: How loud it is to be.

        Raises:
            ValueError: It has another length, or is one too many: a bug of the caller.
        """
        voice = len(self._factors)
        if len(block) != BLOCK_SAMPLES or voice > MAX_VOICES:
            raise ValueError("a block is 480 samples, a round 16 voices")
        self._rows[voice] = block
        self._factors.append(factor)

    def powers(self) -> list[float]:
        """The mean square of each voice of this round as it was added, 0 to 1."""
        return powers(self._rows[: len(self._factors)])

    def turn(self, voice: int, gains: Gains) -> None:
        """Make a voice of this round louder or softer.

        Args:
            voice: Its number.
            gains: Factors from ``Faders`` or ``AutoGain``.
        """
        if isinstance(gains, float):
            self._factors[voice] *= gains
        else:
            self._rows[voice] *= gains

    def mix(self, beside: Pcm | None = None) -> Pcm:
        """End the round.

        Args:
            beside: A cue, int16, 480 samples; counts as no speaker.

        Returns:
            int16, 480 samples.

        Raises:
            ValueError: The cue has another length: a bug of the caller.
        """
        if beside is not None:
            self.add(beside)
        if not self._factors:
            return silence()
        factors, self._factors = np.array(self._factors, np.float32), []
        return self._limiter.limit(factors.dot(self._rows[: len(factors)]))
