"""What a member's sound costs: share of one core with everything at work, for 1, 8 and 16 speakers.

    bench/client_cpu.py [--json] [--seconds 20] [--seed 1] [--loss 0.1] [--mask] [--live]
                        [--denoiser webrtc|rnnoise]

The shipped pipeline: a microphone that talks all the time, echo cancellation with the mix as
reference, noise reduction, gain, two encoders; and for each speaker the jitter buffer, decoder and
leveller under random loss. Sound cards, encryption, network and screen are not in it. In virtual
time without ``--live``, round after round; with it the worker is paced by the clock as in a room,
and pays for waking up with cold caches 100 times a second. The CPU is that of the whole process,
native threads included. The last line of ``--json`` is one object.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.capture import rnnoise
from audio.capture.capture import capture_from
from audio.capture.echo import EchoMode
from audio.capture.mask import MaskMode
from audio.capture.sources import source_from
from audio.capture.treatment import Treatment
from audio.capture.voice import Voice
from audio.pcm import BLOCK_S, FRAME_S
from audio.pipeline import Pipeline
from audio.playout.playout import NullPlayout

BARS_PCT = {1: 12.0, 8: 18.0, 16: 24.0}


class Loudspeaker:
    """A loudspeaker that nobody hears, but whose sound counts as an echo's cause."""

    name = "bench"
    running = True
    missed_ms = 0

    def __init__(self) -> None:
        self._null = NullPlayout()
        self.attach, self.wanted = self._null.attach, self._null.wanted
        self.write, self.next_s = self._null.write, self._null.next_s
        self.check, self.close = self._null.check, self._null.close


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

    def __init__(self, speakers: int, options: argparse.Namespace, streams) -> None:
        self.rng = np.random.default_rng(options.seed)
        self.speakers, self.loss, self.streams = speakers, options.loss, streams
        self.problems, self.sent, self.now = [], 0, time.monotonic()
        mask = MaskMode.DISGUISE if options.mask else MaskMode.OFF
        self.pipeline = Pipeline(
            capture_from("clip:english"),
            Loudspeaker(),
            lambda payload: None,
            self.problems.append,
            time.monotonic if options.live else lambda: self.now,
            Treatment(self.problems.append, mask, EchoMode.ON, process=True),
        )

    def frames(self, now: float) -> None:
        """Let each of them send a frame."""
        for speaker in range(self.speakers):
            if self.rng.random() >= self.loss:
                stream = self.streams[speaker % 2]
                self.pipeline.put(speaker, stream[min(self.sent, len(stream) - 1)], now)
        self.sent += 1

    def run(self, seconds: float, live: bool) -> float:
        """Go on for so long; returns the CPU used, in seconds."""
        before_s = time.process_time()
        start_s, first = time.monotonic(), self.sent
        while (self.sent - first) * FRAME_S < seconds:
            self.frames(time.monotonic() if live else self.now)
            if live:
                end_s = start_s + (self.sent - first) * FRAME_S
                time.sleep(max(0.0, end_s - time.monotonic()))
                continue
            for _ in range(2):
                self.now += BLOCK_S
                self.pipeline._round(self.now)
        return time.process_time() - before_s


def measure(speakers: int, options: argparse.Namespace, streams: list[list[bytes]]) -> dict:
    """Run one client: 2 s to warm up, then what counts."""
    client = Client(speakers, options, streams)
    if options.live:
        client.pipeline.start()
    client.pipeline.set_mic(True)
    while client.pipeline.treatment._processor._loaded is None and client.sent == 0:
        if options.live and "echo" in client.pipeline.treatment._processor.parts:
            break
        time.sleep(0.01)
    client.run(2.0, options.live)
    used = 100 * client.run(options.seconds, options.live) / options.seconds
    row = {
        "speakers": speakers,
        "cpu_pct": round(used, 1),
        "bar_pct": BARS_PCT[speakers],
        "parts": client.pipeline.treatment._processor.parts,
        "missed_ms": client.pipeline.counts()["capture_missed_ms"],
        "problems": [problem.code for problem in client.problems],
    }
    client.pipeline.stop()
    return row


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="CPU of a member's sound")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=20.0)
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
    streams = [payloads(clip, options.seconds + 5) for clip in ("english", "mandarin")]
    rows = [measure(speakers, options, streams) for speakers in BARS_PCT]
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if options.json:
        head = {"schema": 1, "bench": "client_cpu", "seed": options.seed}
        ok = all(row["cpu_pct"] <= row["bar_pct"] for row in rows)
        print(json.dumps({**head, "rows": rows, "rss_mb": rss_mb, "ok": ok}))
        return 0
    for row in rows:
        print("{speakers:2} speakers: {cpu_pct:5.1f} % (bar {bar_pct} %) {parts}".format(**row))
        if row["missed_ms"] or row["problems"]:
            print(f"   missed {row['missed_ms']} ms, {row['problems']}")
    print(f"peak memory {rss_mb} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
