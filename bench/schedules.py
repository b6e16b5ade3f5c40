"""Random histories of a room, played by the shipped cores in virtual time.

``schedules.py [--count 200] [--seed N] [--largest 40] [--forgetful] [--hostile] [--jobs 2]
[--json]``. Each history begins with 4 to 40 members, or to ``--largest``: with 12 it goes four
times as fast. They join, leave, are removed with a new key, speak, are muted, lock the room, fall
apart into up to three networks, grow together, sleep and wake, with clocks that run apart, and
messages that come late, twice and in another order. In the end all honest members must have the
same roster, queue, stage and key; those removed, with all they hold together, must not have it;
nobody who came in may open a frame from before; and no speaker may go unopened for want of a key
for more than 2 s.

With ``--hostile`` whoever is removed with a new key makes up names and signs for them all that it
still can, their relay keeps back, delays and repeats what it likes, and moderators' programs hang.
Newcomers meet doors which keep them waiting, hide what happened, and lie about keys and the time
(``lab/sim/doors.py``): they must be in within 5 s if somebody honest would have them, and know
and open all within 5 more (``lab/sim/newcomers.py``).

No frame may be lost to them whose speaker has known for half a second that they are out, or would
have missed the word of it for 45 s, nor such a name be in a roster (``lab/sim/coalition.py``).

With ``--forgetful`` twice as much happens, and rooms forget after a minute what else they forget
after half a day. A history that fails is named by its seed: ``--seed N --count 1`` plays it again,
with the same ``--largest``, ``--forgetful`` and ``--hostile``.
"""

import argparse
import gc
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from contextlib import nullcontext
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.sim.once import pure_parts_once
from lab.sim.room_schedule import SILENCE_MAX_S, Outcome, play
from lab.sim.short_memory import short_memory

SIZES = (4, 5, 6, 8, 8, 10, 12, 16, 24, 40)


def one(
    seed: int, largest: int = SIZES[-1], *, forgetful: bool = False, hostile: bool = False
) -> Outcome:
    """Play one history, of a size that its seed decides; most are small."""
    size = random.Random(seed).choice([size for size in SIZES if size <= largest])
    gc.disable()  # a history is short, and what it leaves goes at once
    try:
        with pure_parts_once(), short_memory() if forgetful else nullcontext():
            return play(seed, size, 80 if forgetful else 40, hostile=hostile)
    finally:
        gc.collect()


def main() -> int:
    """Plays, counts, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first history")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="members at first, at most")
    parser.add_argument("--forgetful", action="store_true", help="forget after a minute")
    parser.add_argument("--hostile", action="store_true", help="who is removed tries to come back")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    began_s = time.monotonic()
    seeds = range(args.seed, args.seed + args.count)
    done: Counter[str] = Counter()
    failed: list[dict] = []
    silence_s = pause_s = virtual_s = 0.0
    members = epochs = 0
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        play_one = partial(
            one, largest=args.largest, forgetful=args.forgetful, hostile=args.hostile
        )
        for outcome in pool.imap_unordered(play_one, seeds):
            done += outcome.done
            silence_s = max(silence_s, outcome.longest_silence_s)
            pause_s = max(pause_s, outcome.longest_pause_s)
            virtual_s += outcome.virtual_s
            members += outcome.members
            epochs += outcome.epochs
            if outcome.problems:
                failed.append({"seed": outcome.seed, "problems": outcome.problems})
                if not args.json:
                    print(f"seed {outcome.seed}: {'; '.join(outcome.problems)}", flush=True)
    result = {
        "schema": 1,
        "seed": args.seed,
        "schedules": args.count,
        "largest": args.largest,
        "forgetful": args.forgetful,
        "hostile": args.hostile,
        "failed": len(failed),
        "failures": failed[:20],
        "members": members,
        "epochs": epochs,
        "happened": dict(sorted(done.items())),
        "longest_silence_s": round(silence_s, 2),
        "longest_pause_s": round(pause_s, 2),
        "virtual_hours": round(virtual_s / 3600, 1),
        "minutes": round((time.monotonic() - began_s) / 60, 1),
        "bars": {"failed": 0, "longest_silence_s": SILENCE_MAX_S},
        "ok": not failed,
    }
    if not args.json:
        print(f"seeds {seeds.start} to {seeds.stop - 1}: {len(failed)} of {args.count} failed")
        print(", ".join(f"{name} {count}" for name, count in result["happened"].items()))
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
