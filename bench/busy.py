"""A talk on a busy machine: holes in what is heard while other programs want all of the processor.

    bench/busy.py [--json] [--seconds 60] [--server pulseaudio] [--scene quiet|core|all ...]

Two real members, one of which says a steady tone, and a sound server of our own that the other
plays it to; what its loudspeaker is given is recorded. ``quiet``: nothing else runs here; ``core``:
members, server and recorder share one core with a program that spins (nice 0); ``all``: one such
program for every core. A hole is a stretch of the tone that is not heard, found in steps of 5 ms.
The sound server and the recorder suffer from the load as well: their holes count as ours. Linux
only. The last line of ``--json`` is one object.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from audio.pcm import RATE_HZ, Pcm
from bench.mouth_to_ear import Member
from bench.soundserver import SERVERS, SoundServer, missing

SCENES = ("quiet", "core", "all")
BAR_HOLE_MS = 20.0
STEP_MS = 5
SETTLE_S = 3.0
SILENT_RMS = 100.0
"""The tone has about 3,300."""


def spin() -> None:
    """A program that wants all it can get."""
    while True:
        pass


@contextlib.contextmanager
def load(scene: str) -> Iterator[None]:
    """Keep the processor busy while the block runs; what starts within it shares it."""
    cores = os.sched_getaffinity(0)
    if scene == "core":
        os.sched_setaffinity(0, {min(cores)})
    count = {"quiet": 0, "core": 1, "all": len(cores)}[scene]
    spinning = [multiprocessing.Process(target=spin, daemon=True) for _ in range(count)]
    for one in spinning:
        one.start()
    try:
        yield
    finally:
        for one in spinning:
            one.kill()
            one.join()
        os.sched_setaffinity(0, cores)


def holes_ms(heard: Pcm) -> list[int]:
    """How long each stretch without the tone lasted."""
    step = RATE_HZ * STEP_MS // 1000
    rows = heard[: len(heard) // step * step].astype(float).reshape(-1, step)
    silent = np.sqrt(np.mean(np.square(rows), axis=1)) < SILENT_RMS
    return [STEP_MS * len(list(run)) for is_silent, run in groupby(silent) if is_silent]


def talk(kind: str, scene: str, seconds: float) -> dict:
    """One talk, and what was heard of it."""
    with tempfile.TemporaryDirectory(prefix="busy-") as folder:
        server, members = SoundServer(kind, Path(folder)), []
        server.start()
        common = ["--mode", "open", "--listen", "127.0.0.1:0", "--cues", "off"]
        try:
            host = Member(
                server.environ, "create", *common, "--speaker", "null", "--mic", "tone:440"
            )
            members.append(host)
            key = host.until("key")["invite"]
            guest = Member(
                server.environ, "join", "-", *common, "--mic", "silence", "--only", "invite"
            )
            members.append(guest)
            guest.say(key)
            guest.until("joined")
            host.say("mic on")
            guest.until("first_sound")
            ear = server.listen("spk.monitor")
            time.sleep(SETTLE_S + seconds)
            guest.events.clear()
            guest.say("stats")
            heard_of = next(iter(guest.until("stats")["speakers"]), {})
            heard = ear.stop()[round(SETTLE_S * RATE_HZ) :]
        finally:
            for member in members:
                member.end()
            server.kill()
    found = holes_ms(heard)
    return {
        "server": kind,
        "scene": scene,
        "heard_s": round(len(heard) / RATE_HZ, 1),
        "holes": len(found),
        "longest_ms": max(found, default=0),
        "concealed_pct": round(heard_of.get("concealed_pct", 0.0), 2),
        "delay_ms": round(heard_of.get("delay_ms", 0.0), 1),
        "bar_ms": BAR_HOLE_MS,
        "ok": len(heard) > 0.9 * seconds * RATE_HZ and max(found, default=0) <= BAR_HOLE_MS,
    }


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="holes in what is heard on a busy machine")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--server", choices=SERVERS, default=SERVERS[0])
    parser.add_argument("--scene", choices=SCENES, action="append")
    options = parser.parse_args()
    reason = missing(options.server)
    if reason:
        raise SystemExit(reason)
    rows = []
    for scene in options.scene or SCENES:
        with load(scene):
            row = talk(options.server, scene, options.seconds)
        rows.append(row)
        if not options.json:
            print(
                "{scene:<6} {heard_s:5.1f} s heard, {holes} holes, the longest {longest_ms} ms "
                "(bar {bar_ms:g}); concealed {concealed_pct} %, delay {delay_ms} ms".format(**row)
            )
    if options.json:
        ok = all(row["ok"] for row in rows)
        print(json.dumps({"schema": 1, "bench": "busy", "rows": rows, "ok": ok}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
