"""From a key to the sound, and back to silence, over the control socket of a real member.

Two real nodes on loopback: one is told ``mic hold`` over its socket and let go again by closing it,
the other listens. Times count from the moment before the bytes are written. A payload leaves when
the 20 ms in it are full, so its first sample was taken 20 ms before. What the listener hears ends
later by what its jitter buffer keeps back.

    bench/ctl.py [--presses 40] [--seed N] [--json]
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.node_house import a_house
from p2p.api import events
from tui.ctl.place import SUFFIX
from tui.ctl.server import ControlServer
from tui.ctl.unix_socket import UnixSocket

FIRST_SAMPLE_BAR_MS, SILENCE_BAR_MS = 30.0, 150.0
PAYLOAD_MS = 20.0
HELD_S, SILENT_S, SETTLES_S = 0.6, 0.5, 1.0


class Payloads:
    """When sound leaves the audio thread of a node."""

    def __init__(self, sound):
        self.at_s = []
        self._on = sound._on_payload
        sound._on_payload = self._take

    def _take(self, payload):
        self.at_s.append(time.monotonic())
        self._on(payload)


class Heard:
    """When a node's loudspeaker gets what is not silence."""

    def __init__(self, playout):
        self.at_s = []
        self._write = playout.write
        playout.write = self._take

    def _take(self, block):
        if block.any():
            self.at_s.append(time.monotonic())
        self._write(block)


class Held:
    """A real loudspeaker end that can be listened to: slots allow no method to be put over."""

    def __init__(self, playout):
        self._playout = playout

    def __getattr__(self, name):
        return getattr(self._playout, name)

    def write(self, block):
        """Hand on."""
        self._playout.write(block)


async def measure(presses: int, seed: int) -> list[dict[str, float]]:
    """Press the key so many times."""
    chance = random.Random(seed)
    rows = []
    async with a_house() as house:
        speaker = await house.host("speaker", cues=())
        listener = await house.guest("listener", (await speaker.key()).invite, cues=())
        await listener.until(events.Joined)
        sent = Payloads(speaker.node._ours.sound)
        ends = listener.node._ours.sound.pipeline._ends
        ends.playout = Held(ends.playout)
        heard = Heard(ends.playout)
        with tempfile.TemporaryDirectory() as folder:
            server = ControlServer(speaker.node, UnixSocket(Path(folder)))
            await server.open()
            path = Path(folder) / f"{os.getpid()}{SUFFIX}"
            await asyncio.sleep(SETTLES_S)
            for _ in range(presses):
                rows.append(await _press(path, sent, heard))
                await asyncio.sleep(SILENT_S + chance.random() * 0.1)
            server.close()
    return rows[1:]  # the first loads what a microphone needs


async def _press(path: Path, sent: Payloads, heard: Heard) -> dict[str, float]:
    sent.at_s.clear()
    heard.at_s.clear()
    reader, writer = await asyncio.open_unix_connection(path)
    pressed_s = time.monotonic()
    writer.write(b"mic hold\n")
    await reader.readline()
    await asyncio.sleep(HELD_S)
    released_s = time.monotonic()
    writer.close()
    await asyncio.sleep(SILENT_S)
    return {
        "first_sample_ms": (sent.at_s[0] - pressed_s) * 1000.0 - PAYLOAD_MS,
        "first_heard_ms": (heard.at_s[0] - pressed_s) * 1000.0,
        "last_sent_ms": (sent.at_s[-1] - released_s) * 1000.0,
        "silence_heard_ms": (heard.at_s[-1] - released_s) * 1000.0,
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    rows = asyncio.run(measure(args.presses + 1, args.seed))
    result: dict[str, object] = {"schema": 1, "presses": len(rows), "seed": args.seed}
    for name in rows[0]:
        values = sorted(row[name] for row in rows)
        p95 = values[min(len(values) - 1, int(len(values) * 0.95))]
        result[name] = {"median": round(values[len(values) // 2], 1), "p95": round(p95, 1)}
        if not args.json:
            print(f"{name:18} median {values[len(values) // 2]:7.1f}   p95 {p95:7.1f}")
    result["ok"] = (
        result["first_sample_ms"]["p95"] <= FIRST_SAMPLE_BAR_MS
        and result["silence_heard_ms"]["p95"] <= SILENCE_BAR_MS
    )
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
