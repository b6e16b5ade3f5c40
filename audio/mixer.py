"""Sum the speakers into what one ear hears, and never let the sum clip or spoil.

The limiter attacks within the block that is too loud and lets go slowly. Below its ceiling it
does nothing: a single speaker passes sample for sample.
"""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from audio.faders import Gains
from audio.pcm import BLOCK_SAMPLES, Pcm, silence

MAX_VOICES = 16
CEILING = 30_000.0
"""Highest absolute sample that the limiter lets through."""
_RELEASE_PER_BLOCK = 0.01
_ATTACK_SAMPLES = 48

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
        peak = float(np.abs(clean).max(initial=0.0))
        if not math.isfinite(peak):
            clean = np.nan_to_num(samples, nan=0.0, posinf=CEILING, neginf=-CEILING)
            peak = float(np.abs(clean).max(initial=0.0))
        allowed = CEILING / peak if peak > CEILING else 1.0
        if allowed < self._gain:
            shaped = self._attack(clean, allowed)
        elif self._gain < 1.0:
            target = min(allowed, self._gain + _RELEASE_PER_BLOCK)
            shaped = clean * np.linspace(self._gain, target, len(clean), dtype=np.float32)
            self._gain = target
        else:
            return np.rint(clean).astype(np.int16)
        return np.rint(np.clip(shaped, -CEILING, CEILING)).astype(np.int16)

    def _attack(self, samples: _Samples, target: float) -> _Samples:
        ramp = np.full(len(samples), target, dtype=np.float32)
        steps = min(_ATTACK_SAMPLES, len(samples))
        ramp[:steps] = np.linspace(self._gain, target, steps, dtype=np.float32)
        self._gain = target
        return samples * ramp


def as_rows(blocks: Sequence[Pcm]) -> _Samples:
    """Return blocks below each other, as float32 in the range of int16.

    Args:
        blocks: int16, 480 samples each, at least one.

    Raises:
        ValueError: A block has another length: a bug of the caller.
    """
    rows = np.empty((len(blocks), BLOCK_SAMPLES), dtype=np.float32)
    for row, block in enumerate(blocks):
        if block.shape != (BLOCK_SAMPLES,):
            raise ValueError("a block is 480 samples")
        rows[row] = block
    return rows


class Mixer:
    """The sum of at most 16 speakers, and of what only we hear."""

    def __init__(self) -> None:
        self._limiter = Limiter()

    def mix(
        self,
        blocks: Mapping[int, Pcm],
        gains: Mapping[int, Gains] = MappingProxyType({}),
        beside: Pcm | None = None,
    ) -> Pcm:
        """Mix one block of each speaker.

        Args:
            blocks: Speaker number to int16, 480 samples. Beyond ``MAX_VOICES`` the quietest
                are left out.
            gains: Factors for those speakers who are not heard as sent, from ``Faders``.
            beside: A cue, int16, 480 samples; counts as no speaker.

        Returns:
            int16, 480 samples.

        Raises:
            ValueError: A block has another length: a bug of the caller.
        """
        voices = list(blocks.values())
        if beside is not None:
            voices.append(beside)
        stacked = as_rows(voices or [silence()])
        for row, speaker in enumerate(blocks):
            if speaker in gains:
                stacked[row] *= gains[speaker]
        if len(blocks) > MAX_VOICES:
            loudness = np.einsum("ij,ij->i", stacked, stacked)
            loudness[len(blocks) :] = np.inf
            stacked = stacked[np.argsort(loudness)[-MAX_VOICES - (beside is not None) :]]
        return self._limiter.limit(stacked.sum(axis=0, dtype=np.float32))
