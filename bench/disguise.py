"""How well the disguise hides a voice from software that compares voices.

    bench/disguise.py [--json] [--sessions 6] [--seed 1]

Six recorded voices of five people (the English and the Spanish one are the same woman) are
enrolled with 20 s of clear speech. Other speech of theirs goes through the shipped disguise, in
several sessions of its own random parameters, and is compared (see bench/speakerid.py). Printed
are the mean cosine to the own clear voice, and in how many of the six cases the own voice was the
closest. ``undone`` is the same for an attacker who shifts the pitch and the resonances back by the
middle of each known range and takes what looks most like somebody; ``linked`` for one who enrols
on the disguised voices of another session. One encoder from 2019 and six voices: real attackers
are stronger. The last line of ``--json`` is one object.
"""

import argparse
import hashlib
import json
import sys
import time
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.capture import mask as mask_module
from audio.capture.mask import LONGEST_DELAY_MS, Disguise
from audio.capture.resample import Down
from bench import speech
from bench.speakerid import SpeakerEncoder

ENROL_S, TEST_S = 20, 16
COSINE_BAR, FOUND_BAR = 0.65, 3.0
PEOPLE = ("A", "A", "B", "C", "D", "E")
_PROMPTS = "usr/share/asterisk/sounds"
_AUSTEN = "usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb"
VOICES = (
    ("en", "asterisk-core-sounds-en-g722", f"{_PROMPTS}/en*/demo-instruct.g722"),
    ("es", "asterisk-core-sounds-es-g722", f"{_PROMPTS}/es*/demo-instruct.g722"),
    ("fr", "asterisk-core-sounds-fr-g722", f"{_PROMPTS}/fr*/demo-instruct.g722"),
    ("it", "asterisk-core-sounds-it-g722", f"{_PROMPTS}/it*/demo-instruct.g722"),
    ("ru", "asterisk-core-sounds-ru-g722", f"{_PROMPTS}/ru*/demo-instruct.g722"),
    ("reader", "pocketsphinx-testdata", f"{_AUSTEN}-*.wav"),
)


def voice(package: str, pattern: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what to enrol and what to test, float32 at 48 kHz in the range of int16."""
    paths = sorted(speech._unpacked(package).glob(pattern))
    sound = np.concatenate([speech._read(path) for path in paths]) * 32768
    sound *= 2300 / np.sqrt(np.mean(sound**2))
    rate = speech.RATE_HZ
    half = min(ENROL_S * rate, len(sound) // 2)
    return sound[:half], sound[half : half + TEST_S * rate]


def seeded(seed: str):
    """Return a source of bytes that gives the same ones each time."""
    count = 0

    def rng(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_128(f"{seed}/{count}".encode()).digest(size)

    return rng


def through(disguise: Disguise, sound: np.ndarray) -> np.ndarray:
    """Return the disguised sound."""
    whole = sound[: len(sound) // 480 * 480].astype(np.float32).reshape(-1, 480)
    return np.concatenate([disguise.process(block) for block in whole])


def reversing(semitones: mask_module.Range, coefficients: mask_module.Range) -> Disguise:
    """Return what a person would try who knows the program: its middle values, backwards."""
    undo = Disguise(seeded("undo"))
    for walk, middle in (
        (undo._semitones, -sum(semitones) / 2),
        (undo._coefficient, 2 / sum(coefficients)),
    ):
        walk._reach, walk._middle, walk._value, walk._aim = 0.0, middle, middle, middle
    return undo


def undone(encoder: SpeakerEncoder, hidden: list[np.ndarray], enrolled) -> tuple[float, int]:
    """Return the best result of an attacker who tries each of the four ranges on each voice."""
    best = []
    for one in hidden:
        tries = [
            encoder.embed(low_rate(through(reversing(*ranges), one)))
            for ranges in product(mask_module.SEMITONES, mask_module.COEFFICIENTS)
        ]
        best.append(max(tries, key=lambda found: max(float(found @ own) for own in enrolled)))
    return score(best, enrolled)


def low_rate(sound: np.ndarray) -> np.ndarray:
    """Return the sound at 16 kHz."""
    down = Down()
    whole = sound[: len(sound) // 480 * 480].astype(np.float32).reshape(-1, 480)
    return np.concatenate([down.convert(block) for block in whole])


def score(tests: list[np.ndarray], enrolled: list[np.ndarray]) -> tuple[float, int]:
    """Return the mean cosine to the right voice, and how many were found."""
    cosines = np.array([[float(test @ own) for own in enrolled] for test in tests])
    right = [PEOPLE[int(row.argmax())] == PEOPLE[at] for at, row in enumerate(cosines)]
    return float(np.diag(cosines).mean()), sum(right)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="speaker similarity behind the disguise")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--sessions", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    encoder = SpeakerEncoder()
    voices = [voice(package, pattern) for _, package, pattern in VOICES]
    enrolled = [encoder.embed(low_rate(clear)) for clear, _ in voices]
    rows = {"clear": [score([encoder.embed(low_rate(test)) for _, test in voices], enrolled)]}
    rows |= {"disguised": [], "undone": [], "linked": []}
    before, cpu_s, blocks = None, 0.0, 0
    for session in range(options.sessions):
        hidden = []
        for at, (_, test) in enumerate(voices):
            began_s = time.process_time()
            hidden.append(through(Disguise(seeded(f"{options.seed}/{session}/{at}")), test))
            cpu_s, blocks = cpu_s + time.process_time() - began_s, blocks + len(test) // 480
        found = [encoder.embed(low_rate(sound)) for sound in hidden]
        rows["disguised"].append(score(found, enrolled))
        rows["undone"].append(undone(encoder, hidden, enrolled))
        if before is not None:
            rows["linked"].append(score(found, before))
        before = found
    table = {
        name: {
            "cosine": round(float(np.mean([cosine for cosine, _ in results])), 2),
            "found_of_6": round(float(np.mean([count for _, count in results])), 1),
        }
        for name, results in rows.items()
        if results
    }
    hidden_row = table["disguised"]
    summary = {
        "cosine_bar": COSINE_BAR,
        "found_bar": FOUND_BAR,
        "delay_ms": round(LONGEST_DELAY_MS, 1),
        "cpu_us_per_10_ms": round(1e6 * cpu_s / blocks),
        "ok": hidden_row["cosine"] <= COSINE_BAR and hidden_row["found_of_6"] <= FOUND_BAR,
    }
    if options.json:
        head = {"schema": 1, "bench": "disguise", "seed": options.seed}
        print(json.dumps({**head, "sessions": options.sessions, "rows": table, **summary}))
        return 0
    for name, row in table.items():
        print(f"{name:10} cosine {row['cosine']:.2f}, found {row['found_of_6']:.1f} of 6")
    print(summary)
    return 0


if __name__ == "__main__":
    sys.exit(main())
