"""Sound in place of sound that is missing: the decoder invents it, age fades it out."""

from typing import Protocol

import numpy as np
import numpy.typing as npt

from audio.errors import SoundError
from audio.pcm import FRAME_SAMPLES, RATE_HZ, Pcm, silence

FADE_FROM_S, FADE_TO_S = 0.04, 0.1
"""Invented sound fades between these ages: longer, it would be a buzz."""


class FrameDecoder(Protocol):
    """What is asked of a decoder; ``audio.codec.opus.Decoder`` is one."""

    def decode(self, frame: bytes) -> Pcm:
        """Return 960 samples, or raise SoundError for foreign bytes."""
        ...

    def conceal(self, samples: int = FRAME_SAMPLES) -> Pcm:
        """Return so many invented samples."""
        ...


class Concealer:
    """One hole at a time in the stream of one decoder."""

    def __init__(self, decoder: FrameDecoder) -> None:
        """Start outside of any hole.

        Args:
            decoder: The decoder of the stream; shared with whoever decodes its frames.
        """
        self._decoder = decoder
        self._samples = 0

    @property
    def in_hole(self) -> bool:
        """Whether sound is being invented."""
        return self._samples > 0

    @property
    def age_s(self) -> float:
        """Length of the hole so far; 0.0 outside of one."""
        return self._samples / RATE_HZ

    def end(self) -> None:
        """Note that real sound plays again."""
        self._samples = 0

    def invent(self, samples: int) -> Pcm:
        """Return the next part of the hole.

        Args:
            samples: A multiple of 120, at most 960.

        Returns:
            int16, that many samples; silence beyond ``FADE_TO_S`` or if the decoder fails.
        """
        age_s = np.arange(self._samples, self._samples + samples) / RATE_HZ
        self._samples += samples
        fade = ((FADE_TO_S - age_s) / (FADE_TO_S - FADE_FROM_S)).clip(0.0, 1.0)
        if fade[0] == 0.0:
            return silence(samples)
        try:
            invented = self._decoder.conceal(samples)
        except SoundError:
            return silence(samples)
        faded: npt.NDArray[np.float64] = invented * fade
        return np.rint(faded).astype(np.int16)
