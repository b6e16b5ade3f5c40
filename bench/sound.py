"""How it sounds: real speech through the shipped sender, a bad network and the shipped receiver.

Run from the checkout: ``.venv/bin/python -m bench.sound [--json] [--seed 1] [--networks 6]``.

``audio.capture.voice.Voice`` (encoders and framer) sends, a model of a network
(``bench/networks.py``) delays and loses, ``audio.playout.jitter.JitterBuffer`` with the decoder
plays, all in virtual time. PESQ-WB (ITU-T P.862.2; 1.0 to 4.64) compares what is heard with what
was said; a row is the median over clips and networks. Each clip is heard twice in a row by the
same listener and judged both times: ``cold`` knows nothing of the network, ``warm`` has listened
for 9 s. The bar is for cold; the delay is the jitter buffer's, a mean over both. Two rivals are in
the same run over the same networks (what they are: ``bench/rivals.py``).

Needs ``pesq``, which needs a C compiler: ``.venv/bin/pip install -e '.[bench]'``. The speech
comes out of Debian packages (``bench/speech.py``). PESQ hears nothing above 8 kHz and punishes
time-stretching that nobody hears; it is a yardstick, no listener. Bursts and stalls are rare
events in 9 s: with 2 networks a clip their rows move by 0.2 from seed to seed.
"""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import Pool
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.capture.voice import Voice
from audio.codec import libopus
from audio.codec.framer import HALL, PROFILES, SLIM, TABLE, THIN, Profile, unpack
from audio.codec.opus import Decoder
from audio.pcm import BLOCK_S, BLOCK_SAMPLES, FRAME_S, RATE_HZ, Pcm
from audio.playout.jitter import LOW_DELAY_S, JitterBuffer
from bench import networks, rivals
from bench.speech import Clip, clips

WIDE_BAND_HZ = 16_000
DELAY_BAR_MS = 110.0
LOW_DELAY_BAR_MS = 60.0
NARROW_DELAY_BAR_MS = 160.0


@dataclass(frozen=True, slots=True)
class Case:
    """One row: a network, how the room is set, and the least PESQ."""

    name: str
    network: str
    bar: float
    profile: str = TABLE.name
    low_delay: bool = False
    delay_bar_ms: float = DELAY_BAR_MS


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one clip over one network."""

    cold: float
    warm: float
    delay_ms: float
    unplayed_pct: float
    concealed_pct: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: medians, but means of delay and shares."""

    case: str
    bar: float
    cold: float
    warm: float
    delay_ms: float
    unplayed_pct: float
    concealed_pct: float
    mumble: float
    aiortc: float
    aiortc_delay_ms: float
    met: bool


NETWORKS: dict[str, networks.Network] = {
    "clean": networks.lan,
    "5 % random": networks.random_loss(0.05),
    "10 % random": networks.random_loss(0.10),
    "20 % random": networks.random_loss(0.20),
    "30 % random": networks.random_loss(0.30),
    "5 % bursts": networks.bursty_loss(0.05),
    "10 % bursts": networks.bursty_loss(0.10),
    "20 % bursts": networks.bursty_loss(0.20),
    "30 % bursts": networks.bursty_loss(0.30),
    "stalls 80-250 ms": networks.stalls(4.0, 0.080, 0.250),
}
CASES = (
    Case("clean", "clean", 4.2),
    Case("10 % random", "10 % random", 3.9),
    Case("20 % random", "20 % random", 3.4),
    Case("30 % random", "30 % random", 2.9),
    Case("10 % in bursts of 3", "10 % bursts", 3.5),
    Case("20 % in bursts of 3", "20 % bursts", 2.9),
    Case("30 % in bursts of 3", "30 % bursts", 2.6),
    Case("5 % in bursts of 3", "5 % bursts", 0.0),
    Case("stalls of 80-250 ms", "stalls 80-250 ms", 3.3),
    Case("low delay, 10 %", "10 % random", 3.6, low_delay=True, delay_bar_ms=LOW_DELAY_BAR_MS),
    Case("low delay, 20 %", "20 % random", 3.1, low_delay=True, delay_bar_ms=LOW_DELAY_BAR_MS),
    Case("hall, clean", "clean", 4.2, HALL.name),
    Case("hall, 10 %", "10 % random", 3.8, HALL.name),
    Case("hall, 20 %", "20 % random", 3.5, HALL.name),
    Case("slim, clean", "clean", 3.7, SLIM.name, delay_bar_ms=NARROW_DELAY_BAR_MS),
    Case("slim, 5 %", "5 % random", 3.4, SLIM.name, delay_bar_ms=NARROW_DELAY_BAR_MS),
    Case("thin, clean", "clean", 2.5, THIN.name, delay_bar_ms=NARROW_DELAY_BAR_MS),
)
_UNPLAYED_BARS_PCT = {"5 % in bursts of 3": 2.5}


def wide_band(sound: Pcm) -> np.ndarray:
    """Take 48 kHz to the 16 kHz of PESQ-WB, with a linear-phase filter below 7.6 kHz."""
    n = np.arange(-48, 49)
    taps = np.sinc(2 * n * 7600 / RATE_HZ) * np.kaiser(len(n), 8.0)
    return np.convolve(sound.astype(np.float64), taps / taps.sum(), mode="same")[::3]


def score(said: Pcm, heard: Pcm) -> float:
    """PESQ-WB; 1.0 where it finds nothing to judge."""
    import pesq

    heard = np.pad(heard[: len(said)], (0, max(0, len(said) - len(heard))))
    try:
        return float(pesq.pesq(WIDE_BAND_HZ, wide_band(said), wide_band(heard), "wb"))
    except pesq.PesqError:
        return 1.0


@cache
def _clips(count: int) -> list[Clip]:
    return clips(count)


@cache
def _payloads(index: int, profile: Profile) -> list[bytes]:
    """The clip, twice in a row, as a sender sends it."""
    sound = _clips(index + 1)[index].sound
    voice = Voice()
    voice.profile = profile
    voice.open()
    twice = np.concatenate([sound, sound])
    blocks = twice[: len(twice) // BLOCK_SAMPLES * BLOCK_SAMPLES].reshape(-1, BLOCK_SAMPLES)
    return [payload for block in blocks if (payload := voice.add(block)) is not None]


def _rng(case: Case, index: int, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, index, *case.network.encode()])


def hear(job: tuple[Case, int, int]) -> Heard:
    """Play one clip over one network to the shipped receiver."""
    case, index, seed = job
    profile = PROFILES[case.profile]
    stream, said = _payloads(index, profile), _clips(index + 1)[index].sound
    arrivals = NETWORKS[case.network](len(stream), _rng(case, index, seed))
    spacing_s = profile.frames * FRAME_S
    arrivals += np.arange(len(stream)) * (spacing_s - networks.SPACING_S)
    order = [int(i) for i in np.argsort(arrivals, kind="stable") if not np.isnan(arrivals[i])]
    buffer = JitterBuffer(Decoder())
    if case.low_delay:
        buffer.limit(LOW_DELAY_S)
    heard, delays, arrived = [], [], 0
    for tick in range(round(len(stream) * spacing_s / BLOCK_S)):
        now = tick * BLOCK_S + 0.003
        while arrived < len(order) and arrivals[order[arrived]] <= now:
            buffer.put(unpack(stream[order[arrived]]), float(arrivals[order[arrived]]))
            arrived += 1
        heard.append(buffer.get(now).copy())
        if buffer.playing:
            delays.append(buffer.delay_ms)
    sound = np.concatenate(heard)
    return Heard(
        cold=score(said, sound[: len(said)]),
        warm=score(said, sound[len(said) :]),
        delay_ms=float(np.mean(delays)),
        unplayed_pct=100.0 * buffer.counts.unplayed / (len(stream) * profile.frames),
        concealed_pct=buffer.concealed_pct,
    )


def hear_rivals(job: tuple[Case, int, int]) -> tuple[float, float, float]:
    """Play one clip over one network to the rivals: two scores, and aiortc's delay in ms."""
    case, index, seed = job
    said, network = _clips(index + 1)[index].sound, NETWORKS[case.network]
    by_mumble, _ = rivals.mumble(said, network, _rng(case, index, seed))
    by_aiortc, delay_ms = rivals.aiortc(said, network, _rng(case, index, seed))
    return score(said, by_mumble), score(said, by_aiortc), delay_ms


def measure(case: Case, pool: Pool, count: int, seeds: range) -> Row:
    """One row of the table."""
    jobs = [(case, index, seed) for index in range(count) for seed in seeds]
    ours = pool.map(hear, jobs)
    others = np.array(pool.map(hear_rivals, jobs))
    cold = round(float(np.median([one.cold for one in ours])), 2)
    delay_ms = round(float(np.mean([one.delay_ms for one in ours])), 1)
    unplayed_pct = round(float(np.mean([one.unplayed_pct for one in ours])), 2)
    in_time = delay_ms <= case.delay_bar_ms
    played = unplayed_pct <= _UNPLAYED_BARS_PCT.get(case.name, 100.0)
    return Row(
        case=case.name,
        bar=case.bar,
        cold=cold,
        warm=round(float(np.median([one.warm for one in ours])), 2),
        delay_ms=delay_ms,
        unplayed_pct=unplayed_pct,
        concealed_pct=round(float(np.mean([one.concealed_pct for one in ours])), 2),
        mumble=round(float(np.median(others[:, 0])), 2),
        aiortc=round(float(np.median(others[:, 1])), 2),
        aiortc_delay_ms=round(float(np.mean(others[:, 2])), 1),
        met=cold >= case.bar and in_time and played,
    )


def _line(row: Row) -> str:
    bar = f"{row.bar:4.1f}" if row.bar else "   -"
    return (
        f"{row.case:20} {bar} {row.cold:6.2f} {row.warm:6.2f} {row.delay_ms:6.0f} ms "
        f"{row.unplayed_pct:5.2f} % {row.concealed_pct:6.2f} %  {'yes' if row.met else 'NO ':3}"
        f" {row.mumble:8.2f} {row.aiortc:7.2f} {row.aiortc_delay_ms:5.0f} ms"
    )


def main() -> int:
    """Print the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description="PESQ-WB of the shipped sound under loss")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--networks", type=int, default=6, help="networks for each clip")
    parser.add_argument("--clips", type=int, default=9)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()
    try:
        import pesq  # noqa: F401
    except ImportError:
        print("no pesq here: .venv/bin/pip install -e '.[bench]'  (needs a C compiler)")
        return 2
    _clips(options.clips)
    seeds = range(options.seed, options.seed + options.networks)
    rows = []
    if not options.json:
        print(f"seed {options.seed}, {options.clips} clips x {options.networks} networks, ", end="")
        print(f"{libopus.version()}; rivals are models: Mumble's settings, plain aiortc")
        print(f"{'':20}  bar   cold   warm  buffer  unplayed concealed met   Mumble  aiortc")
    with Pool(options.jobs) as pool:
        for case in CASES:
            rows.append(measure(case, pool, options.clips, seeds))
            if not options.json:
                print(_line(rows[-1]), flush=True)
    if options.json:
        bench = {"schema": 1, "bench": "sound", "seed": options.seed, "clips": options.clips}
        bench |= {"networks": options.networks, "libopus": libopus.version()}
        print(json.dumps({**bench, "rows": [asdict(row) for row in rows]}, ensure_ascii=False))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
