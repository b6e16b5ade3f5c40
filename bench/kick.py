"""From "remove" to deaf: how long a removed member goes on opening what is said.

``kick.py [--members 700] [--kicks 20] [--real-kicks 10] [--ghost-kicks 10] [--crowd 10000]
[--crowd-kicks 3] [--seed 1] [--json]``; 0 leaves a part out. The first part is ``kick_real.py``,
the second ``kick_ghosts.py``. In the third the simulator runs the shipped cores of every member;
operations and wraps run down a tree of fan-out 4 from whoever says them, 80 ms a hop. The removed
member ignores its removal, taps every frame and every wrap, and tries them all with what it holds
until the end. The author's own work is measured here and counts; it wraps for the speakers first.

The fourth part is a crowd (``lab/sim/crowd.py``): a room in shares, of ``--crowd`` members at
relays in a tree, each hop lognormal around 40 ms, each member with an uplink of 1 Mbit/s and two
relays, one in a hundred crashed unnoticed. It is played as it is; with one listener in ten that
wraps nothing; and as it was before there were shares, where the author wraps for everybody. What it
takes to evaluate operations is not in it.

A kick counts from the command. *deaf*: when the last frame was sealed that the removed one could
ever open. *last listener*: when the last honest member had the new key.
"""

import argparse
import asyncio
import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.kick_crowd import crowd
from bench.kick_ghosts import ghosts
from bench.kick_real import real
from lab.sim.kick_room import KickRoom
from lab.sim.once import pure_parts_once

DEAF_BAR_MS = 500
LISTENER_BAR_MS = 1000


def simulated(members: int, kicks: int, seed: int) -> dict:
    """Several removals in one large simulated room, one after the other."""
    with pure_parts_once():
        room = KickRoom(seed, members)
        found = [room.kick() for _ in range(kicks)]
    deaf_ms = [1000 * kick.deaf_s for kick in found]
    listener_ms = [1000 * kick.last_listener_s for kick in found]
    result = {
        "members": members,
        "kicks": kicks,
        "seed": seed,
        "deaf_ms_p95": round(percentile(deaf_ms, 95)),
        "deaf_ms_p95_network_alone": round(
            percentile([1000 * kick.deaf_s - kick.author_ms for kick in found], 95)
        ),
        "deaf_ms_median": round(statistics.median(deaf_ms)),
        "last_listener_ms_max": round(max(listener_ms)),
        "author_ms_median": round(statistics.median(kick.author_ms for kick in found)),
        "wrapped_ms_median": round(statistics.median(kick.wrapped_ms for kick in found)),
        "longest_hold_ms": round(1000 * max(kick.held_s for kick in found)),
        "unopened_frames": sum(kick.unopened for kick in found),
        "paused_frames": sum(kick.paused for kick in found),
        "wraps_bytes": found[0].wraps_bytes,
        "author_bytes": max(kick.author_bytes for kick in found),
        "others_messages": found[0].wrappers,
    }
    result["ok"] = (
        result["deaf_ms_p95"] <= DEAF_BAR_MS
        and result["last_listener_ms_max"] <= LISTENER_BAR_MS
        and result["unopened_frames"] == 0
    )
    return result


def percentile(values: list[float], share: float) -> float:
    """The smallest value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=700)
    parser.add_argument("--kicks", type=int, default=20)
    parser.add_argument("--real-kicks", type=int, default=10)
    parser.add_argument("--ghost-kicks", type=int, default=10)
    parser.add_argument("--crowd", type=int, default=10_000, help="members of the fourth part")
    parser.add_argument("--crowd-kicks", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    parts = {}
    if args.real_kicks:
        parts["real"] = real(args.real_kicks, percentile, DEAF_BAR_MS, LISTENER_BAR_MS)
    if args.ghost_kicks:
        parts["ghosts"] = asyncio.run(ghosts(args.ghost_kicks, percentile, DEAF_BAR_MS))
    if args.kicks:
        parts["simulated"] = simulated(args.members, args.kicks, args.seed)
    if args.crowd_kicks:
        parts["crowd"] = crowd(args.crowd, args.crowd_kicks, args.seed, percentile)
    if not args.json:
        for name, part in parts.items():
            print(name)
            for key, value in part.items():
                print(f"  {key:24} {value}")
    bars = {"deaf_ms_p95": DEAF_BAR_MS, "last_listener_ms": LISTENER_BAR_MS}
    ok = all(part["ok"] for part in parts.values())
    print(json.dumps({"schema": 1, **parts, "bars": bars, "ok": ok}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
