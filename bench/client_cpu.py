"""What a member's sound costs beside its bare native calls, for 1, 8 and 16 speakers.

    bench/client_cpu.py [--json] [--seconds 20] [--seed 1] [--loss 0.1] [--mask] [--live]
                        [--denoiser webrtc|rnnoise]

The shipped pipeline: a microphone that talks all the time, echo cancellation with the mix as
reference, noise reduction, gain, two encoders; and for each speaker the jitter buffer, decoder and
leveller under random loss. Sound cards, encryption, network and screen are not in it. Each second
of it, in virtual time, is followed by a second of the bare calls (``bench/floor.py``): shares of a
core differ from machine to machine, the ratio does not. With ``--live`` the worker is paced by the
clock as in a room, pays for waking up with cold caches, and is compared with virtual time. The CPU
is that of the whole process, native threads included. Figures are medians over the seconds. The
last line of ``--json`` is one object.
"""

import argparse
import itertools
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.capture import rnnoise
from audio.capture.capture import SourceCapture
from audio.capture.echo import EchoMode
from audio.capture.mask import MaskMode
from audio.capture.sources import source_from
from audio.capture.treatment import Treatment
from audio.capture.voice import Voice
from audio.pcm import BLOCK_S, FRAME_S
from audio.pipeline import Pipeline
from audio.playout.playout import NullPlayout
from bench.floor import Floor

SPEAKERS = (1, 8, 16)
BAR = 1.6
"""Most CPU, in parts of the floor."""
BAR_SPEAKER = 3.0
"""Most CPU of each further speaker, in parts of a bare decoder."""
BAR_LIVE = 1.3
"""Most CPU when the clock paces it, in parts of virtual time."""


class Loudspeaker:
    """A loudspeaker that nobody hears, but whose sound counts as an echo's cause."""

    name = "bench"
    running = True
    missed_ms = 0

    def __init__(self) -> None:
        self._null = NullPlayout()
        self.attach, self.wanted = self._null.attach, self._null.wanted
        self.write, self.next_s = self._null.write, self._null.next_s
        self.rest = self._null.rest
        self.check, self.close = self._null.check, self._null.close


class Recorded:
    """The shipped English clip, decoded before: a microphone has nothing to decode."""

    name = "bench"

    def __init__(self) -> None:
        source = source_from("clip:english")
        assert source is not None
        self._blocks = itertools.cycle([source.read() for _ in range(1000)])

    def read(self):
        """The next block."""
        return next(self._blocks)

    def close(self) -> None:
        """Nothing to let go of."""


def payloads(clip: str, seconds: float) -> list[bytes]:
    """Return a clip, over and over, as the shipped sender packs it."""
    source = source_from(f"clip:{clip}")
    assert source is not None
    voice = Voice()
    voice.open()
    packed = [voice.add(source.read()) for _ in range(int(seconds * 100))]
    return [one for one in packed if one is not None]


class Client:
    """One pipeline, and those who talk to it."""

    def __init__(self, speakers: int, options: argparse.Namespace, streams, *, live=False) -> None:
        self.rng = np.random.default_rng(options.seed)
        self.speakers, self.loss, self.streams = speakers, options.loss, streams
        self.problems, self.sent, self.now = [], 0, time.monotonic()
        mask = MaskMode.DISGUISE if options.mask else MaskMode.OFF
        self.pipeline = Pipeline(
            SourceCapture(Recorded()),
            Loudspeaker(),
            lambda payload: None,
            self.problems.append,
            time.monotonic if live else lambda: self.now,
            Treatment(self.problems.append, mask, EchoMode.ON, process=True),
        )

    def frames(self, now: float) -> None:
        """Let each of them send a frame."""
        for speaker in range(self.speakers):
            if self.rng.random() >= self.loss:
                stream = self.streams[speaker % 2]
                self.pipeline.put(speaker, stream[min(self.sent, len(stream) - 1)], now)
        self.sent += 1

    def load(self) -> None:
        """Open the microphone and wait until all that treats it is there."""
        processor = self.pipeline.treatment._processor
        self.pipeline.set_mic(True)
        while not processor.loading and "echo" not in processor.parts:
            time.sleep(0.01)

    def run(self, seconds: float) -> float:
        """Go on for so long in virtual time; returns the CPU used, in seconds."""
        before_s = time.process_time()
        for _ in range(round(seconds / FRAME_S)):
            self.frames(self.now)
            for _ in range(2):
                self.now += BLOCK_S
                self.pipeline._round(self.now)
        return time.process_time() - before_s

    def run_live(self, seconds: float) -> float:
        """Go on for so long by the clock; returns the CPU used, in seconds."""
        before_s, start_s = time.process_time(), time.monotonic()
        for frame in range(round(seconds / FRAME_S)):
            self.frames(time.monotonic())
            time.sleep(max(0.0, start_s + (frame + 1) * FRAME_S - time.monotonic()))
        return time.process_time() - before_s

    def report(self) -> dict:
        """What was at work, and what went wrong."""
        return {
            "parts": self.pipeline.treatment._processor.parts,
            "missed_ms": self.pipeline.counts()["capture_missed_ms"],
            "problems": [problem.code for problem in self.problems],
        }


def measure(speakers: int, options: argparse.Namespace, streams: list[list[bytes]]) -> dict:
    """Run one client and its floor by turns, a second each: 2 s to warm up, then what counts."""
    client, floor = Client(speakers, options, streams), Floor(speakers, streams)
    client.load()
    seconds = [(client.run(1.0), floor.run(1.0)) for _ in range(2 + options.seconds)]
    ours, bare = zip(*seconds[2:], strict=True)
    row = {
        "speakers": speakers,
        "cpu_pct": 100 * statistics.median(ours),
        "floor_pct": 100 * statistics.median(bare),
        "ratio": statistics.median(one / other for one, other in seconds[2:]),
        "bar": BAR,
        **client.report(),
    }
    client.pipeline.stop()
    return row


def measure_live(speakers: int, options: argparse.Namespace, streams: list[list[bytes]]) -> float:
    """Run one client paced by the clock; returns the median share of a core, in per cent."""
    client = Client(speakers, options, streams, live=True)
    client.pipeline.start()
    client.load()
    seconds = [client.run_live(1.0) for _ in range(2 + options.seconds)]
    client.pipeline.stop()
    return 100 * statistics.median(seconds[2:])


def each_further(rows: list[dict]) -> float:
    """What one more speaker costs, in parts of a bare decoder."""
    first, last = rows[0], rows[-1]
    return (last["cpu_pct"] - first["cpu_pct"]) / (last["floor_pct"] - first["floor_pct"])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="CPU of a member's sound")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--loss", type=float, default=0.1)
    parser.add_argument("--mask", action="store_true", help="with the disguise")
    parser.add_argument("--live", action="store_true", help="paced by the clock")
    parser.add_argument("--denoiser", choices=("webrtc", "rnnoise"), default="webrtc")
    options = parser.parse_args()
    if options.denoiser == "webrtc":
        rnnoise.library_path = lambda: None
    elif rnnoise.library_path() is None:
        raise SystemExit("RNNoise is not installed: pip install pyrnnoise")
    streams = [payloads(clip, 2 * options.seconds + 10) for clip in ("english", "mandarin")]
    rows = [measure(speakers, options, streams) for speakers in SPEAKERS]
    for row in rows if options.live else ():
        live_pct = measure_live(row["speakers"], options, streams)
        row |= {"live_pct": live_pct, "live_ratio": live_pct / row["cpu_pct"]}
    further = each_further(rows)
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    ok = further <= BAR_SPEAKER and all(
        row["ratio"] <= BAR and row.get("live_ratio", 0.0) <= BAR_LIVE for row in rows
    )
    if options.json:
        head = {"schema": 2, "bench": "client_cpu", "seed": options.seed}
        print(json.dumps({**head, "rows": rows, "further": further, "rss_mb": rss_mb, "ok": ok}))
        return 0
    for row in rows:
        print(
            "{speakers:2} speakers: {cpu_pct:5.1f} % of a core, floor {floor_pct:4.1f} %, "
            "{ratio:.2f} times (bar {bar}) {parts}".format(**row)
        )
        if options.live:
            print(f"   by the clock {row['live_pct']:.1f} %, {row['live_ratio']:.2f} times")
        if row["missed_ms"] or row["problems"]:
            print(f"   missed {row['missed_ms']} ms, {row['problems']}")
    print(f"each further speaker: {further:.1f} bare decoders (bar {BAR_SPEAKER})")
    print(f"peak memory {rss_mb} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
