"""What is left of an echo, and how equal voices become, through the shipped processing.

    bench/echo.py [--json] [--seconds 25] [--seed 1] [--denoiser rnnoise|webrtc]

Echo: recorded speech goes through a model of a loudspeaker (soft clipping), a room (reverberation
of 0.35 s, a first sound after 60 ms) and a clock that is off, into a quiet microphone. ERLE is the
echo's power before to after, over the time from 10 s on. Headphones: whether echo cancellation
turns itself off. Loudness: each clip at -45 to -15 dBFS, and the level that leaves after 8 s of
it. The speech is recorded (see bench/speech.py). The last line of ``--json`` is one object.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.capture.echo import EchoMode
from audio.capture.process import Processor
from audio.capture.rnnoise import Rnnoise, RnnoiseMissingError
from audio.gain import TARGET_DBFS
from audio.pcm import BLOCK_SAMPLES, RATE_HZ
from bench import speech

ERLE_BAR_DB, LOUDNESS_BAR_DB = 35.0, 2.0
RT60_S, DELAY_S = 0.35, 0.060
LEVELS_DBFS = (-45, -35, -25, -15)


def room(rng: np.random.Generator) -> np.ndarray:
    """Return an impulse response of unit energy."""
    n = np.arange(int(RT60_S * RATE_HZ))
    tail = rng.normal(size=len(n)) * np.exp(-6.9 * n / len(n))
    tail[0] = 4.0
    response = np.concatenate((np.zeros(int(DELAY_S * RATE_HZ)), tail))
    return response / np.sqrt(np.sum(response**2))


def echo_of(far: np.ndarray, erl_db: float, drift_ppm: float, rng) -> np.ndarray:
    """Return what the microphone hears of the loudspeaker."""
    driven = np.tanh(far / 32768 * 2) / 2 * 32768
    size = 1 << int(np.ceil(np.log2(len(far) + RATE_HZ)))
    heard = np.fft.irfft(np.fft.rfft(driven, size) * np.fft.rfft(room(rng), size))[: len(far)]
    heard *= 10 ** (-erl_db / 20) * np.sqrt(np.mean(far**2) / np.mean(heard**2))
    places = np.arange(len(far)) * (1 + drift_ppm * 1e-6)
    heard = np.interp(places, np.arange(len(far)), heard)
    return heard + rng.normal(size=len(far)) * 1.0


def processor(echo: EchoMode, denoiser: str) -> Processor:
    """Return the shipped processing, loaded; complains when a library is missing."""

    def no_rnnoise() -> Rnnoise:
        raise RnnoiseMissingError

    def complain(problem) -> None:
        raise SystemExit(f"{problem.message}; {problem.hint}")

    make = Rnnoise if denoiser == "rnnoise" else no_rnnoise
    made = Processor(complain, echo=echo, make_denoiser=make)
    made.load()
    return made


def run(made: Processor, far: np.ndarray | None, near: np.ndarray) -> np.ndarray:
    """Return what is sent."""
    near = np.clip(np.rint(near), -32768, 32767).astype(np.int16)
    out = []
    for at in range(0, len(near) - BLOCK_SAMPLES + 1, BLOCK_SAMPLES):
        if far is not None:
            made.hear(far[at : at + BLOCK_SAMPLES].astype(np.int16))
        out.append(made.clean(near[at : at + BLOCK_SAMPLES]))
    return np.concatenate(out).astype(float)


def erle_db(before: np.ndarray, after: np.ndarray, start_s: float, end_s: float) -> float:
    """Return how much softer the echo has become, in decibels."""
    part = slice(int(start_s * RATE_HZ), int(end_s * RATE_HZ))
    return float(10 * np.log10(np.mean(before[part] ** 2) / (np.mean(after[part] ** 2) + 0.1)))


def echo_rows(far: np.ndarray, seconds: float, seed: int, denoiser: str) -> list[dict]:
    """Measure rooms of several loudness, with and without drift."""
    rows = []
    for erl_db, drift_ppm in ((6, 0), (15, 0), (25, 0), (6, 80), (15, 80), (25, 80)):
        near = echo_of(far, erl_db, drift_ppm, np.random.default_rng(seed))
        out = run(processor(EchoMode.ON, denoiser), far, near)
        rows.append(
            {
                "erl_db": erl_db,
                "drift_ppm": drift_ppm,
                "erle_2_5_s": round(erle_db(near, out, 2, 5), 1),
                "erle_after_10_s": round(erle_db(near, out, 10, seconds), 1),
            }
        )
    return rows


def headphone_rows(far: np.ndarray, seed: int, denoiser: str) -> list[dict]:
    """See what the automatic choice makes of several couplings."""
    rows = []
    for coupling_db in (-15, -30, -60, -90):
        near = echo_of(far, -coupling_db, 0, np.random.default_rng(seed))
        made = processor(EchoMode.AUTO, denoiser)
        run(made, far, near)
        measured = made.echo.coupling_db
        rows.append(
            {
                "coupling_db": coupling_db,
                "measured_db": None if measured is None else round(measured, 1),
                "cancels": made.echo.wanted,
            }
        )
    return rows


def active_dbfs(sound: np.ndarray) -> float:
    """Return the level over windows of 50 ms within 15.9 dB of it (after ITU-T P.56)."""
    windows = (sound[: len(sound) // 2400 * 2400] / 32768).reshape(-1, 2400)
    powers = np.mean(windows**2, axis=1)
    level = powers.max()
    for _ in range(30):
        level = powers[powers > level / 10**1.59].mean()
    return float(10 * np.log10(level + 1e-12))


def loudness_rows(clips: list[speech.Clip], denoiser: str) -> list[dict]:
    """Give every clip at every level, twice in a row; the second time is measured."""
    rows = []
    for clip in clips:
        own = active_dbfs(clip.sound.astype(float))
        levels = []
        for level_dbfs in LEVELS_DBFS:
            loud = clip.sound * 10 ** ((level_dbfs - own) / 20)
            out = run(processor(EchoMode.OFF, denoiser), None, np.concatenate((loud, loud)))
            levels.append(round(active_dbfs(out[len(loud) :]), 1))
        rows.append({"clip": clip.name, "in_dbfs": LEVELS_DBFS, "out_dbfs": levels})
    return rows


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="echo and loudness of the shipped processing")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--denoiser", choices=("webrtc", "rnnoise"), default="webrtc")
    options = parser.parse_args()
    began = time.process_time()
    clips = speech.clips()
    far = np.concatenate([clip.sound for clip in clips]).astype(float)
    far = np.resize(far, int(options.seconds * RATE_HZ))
    echo = echo_rows(far, options.seconds, options.seed, options.denoiser)
    headphones = headphone_rows(far[: 12 * RATE_HZ], options.seed, options.denoiser)
    loudness = loudness_rows(clips, options.denoiser)
    levels = [level for row in loudness for level in row["out_dbfs"]]
    drifting = [row["erle_after_10_s"] for row in echo if row["drift_ppm"]]
    spread_db = max(abs(level - TARGET_DBFS) for level in levels)
    summary = {
        "erle_drift_db": min(drifting),
        "erle_bar_db": ERLE_BAR_DB,
        "loudness_target_dbfs": TARGET_DBFS,
        "loudness_worst_off_db": round(spread_db, 1),
        "loudness_bar_db": LOUDNESS_BAR_DB,
        "ok": min(drifting) >= ERLE_BAR_DB and spread_db <= LOUDNESS_BAR_DB,
    }
    if options.json:
        result = {"echo": echo, "headphones": headphones, "loudness": loudness, **summary}
        head = {"schema": 1, "bench": "echo", "seed": options.seed, "denoiser": options.denoiser}
        print(json.dumps({**head, **result}, ensure_ascii=False))
        return 0
    for row in echo:
        print("echo at -{erl_db} dB, {drift_ppm} ppm: ERLE ".format(**row), end="")
        print("{erle_2_5_s} dB at 2-5 s, {erle_after_10_s} dB after 10 s".format(**row))
    for row in headphones:
        print("coupling {coupling_db} dB: measured {measured_db}, ".format(**row), end="")
        print("cancels" if row["cancels"] else "taken for headphones")
    for row in loudness:
        print(f"{row['clip']:16} {row['in_dbfs']} -> {row['out_dbfs']} dBFS")
    print(summary, f"({time.process_time() - began:.0f} s of CPU)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
