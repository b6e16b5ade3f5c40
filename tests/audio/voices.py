"""Made-up speech for tests of the sound: bursts of harmonics with pauses between them."""

import numpy as np

from audio.pcm import RATE_HZ, Pcm


def babble(seconds: float, level_dbfs: float = -20.0, seed: int = 1, pitch_hz: float = 120) -> Pcm:
    """Syllables of 80 to 250 ms with gaps; ``level_dbfs`` is the RMS over the syllables."""
    rng = np.random.default_rng(seed)
    pieces: list[np.ndarray] = []
    loud: list[np.ndarray] = []
    total = 0
    while total < seconds * RATE_HZ:
        length = int(rng.uniform(0.08, 0.25) * RATE_HZ)
        t = np.arange(length) / RATE_HZ
        hz = pitch_hz * rng.uniform(0.9, 1.1)
        tilt = rng.uniform(0.5, 1.2)
        tone = sum(np.sin(2 * np.pi * hz * k * t + k) / k**tilt for k in range(1, 25))
        tone = tone * np.hanning(length)
        pieces.append(tone)
        loud.append(tone)
        gap = int(rng.choice([0.03, 0.1, 0.3]) * RATE_HZ)
        pieces.append(np.zeros(gap))
        total += length + gap
    sound = np.concatenate(pieces)[: int(seconds * RATE_HZ)]
    rms = np.sqrt(np.mean(np.concatenate(loud) ** 2))
    sound = sound * 32768 * 10 ** (level_dbfs / 20) / rms
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def blocks(sound: np.ndarray) -> list[np.ndarray]:
    """Whole blocks of 10 ms."""
    return [sound[at : at + 480] for at in range(0, len(sound) - 479, 480)]


def active_dbfs(sound: np.ndarray) -> float:
    """RMS over the windows of 50 ms that are within 16 dB of it, as ITU-T P.56 would say."""
    windows = sound[: len(sound) // 2400 * 2400].reshape(-1, 2400).astype(float) / 32768
    powers = np.mean(windows**2, axis=1)
    level = powers.max()
    for _ in range(20):
        level = powers[powers > level / 10**1.59].mean()
    return float(10 * np.log10(level + 1e-12))
