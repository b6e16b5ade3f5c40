"""A disguise for the voice, and the honest words about it.

The resonances of the mouth are moved by a McAdams coefficient and the pitch by a few semitones;
both are drawn anew for every session and wander slowly, so that one guessed number does not undo
them. The sound is cut to what lies between 80 Hz and 7.6 kHz. It runs after everything else that
is done to a voice and before the encoder. No such change makes a voice anonymous.
"""

import contextlib
import math
from collections.abc import Callable
from enum import Enum

import numpy as np

from audio.capture.highpass import HighPass, Samples
from audio.capture.lpc import Floats, predictor, with_moved_resonances
from audio.capture.pitch import FARTHEST, PitchShift
from audio.capture.resample import DELAY_MS, RATIO, Down, Up

DISGUISE_LABEL = (
    "The disguise hides you from casual listeners, not from analysis: with recordings of your "
    "voice to compare, software can often still tell that it is you. How you speak and what you "
    "say stay yours."
)
TYPED_LABEL = (
    "What you type is spoken by a machine. Nothing of your voice is sent, and the microphone is "
    "never opened. Your choice of words and your pace of typing stay yours."
)


class MaskMode(Enum):
    """How a voice is to leave; chosen before a microphone can be opened.

    Attributes:
        OFF: As it is.
        DISGUISE: Changed; see ``DISGUISE_LABEL``.
        TYPED: None at all; see ``TYPED_LABEL``.
    """

    OFF = "off"
    DISGUISE = "disguise"
    TYPED = "typed"


LABELS = {MaskMode.DISGUISE: DISGUISE_LABEL, MaskMode.TYPED: TYPED_LABEL}
"""English texts to show before the first use of a mode; keys for translation."""

LOW_CUT_HZ = 80.0
RATE_HZ = 16_000
HOP = 160
_FRAME = 2 * HOP
_ORDER = 18
_FFT = 1024
COEFFICIENTS = ((0.68, 0.75), (1.28, 1.40))
"""Ranges of the McAdams coefficient. One range alone lets two sessions of a voice be linked."""
SEMITONES = ((-5.0, -3.5), (3.5, 5.0))
"""Ranges of the change of pitch."""
_WALK_SEMITONES, _WALK_COEFFICIENT = 1.0, 0.02
_WALK_BLOCKS = 80
_LARGEST_CORRECTION = 8.0
_POWER_SHARE = 0.1
LONGEST_DELAY_MS = 2 * DELAY_MS + HOP / 16 + FARTHEST / 16
"""Delay of the whole disguise at worst: 28 ms."""

Rng = Callable[[int], bytes]
Range = tuple[float, float]


class _Walk:
    """A number that wanders slowly around where it began.

    Args:
        rng: Randomness.
        ranges: It begins in one of these.
        reach: Farthest from there.
    """

    def __init__(self, rng: Rng, ranges: tuple[Range, Range], reach: float) -> None:
        low, high = ranges[rng(1)[0] & 1]
        self._rng = rng
        self._middle = low + (high - low) * _share(rng)
        self._reach = reach
        self._aim = self._value = self._middle
        self._blocks = 0

    def next(self) -> float:
        """The value for the next block of 10 ms."""
        if self._blocks % _WALK_BLOCKS == 0:
            self._aim = self._middle + self._reach * (2 * _share(self._rng) - 1)
        self._blocks += 1
        self._value += (self._aim - self._value) / _WALK_BLOCKS
        return self._value


def _share(rng: Rng) -> float:
    return int.from_bytes(rng(7), "big") / 2**56


class _Loudness:
    """Makes what is changed as loud as what was heard, without steps."""

    def __init__(self) -> None:
        self._heard_power = self._made_power = 0.0
        self._correction = 1.0

    def match(self, made: Floats, heard: Floats) -> Samples:
        """Return what was made, as loud as what was heard; both in the range of int16."""
        self._heard_power += _POWER_SHARE * (float(np.mean(np.square(heard))) - self._heard_power)
        self._made_power += _POWER_SHARE * (float(np.mean(np.square(made))) - self._made_power)
        wanted = math.sqrt((self._heard_power + 1.0) / (self._made_power + 1.0))
        wanted = min(_LARGEST_CORRECTION, wanted)
        ramp = np.linspace(self._correction, wanted, HOP)
        self._correction = wanted
        return (made * ramp).astype(np.float32)


class Disguise:
    """One session's disguise of one voice.

    Args:
        rng: Unpredictable bytes; what is drawn is secret, and never stored or sent.
    """

    def __init__(self, rng: Rng) -> None:
        self._semitones = _Walk(rng, SEMITONES, _WALK_SEMITONES)
        self._coefficient = _Walk(rng, COEFFICIENTS, _WALK_COEFFICIENT)
        self._low_cut = HighPass(LOW_CUT_HZ, RATE_HZ, HOP)
        self._down, self._up = Down(), Up()
        self._pitch = PitchShift(HOP)
        # Halves that overlap add up to one.
        self._window = np.square(np.sin(np.pi * (np.arange(_FRAME) + 0.5) / _FRAME))
        self._heard: Floats = np.zeros(_FRAME + _ORDER)
        self._source: Floats = np.zeros(_FRAME)
        self._sum: Floats = np.zeros(_FFT)
        self._moved: Floats = np.concatenate(([1.0], np.zeros(_ORDER)))
        self._loudness = _Loudness()

    @property
    def delay_blocks(self) -> int:
        """Blocks of 10 ms until all that comes out was heard after a certain moment."""
        return math.ceil(LONGEST_DELAY_MS / 10)

    def process(self, samples: Samples) -> Samples:
        """Disguise the next 10 ms; what comes out is about 25 ms old.

        Args:
            samples: float32 in the range of int16, 480 samples, finite.

        Raises:
            ValueError: It has another length.
        """
        if samples.shape != (RATIO * HOP,):
            raise ValueError("a block is 480 samples")
        new = self._low_cut.filter(self._down.convert(samples))
        self._heard = np.concatenate((self._heard[HOP:], new))
        ratio = math.pow(2.0, self._semitones.next() / 12.0)
        residual, moved = self._analyse(self._coefficient.next())
        shifted = self._pitch.shift(residual.astype(np.float32), ratio)
        self._source = np.concatenate((self._source[HOP:], shifted))
        return self._up.convert(self._synthesise(moved))

    def _analyse(self, coefficient: float) -> tuple[Floats, Floats]:
        """The source of the newest hop, and the filter it is to be sent through."""
        inverse = predictor(self._heard[_ORDER:] * self._window, _ORDER)
        residual = np.convolve(self._heard[-HOP - _ORDER :], inverse, "valid")
        # Without poles the last filter is as good a disguise.
        with contextlib.suppress(np.linalg.LinAlgError):
            self._moved = with_moved_resonances(inverse, coefficient)
        return residual, self._moved

    def _synthesise(self, moved: Floats) -> Samples:
        spectrum = np.fft.rfft(self._source * self._window, _FFT) / np.fft.rfft(moved, _FFT)
        self._sum[:-HOP] = self._sum[HOP:]
        self._sum[-HOP:] = 0.0
        self._sum += np.fft.irfft(spectrum)
        # Moved resonances are louder or softer than the voice's own: take that back.
        return self._loudness.match(self._sum[:HOP], self._heard[-_FRAME:])
