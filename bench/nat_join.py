"""How long a newcomer at home waits for the first sound, when the speaker is at home too.

``nat_join.py [--joins 20] [--json]``: two homes behind port-restricted NATs and one public entry
node that holds no room key, on lines of 25 ms, in network namespaces (Linux, root). A room is
opened in one home; in the other one process after the other joins by the words alone, hears the
host and leaves. Times count from the start of the program to its first sound.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.programs.netlab import NetLab, why_not
from lab.programs.roommates import Roommate, start_entry

GOAL_P95_MS = 5000
HOME_LINE_MS, ENTRY_LINE_MS = 25.0, 5.0


def one_join(home, number: int, words: str, entry: str) -> dict:
    """Joins once; ``ok`` is false if no sound came."""
    guest = Roommate(home, f"guest-{number}", words, ("--bootstrap", entry))
    row = {"join": number, "ok": False}
    try:
        joined = guest.wait("joined", 30)
        sound = guest.wait("first_sound", 30)
        row |= {"via": joined["via"], "admitted_ms": joined["admitted_ms"]}
        row |= {"sound_ms": sound["ms"], "sound_from_start_ms": sound["t_ms"]}
        row |= {"path": guest.paths()["host"]}
        guest.leave()
        row["ok"] = True
    except AssertionError:
        row["events"] = [event["event"] for event in guest.events]
        guest.process.kill()
    return row


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def summary(rows: list[dict]) -> dict:
    """The bench's one object."""
    good = [row for row in rows if row["ok"]]
    result = {"schema": 1, "joins": len(rows), "succeeded": len(good), "goal_p95_ms": GOAL_P95_MS}
    if good:
        for key in ("admitted_ms", "sound_ms", "sound_from_start_ms"):
            values = [row[key] for row in good]
            result[key] = {
                "p50": round(statistics.median(values)),
                "p95": round(percentile(values, 0.95)),
                "max": round(max(values)),
            }
        result["paths"] = sorted({row["path"] for row in good})
        result["via"] = sorted({row["via"] for row in good})
    result["ok"] = len(good) == len(rows) and result["sound_from_start_ms"]["p95"] <= GOAL_P95_MS
    return result


def main() -> int:
    """Measures, prints the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    reason = why_not(long_lines=True)
    if reason is not None:
        print(json.dumps({"schema": 1, "ok": None, "skipped": reason}))
        return 0
    rows = []
    with NetLab() as lab:
        (public,) = lab.site("p", "public", delay_ms=ENTRY_LINE_MS)
        (home_a,) = lab.site("a", "portres", delay_ms=HOME_LINE_MS)
        (home_b,) = lab.site("b", "portres", delay_ms=HOME_LINE_MS)
        entry = start_entry(public)
        host = Roommate(home_a, "host", "", ("--bootstrap", entry, "--mic", "tone:440"))
        words = host.wait("key", 30)["words"]
        host.wait("joined")
        host.say("mic on")
        time.sleep(3.0)
        for number in range(1, args.joins + 1):
            rows.append(one_join(home_b, number, words, entry))
            if not args.json:
                print(rows[-1], flush=True)
    result = summary(rows)
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
