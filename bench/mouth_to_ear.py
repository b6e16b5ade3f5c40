"""From mouth to ear: how long speech takes from one virtual sound card to another.

    bench/mouth_to_ear.py [--json] [--runs 5] [--seconds 12] [--server pulseaudio|pipewire]
                          [--option=--WORD ...]

Two real members of a real room, each a process of its own, linked over loopback and sealed end to
end. Speech is played into the microphone of one of them; what the speaker of the other plays is
compared by correlation with what the microphone was given, second by second. The figure holds
everything: sound server, callbacks, 20 ms frames, codec, sealing, network stack, jitter buffer,
mixing. Both virtual cards belong to one server, so that both are recorded by one clock.
The last line of ``--json`` is one object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.capture.sources import source_from
from audio.pcm import RATE_HZ, Pcm
from bench.soundserver import SERVERS, SoundServer, missing

ROOT = Path(__file__).resolve().parent.parent
BAR_MS = 105.0
WINDOW_S = 1.0
LONGEST_S = 0.6
LIKE_ENOUGH = 0.35
SETTLE_S = 3.0
LIMIT_S = 30.0


class Member:
    """A process of the room, driven by the line mode."""

    def __init__(self, environ: dict[str, str], *arguments: str) -> None:
        self.events: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tui", *arguments, "--plain", "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environ, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Type one line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Wait for an event.

        Raises:
            RuntimeError: It did not come.
        """
        end_s = time.monotonic() + LIMIT_S
        while time.monotonic() < end_s:
            for event in list(self.events):
                if event["event"] == kind and all(event[k] == v for k, v in fields.items()):
                    return event
            time.sleep(0.02)
        raise RuntimeError(f"no {kind}: {self.events[-5:]}")

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                self.events.append(json.loads(line))


def speech(seconds: float) -> Pcm:
    """The shipped English clip, again and again."""
    source = source_from("clip:english")
    assert source is not None
    return np.concatenate([source.read() for _ in range(round(seconds * 100))])


def lags_ms(mouth: Pcm, ear: Pcm, ear_later_s: float) -> list[float]:
    """Find every second of the mouth again at the ear.

    Args:
        mouth: What was spoken.
        ear: What was heard.
        ear_later_s: How much later the second recording began.

    Returns:
        Milliseconds for each second of speech that was found with certainty.
    """
    found = []
    window = round(WINDOW_S * RATE_HZ)
    shift = round(ear_later_s * RATE_HZ)
    reach = round(LONGEST_S * RATE_HZ)
    for at in range(0, len(mouth) - window - reach, window // 2):
        part = mouth[at : at + window].astype(float)
        begin = at - shift
        where = ear[max(0, begin) : begin + window + reach].astype(float)
        if begin < 0 or len(where) < window + reach or np.sqrt((part**2).mean()) < 300:
            continue
        size = 1 << (len(where) + window).bit_length()
        spectrum = np.fft.rfft(where, size) * np.conj(np.fft.rfft(part, size))
        product = np.fft.irfft(spectrum, size)[: reach + 1]
        sums = np.concatenate(([0.0], np.cumsum(where**2)))
        energy = sums[window : window + reach + 1] - sums[: reach + 1]
        likeness = product / np.sqrt(np.maximum(energy, 1.0) * (part**2).sum())
        best = int(np.argmax(likeness))
        if likeness[best] >= LIKE_ENOUGH:
            found.append(1000.0 * best / RATE_HZ)
    return found


def one_run(kind: str, seconds: float, options: list[str]) -> tuple[list[float], dict[str, Any]]:
    """Two members talk for a while; returns the lags and the listener's last figures."""
    with tempfile.TemporaryDirectory(prefix="mouth-to-ear-") as folder:
        server = SoundServer(kind, Path(folder))
        members: list[Member] = []
        server.start()
        try:
            common = ["--mode", "open", "--listen", "127.0.0.1:0", "--cues", "off", *options]
            host = Member(server.environ, "create", *common, "--speaker", "null")
            members.append(host)
            key = host.until("key")["invite"]
            guest = Member(
                server.environ, "join", "-", *common, "--mic", "silence", "--only", "invite"
            )
            members.append(guest)
            guest.say(key)
            guest.until("joined")
            mouth, ear = server.listen("mic_in.monitor"), server.listen("spk.monitor")
            with server.speaking(speech(seconds + SETTLE_S + 2.0)):
                host.say("mic on")
                host.until("mic", on=True)
                guest.until("first_sound")
                time.sleep(seconds + SETTLE_S)
                guest.events.clear()
                guest.say("stats")
                stats = guest.until("stats")
            spoken, heard = mouth.stop(), ear.stop()
        finally:
            for member in members:
                member.end()
            server.kill()
        skipped = round(SETTLE_S * RATE_HZ)
        later_s = ear.begin_s(RATE_HZ) - mouth.begin_s(RATE_HZ)
        lags = lags_ms(spoken[skipped:], heard, later_s - SETTLE_S)
        return lags, next(iter(stats["speakers"]), {})


def measure(kind: str, runs: int, seconds: float, options: list[str]) -> dict[str, Any]:
    """The figures of one sound server over several runs."""
    reason = missing(kind)
    if reason:
        return {"server": kind, "skipped": reason}
    medians, everything, buffers = [], [], []
    for _ in range(runs):
        lags, heard = one_run(kind, seconds, options)
        if lags:
            medians.append(float(np.median(lags)))
            everything += lags
            buffers.append(float(heard.get("delay_ms", 0.0)))
    if not medians:
        return {"server": kind, "skipped": "nothing was heard"}
    return {
        "server": kind,
        "median_ms": round(float(np.median(medians)), 1),
        "p90_ms": round(float(np.percentile(everything, 90)), 1),
        "runs_ms": [round(median, 1) for median in medians],
        "windows": len(everything),
        "jitter_buffer_ms": round(float(np.median(buffers)), 1),
        "bar_ms": BAR_MS,
        "met": float(np.median(medians)) <= BAR_MS,
    }


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=12.0, help="of speech in each run")
    parser.add_argument("--server", choices=SERVERS, action="append")
    parser.add_argument("--option", action="append", default=[], help="passed to both members")
    args = parser.parse_args()
    rows = []
    for kind in args.server or SERVERS:
        row = measure(kind, args.runs, args.seconds, args.option)
        rows.append(row)
        if args.json:
            continue
        if "skipped" in row:
            print(f"{kind:<11} skipped: {row['skipped']}")
        else:
            print(
                f"{kind:<11} mouth to ear {row['median_ms']:6.1f} ms median of {row['runs_ms']}, "
                f"p90 {row['p90_ms']:.1f}, jitter buffer {row['jitter_buffer_ms']:.0f} ms "
                f"(bar {BAR_MS:.0f}: {'met' if row['met'] else 'NOT met'})"
            )
    if args.json:
        print(json.dumps({"bench": "mouth_to_ear", "servers": rows}))
    return 0 if all(row.get("met", True) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
