"""What a check of microphone and loudspeaker plays, and what it makes of what comes back.

Pure: sound goes in, figures come out. Levels are RMS in dBFS as in ``audio.level``. The tone is a
chord, because one note alone may fall into a hole that the room makes; the chirp is a sweep,
because only a sweep is found again to the millisecond under a voice (matched filter: correlation
with the sent signal, divided by the energy of what was heard).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from audio.capture.silentmic import DEAD_DBFS
from audio.level import FLOOR_DBFS, dbfs, power, power_dbfs
from audio.pcm import FULL_SCALE, RATE_HZ, Pcm

CHECK_DBFS = -20.0
CHORD_HZ = (500.0, 1000.0, 2500.0)
CHIRP_S = 0.2
CHIRP_RANGE_HZ = (300.0, 6000.0)
CHIRPS = 4
CHIRP_EVERY_S = 0.8
"""Longer than any loop that a person would still talk through."""
HEADPHONES_DB = -45.0
"""Less than this of the loudspeaker in the microphone: nobody hears an echo."""

BAND_ENDS_HZ = (4000, 8000)
"""Of a Bluetooth headset's microphone: CVSD and mSBC (Hands-Free Profile 1.7)."""

_FFT_SAMPLES = 4096
_CUT_OFF = 1e4
_WINDOW_SAMPLES = 2400
_QUIET_DBFS = -45.0
_CLIPPED_SAMPLE = 32_700
_EDGE_S = 0.01
_FOUND_LIKENESS = 0.15
_FOUND_ABOVE_REST = 2.0
_STANDS_OUT = 4.0
_BESIDE_BINS = 20

Verdict = Literal["dead", "quiet", "good", "clipped"]


@dataclass(frozen=True, slots=True)
class MicLevel:
    """What a microphone delivered.

    Attributes:
        level_dbfs: The loudest 50 ms.
        floor_dbfs: The level that a tenth of the time stays below: the noise of the room.
        peak_dbfs: The highest sample.
        verdict: ``dead`` for pure silence, ``quiet`` if no voice could be that soft, ``clipped``
            if it is too loud for the card.
    """

    level_dbfs: float
    floor_dbfs: float
    peak_dbfs: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class CouplingMeasure:
    """How much of the loudspeaker the microphone hears.

    Attributes:
        db: Heard relative to played; None if nothing of it stands out of the noise.
        at_most_db: What it could be at most.
        headphones: Nobody at the other side will hear an echo.
    """

    db: float | None
    at_most_db: float
    headphones: bool


def chord(seconds: float) -> Pcm:
    """Return the test tone, with soft edges."""
    at_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    waves = sum(np.sin(2.0 * np.pi * hz * at_s) for hz in CHORD_HZ)
    return _at_check_level(np.asarray(waves))


def chirp() -> Pcm:
    """Return one sweep of 200 ms."""
    low, high = CHIRP_RANGE_HZ
    at_s = np.arange(round(CHIRP_S * RATE_HZ)) / RATE_HZ
    rate = math.log(high / low) / CHIRP_S
    return _at_check_level(np.sin(2.0 * np.pi * low * (np.exp(rate * at_s) - 1.0) / rate))


def chirps() -> Pcm:
    """Return ``CHIRPS`` sweeps, one every ``CHIRP_EVERY_S``, silence between them."""
    one = chirp()
    train: Pcm = np.zeros(round(CHIRPS * CHIRP_EVERY_S * RATE_HZ), np.int16)
    for place in range(CHIRPS):
        begin = round(place * CHIRP_EVERY_S * RATE_HZ)
        train[begin : begin + len(one)] = one
    return train


def mic_level(heard: Pcm) -> MicLevel:
    """Judge what a microphone delivered.

    Args:
        heard: int16, at best a second or more; nothing at all counts as dead.
    """
    windows = heard[: len(heard) // _WINDOW_SAMPLES * _WINDOW_SAMPLES].reshape(-1, _WINDOW_SAMPLES)
    levels = [dbfs(window) for window in windows] or [FLOOR_DBFS]
    peak = int(np.abs(heard.astype(np.int32)).max(initial=0))
    level = max(levels)
    verdict: Verdict = "good"
    if level < DEAD_DBFS:
        verdict = "dead"
    elif peak >= _CLIPPED_SAMPLE:
        verdict = "clipped"
    elif level < _QUIET_DBFS:
        verdict = "quiet"
    peak_dbfs = max(FLOOR_DBFS, 20.0 * math.log10(peak / FULL_SCALE)) if peak else FLOOR_DBFS
    return MicLevel(level, float(np.percentile(levels, 10)), peak_dbfs, verdict)


def coupling(played: Pcm, heard: Pcm) -> CouplingMeasure | None:
    """Compare the chord that was played with what the microphone heard of it.

    Args:
        played: From ``chord``.
        heard: Recorded while it sounded, without beginning and end; half a second or more.

    Returns:
        None if there is too little to judge, or the microphone is dead.
    """
    if len(heard) < RATE_HZ // 4 or not power(played) or dbfs(heard) < DEAD_DBFS:
        return None
    spectrum = np.square(np.abs(np.fft.rfft(heard * np.hanning(len(heard)))))
    # A Hann window spreads a line over three bins, its energy being 1.5 times the middle one's.
    scale = 2.0 / (np.hanning(len(heard)).sum() ** 2 * FULL_SCALE**2)
    lines, noise = 0.0, 0.0
    for hz in CHORD_HZ:
        at = round(hz * len(heard) / RATE_HZ)
        beside = np.concatenate(
            (spectrum[at - _BESIDE_BINS : at - 3], spectrum[at + 4 : at + _BESIDE_BINS])
        )
        noise += float(beside.mean()) * scale
        lines += float(spectrum[at - 1 : at + 2].max()) * scale
    loss = power(played)
    at_most = power_dbfs(_STANDS_OUT * noise) - power_dbfs(loss)
    if lines < _STANDS_OUT * noise:
        return CouplingMeasure(None, at_most, at_most < HEADPHONES_DB)
    db = power_dbfs(lines) - power_dbfs(loss)
    return CouplingMeasure(db, db, db < HEADPHONES_DB)


def band_end_hz(heard: Pcm) -> int | None:
    """Tell where a microphone's sound ends as if cut off.

    A Bluetooth headset that is heard through at the same time sends no more than that, in each
    system and under each name; what comes straight from a microphone thins out instead.

    Args:
        heard: int16, at best seconds with a voice in it.

    Returns:
        4000 or 8000; None if it does not end there, or is too soft to tell.
    """
    windows = heard[: len(heard) // _FFT_SAMPLES * _FFT_SAMPLES].reshape(-1, _FFT_SAMPLES)
    if not len(windows):
        return None
    spectra = np.abs(np.fft.rfft(windows * np.hanning(_FFT_SAMPLES))) ** 2
    density = spectra.mean(axis=0)

    def mean(from_hz: float, to_hz: float) -> float:
        places = (round(hz * _FFT_SAMPLES / RATE_HZ) for hz in (from_hz, to_hz))
        return float(density[slice(*places)].mean())

    for end_hz in BAND_ENDS_HZ:
        below, above = mean(0.8 * end_hz, 0.92 * end_hz), mean(1.12 * end_hz, 1.3 * end_hz)
        if below > _CUT_OFF * above:
            return end_hz
    return None


def loop_latency_ms(heard: Pcm, heard_later_s: float) -> float | None:
    """Find the chirps again.

    Args:
        heard: Recorded while ``chirps`` was played and a little longer.
        heard_later_s: How much later the recording began than the playing; may be negative.

    Returns:
        Median milliseconds from the worker out into the room and back; None if fewer than half
        of the chirps were found.
    """
    one = chirp().astype(np.float64)
    found = []
    for place in range(CHIRPS):
        begin = round((place * CHIRP_EVERY_S - heard_later_s) * RATE_HZ)
        skipped = max(0, -begin)
        reach = round((CHIRP_EVERY_S - 2 * _EDGE_S) * RATE_HZ)
        where = heard[max(0, begin) : max(0, begin + reach)]
        at = _place_of(one, where.astype(np.float64))
        if at is not None:
            found.append(1000.0 * (at + skipped) / RATE_HZ)
    return float(np.median(found)) if 2 * len(found) >= CHIRPS else None


def _place_of(one: npt.NDArray[np.float64], where: npt.NDArray[np.float64]) -> int | None:
    """Sample at which the chirp begins; None if nothing there resembles it."""
    places = len(where) - len(one)
    if places <= 0:
        return None
    size = 1 << (len(where) + len(one)).bit_length()
    spectrum = np.fft.rfft(where, size) * np.conj(np.fft.rfft(one, size))
    product = np.abs(np.fft.irfft(spectrum, size)[:places])
    sums = np.concatenate(([0.0], np.cumsum(np.square(where))))
    energy = sums[len(one) : len(one) + places] - sums[:places]
    likeness = product / np.sqrt(np.maximum(energy, len(one)) * float(np.square(one).sum()))
    best = int(np.argmax(product))
    rest = np.concatenate((product[: max(0, best - 480)], product[best + 480 :]))
    stands_out = product[best] > _FOUND_ABOVE_REST * float(rest.max(initial=0.0))
    return best if likeness[best] >= _FOUND_LIKENESS and stands_out else None


def _at_check_level(wave: npt.NDArray[np.float64]) -> Pcm:
    edge = round(_EDGE_S * RATE_HZ)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)
    wave[:edge] *= rise
    wave[len(wave) - edge :] *= rise[::-1]
    level = FULL_SCALE * 10.0 ** (CHECK_DBFS / 20.0) / math.sqrt(float(np.square(wave).mean()))
    samples: Pcm = np.rint(wave * level).astype(np.int16)
    return samples
