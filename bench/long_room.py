"""A room of 120 hours in virtual time, and a thousand hands at once.

``long_room.py [--hours 120] [--still] [--hands 1000] [--seed 1] [--json]``. The shipped cores of
all members run in one process. The host's machine is gone after an hour, without a word, after it
has named co-hosts; every hour somebody comes and somebody goes, until nobody of the first half is
left. Every hour all members must agree on roster, queue, stage and key, and somebody must be heard.
With ``--still`` nobody comes or goes but the host.

Memory is that of one member's room, 20 times from beginning to end. What time alone costs ends
after twelve hours (decision 0074); what remains are those who held a rank.

Then a thousand members raise their hands within ten seconds, once in one network and once in two
that find each other ten minutes later: how long until ten clients show the same order.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.sim.long_life import LongRoom
from lab.sim.many_hands import ManyHands
from lab.sim.once import pure_parts_once

GROWTH_BAR = 0.005
"""Of the program's 100 MiB: what the room may grow by from its first day to its last hour."""
PROGRAM_KIB = 100 * 1024
TOGETHER_BAR_S = 2.0
APART_BAR_S = 10.0


def long_life(hours: int, seed: int, *, still: bool) -> dict:
    """The long room."""
    began_s = time.monotonic()
    with pure_parts_once():
        life = LongRoom(seed, hours, still=still).live(max(1, hours // 20))
    grown_kib = life.room_kib[-1] - life.room_kib[len(life.room_kib) // 5]
    return {
        "hours": hours,
        "seed": seed,
        "members_ever": life.members,
        "epochs": life.epochs,
        "rooms_lost": int(bool(life.problems)),
        "problems": life.problems[:10],
        "ops_of_a_member": life.ops,
        "room_kib_of_a_member": life.room_kib,
        "grown_of_the_program": round(grown_kib / PROGRAM_KIB, 5),
        # Of the simulation: all members in one process, and what it remembers of their rooms.
        "rss_mib": [round(value, 1) for value in life.rss_mib],
        "objects": life.objects,
        "minutes": round((time.monotonic() - began_s) / 60, 1),
        "ok": not life.problems and grown_kib <= GROWTH_BAR * PROGRAM_KIB,
    }


def many_hands(hands: int, seed: int) -> dict:
    """The hands, in one network and in two."""
    with pure_parts_once():
        together = ManyHands(seed, members=hands).together()
        apart = ManyHands(seed + 1, members=hands).apart()
    return {
        "hands": hands,
        "seed": seed,
        "agreed_after_s": round(together.agreed_after_s, 2),
        "agreed_after_partition_s": round(apart.agreed_after_s, 2),
        "ok": together.agreed_after_s <= TOGETHER_BAR_S and apart.agreed_after_s <= APART_BAR_S,
    }


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=120, help="0 to leave it out")
    parser.add_argument("--still", action="store_true", help="nobody comes or goes")
    parser.add_argument("--hands", type=int, default=1000, help="0 to leave them out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    result: dict = {"schema": 1}
    if args.hours:
        result["life"] = long_life(args.hours, args.seed, still=args.still)
    if args.hands:
        result["hands"] = many_hands(args.hands, args.seed)
    result["bars"] = {
        "grown_of_the_program": GROWTH_BAR,
        "agreed_after_s": TOGETHER_BAR_S,
        "agreed_after_partition_s": APART_BAR_S,
    }
    result["ok"] = all(
        part["ok"] for part in result.values() if isinstance(part, dict) and "ok" in part
    )
    if not args.json:
        for name in ("life", "hands"):
            for key, value in result.get(name, {}).items():
                print(f"{name:6} {key:26} {value}")
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
