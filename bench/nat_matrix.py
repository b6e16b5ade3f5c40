"""Whether two people have sound for each other, whatever kind of network each is in.

``nat_matrix.py [--modes shield,open] [--kinds public,sym,...] [--json]``: one public relay that
holds no room key and a site of each of nine kinds for each side (see ``lab/programs/netlab.py``),
in network namespaces (Linux, root). For every pair of kinds and both modes a room is open on one
side, somebody joins from the other by the words and the relay alone, hears the host, and leaves.
Times count from the start of the program to its first sound.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.nat_join import percentile
from lab.programs.netlab import KINDS, Host, NetLab, why_not
from lab.programs.roommates import Roommate, start_entry

RELAY_PORT = 443  # what networks that let out little else let out
GOAL_SHARE, GOAL_P95_MS, GOAL_FALLBACK_MS = 0.995, 5000, 1000
LINE_MS = 15.0


def options(mode: str, relay: str, *more: str) -> tuple[str, ...]:
    """The command line of a member."""
    return ("--mode", mode, "--relay", relay, "--only", "relay", *more)


def one_join(home: Host, kinds: tuple[str, str], mode: str, words: str, relay: str) -> dict:
    """Joins once; ``ok`` is false if no sound came."""
    guest = Roommate(home, "guest", words, options(mode, relay))
    row = {"host": kinds[0], "guest": kinds[1], "mode": mode, "ok": False}
    try:
        joined = guest.wait("joined", 20)
        sound = guest.wait("first_sound", 20)
        row |= {
            "admitted_ms": joined["admitted_ms"],
            "sound_ms": sound["t_ms"],
            "after_admission_ms": sound["ms"] - joined["admitted_ms"],
        }
        if mode == "open":
            time.sleep(1.5)  # a direct way, where there is one, has been found by now
        row["path"] = guest.paths().get("host", "relay")
        guest.leave()
        row["ok"] = True
    except AssertionError as exc:
        row["events"] = [event["event"] for event in guest.events]
        row["why"] = str(exc)
        guest.process.kill()
    return row


def measure(kinds: list[str], modes: list[str], tell) -> list[dict]:
    """All pairs in all modes."""
    rows: list[dict] = []
    with NetLab() as lab:
        (public,) = lab.site("relay", "public", delay_ms=5.0)
        relay = start_entry(public, listen=f"{public.ip}:{RELAY_PORT}")
        ours = {kind: lab.site(f"h{i}", kind, delay_ms=LINE_MS)[0] for i, kind in enumerate(kinds)}
        theirs = {
            kind: lab.site(f"g{i}", kind, delay_ms=LINE_MS)[0] for i, kind in enumerate(kinds)
        }
        for mode in modes:
            for kind, home in ours.items():
                host = Roommate(home, "host", "", options(mode, relay, "--mic", "tone:440"))
                words = host.wait("key", 30)["words"]
                host.wait("joined")
                host.say("mic on")
                time.sleep(4.0)
                for other, there in theirs.items():
                    rows.append(one_join(there, (kind, other), mode, words, relay))
                    tell(rows[-1])
                host.process.terminate()
                host.process.wait(20)
    return rows


def summary(rows: list[dict]) -> dict:
    """The bench's one object."""
    result: dict = {"schema": 1, "joins": len(rows)}
    good = [row for row in rows if row["ok"]]
    result["with_sound"] = len(good)
    result["share"] = round(len(good) / max(1, len(rows)), 4)
    for key in ("admitted_ms", "sound_ms", "after_admission_ms"):
        values = [row[key] for row in good] or [float("inf")]
        result[key] = {"p50": percentile(values, 0.5), "p95": percentile(values, 0.95)}
    for mode in sorted({row["mode"] for row in rows}):
        paths = [row["path"] for row in good if row["mode"] == mode]
        result[f"paths_{mode}"] = {path: paths.count(path) for path in sorted(set(paths))}
    result["goals"] = {"share": GOAL_SHARE, "sound_p95_ms": GOAL_P95_MS}
    result["ok"] = (
        result["share"] >= GOAL_SHARE and result["sound_ms"]["p95"] <= GOAL_P95_MS and bool(rows)
    )
    return result


def main() -> int:
    """Measures, prints the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modes", default="shield,open")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    reason = why_not(long_lines=True)
    if reason is not None:
        print(json.dumps({"schema": 1, "ok": None, "skipped": reason}))
        return 0
    rows = measure(
        args.kinds.split(","),
        args.modes.split(","),
        (lambda _row: None) if args.json else (lambda row: print(row, flush=True)),
    )
    result = summary(rows)
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
