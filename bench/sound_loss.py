"""What the jitter buffer makes of bad networks: concealed and unplayed sound, and its delay.

    bench/sound_loss.py [--json] [--seconds 66] [--seed 1]

Real Opus and the shipped framer and jitter buffer in virtual time; only the network is a
model. The sound is synthetic speech-like noise from the seed. ``delay`` is the time in the
buffer beyond the quickest packet; ``concealed`` is the share of play time that was invented;
``unplayed`` is the share of sent frames that were never decoded. The last line of ``--json``
is one object.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.codec.framer import Framer, unpack
from audio.codec.opus import LOW_RATE_BPS, Decoder, Encoder
from audio.pcm import BLOCK_S, FRAME_S, FRAME_SAMPLES, RATE_HZ, Pcm
from audio.playout.jitter import JitterBuffer
from bench.networks import TABLE, Network, Times


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    network: str
    lost_pct: float
    concealed_pct: float
    unplayed_pct: float
    copied_pct: float
    delay_ms: float
    delay_p95_ms: float
    cpu_us_per_block: float


def babble(seconds: float, rng: np.random.Generator) -> Pcm:
    """Make sound with the rhythm of speech: voiced syllables, hisses, gaps."""
    parts = []
    made = 0
    while made < seconds * RATE_HZ:
        samples = int(rng.uniform(0.08, 0.3) * RATE_HZ)
        kind = rng.random()
        if kind < 0.6:
            pitch_hz = np.linspace(*rng.uniform(95.0, 240.0, 2), samples)
            phase = 2.0 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
            weights = 1.0 / np.arange(1, 16) ** rng.uniform(0.8, 1.6)
            part = sum(w * np.sin(k * phase) for k, w in enumerate(weights, start=1)) * 5000.0
        elif kind < 0.8:
            part = rng.normal(0.0, 900.0, samples)
        else:
            part = rng.normal(0.0, 8.0, samples)
        parts.append(part * np.hanning(samples) ** 0.3)
        made += samples
    sound = np.concatenate(parts)[: int(seconds * RATE_HZ)]
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def payloads(sound: Pcm) -> list[bytes]:
    """Encode sound the way a speaker does."""
    primary, low_rate, framer = Encoder(), Encoder(LOW_RATE_BPS), Framer()
    return [
        framer.pack(primary.encode(frame), low_rate.encode(frame), speaking=True)
        for frame in sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    ]


def listen(stream: list[bytes], arrivals: Times) -> tuple[JitterBuffer, list[float], list[Pcm]]:
    """Play a stream through a fresh jitter buffer in virtual time.

    Args:
        stream: Payloads in order of sending.
        arrivals: When each arrives, NaN for never.

    Returns:
        The buffer after the last packet, its delay (ms) at every block, and the blocks.
    """
    buffer = JitterBuffer(Decoder())
    order = [int(i) for i in np.argsort(arrivals, kind="stable") if not np.isnan(arrivals[i])]
    delays: list[float] = []
    blocks: list[Pcm] = []
    arrived = 0
    for tick in range(round(len(stream) * FRAME_S / BLOCK_S)):
        now = tick * BLOCK_S + 0.003
        while arrived < len(order) and arrivals[order[arrived]] <= now:
            index = order[arrived]
            buffer.put(unpack(stream[index]), float(arrivals[index]))
            arrived += 1
        blocks.append(buffer.get(now).copy())
        if buffer.playing:
            delays.append(buffer.delay_ms)
    return buffer, delays, blocks


def measure(name: str, network: Network, stream: list[bytes], seed: int) -> Row:
    """Play the stream over one network and sum up."""
    arrivals = network(len(stream), np.random.default_rng(seed))
    began = time.process_time()
    buffer, delays, blocks = listen(stream, arrivals)
    cpu_s = time.process_time() - began
    counts = buffer.counts
    share = 100.0 / len(stream)
    return Row(
        network=name,
        lost_pct=round(float(np.isnan(arrivals).mean() * 100.0), 2),
        concealed_pct=round(buffer.concealed_pct, 2),
        unplayed_pct=round(counts.unplayed * share, 2),
        copied_pct=round(counts.copied * share, 2),
        delay_ms=round(float(np.mean(delays)), 1),
        delay_p95_ms=round(float(np.percentile(delays, 95)), 1),
        cpu_us_per_block=round(cpu_s / len(blocks) * 1e6, 1),
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="jitter buffer under model networks")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=66.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    stream = payloads(babble(options.seconds, np.random.default_rng(options.seed)))
    rows = []
    if not options.json:
        print(f"{'network':24} {'lost':>6} {'conc.':>6} {'unpl.':>6} {'copy':>6} {'delay':>6} p95")
    for name, network in TABLE.items():
        row = measure(name, network, stream, options.seed)
        rows.append(row)
        if not options.json:
            print(
                f"{name:24} {row.lost_pct:5.1f}% {row.concealed_pct:5.2f}% "
                f"{row.unplayed_pct:5.2f}% {row.copied_pct:5.1f}% "
                f"{row.delay_ms:5.1f} {row.delay_p95_ms:5.1f} ms"
            )
    if options.json:
        bench = {"schema": 1, "bench": "sound_loss", "seed": options.seed}
        print(json.dumps({**bench, "rows": [asdict(row) for row in rows]}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
