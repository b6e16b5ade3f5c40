"""What coming in costs: the second seal of a line, and the way from a start to being in.

``admission.py [--rounds 500] [--joins 20] [--json]``. "Seal" is what both ends of a line compute
together until the first message is open (key, ciphertext, ciphers), and what it adds in bytes, on a
link and in pieces that a relay carries. "Join" is real nodes of this process on loopback, one
after the other, from the start of a node to its place in the room: by an invite, and by a relay.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.node_house import House, a_house
from p2p.api import events
from p2p.link.carried import PIECE_BYTES, PIECE_PLAIN_BYTES
from p2p.link.second_seal import SecondSeal

SEAL_BAR_MS = 1.0
SEAL_BAR_BYTES = 2500
JOIN_BYTES = 420
"""A Join message of a name of usual length."""


def seal(rounds: int) -> dict[str, object]:
    """Time and size of the second seal up to the first message."""
    message, tie, took_ms, more_bytes = bytes(JOIN_BYTES), os.urandom(64), [], 0
    for _ in range(rounds):
        began_s = time.perf_counter()
        asked, asking = (SecondSeal(asked=which, rng=os.urandom) for which in (True, False))
        key = asked.greeting()
        asking.take(key, tie)
        asking.say(message)
        (first,) = asking.to_send()
        if asked.take(first, tie) != message:
            raise SystemExit("it opened to something else")
        took_ms.append(1000 * (time.perf_counter() - began_s))
        more_bytes = len(key) + len(first) - len(message)
    pieces = _pieces(key) + _pieces(first) - _pieces(message)
    return {
        "seal_ms_median": round(statistics.median(took_ms), 3),
        "seal_ms_p95": round(sorted(took_ms)[int(0.95 * rounds)], 3),
        "seal_bytes": more_bytes,
        "carried_pieces": pieces,
        "carried_bytes": pieces * PIECE_BYTES,
    }


def _pieces(data: bytes) -> int:
    return -(-len(data) // (PIECE_PLAIN_BYTES - 2))


async def joins(count: int, *, relayed: bool) -> dict[str, object]:
    """Real nodes join one after the other."""
    took_ms = []
    async with a_house() as house:
        ways = await _ways(house) if relayed else {}
        host = await house.host("host", mic="silence", **ways)
        key = await host.key()
        for number in range(count):
            began_s = time.perf_counter()
            guest = await house.guest(
                f"guest {number}", key.words if relayed else key.invite, **ways
            )
            await guest.until(events.Joined)
            took_ms.append(1000 * (time.perf_counter() - began_s))
            await guest.leave()
    name = "relay" if relayed else "invite"
    return {
        f"join_{name}_ms_median": round(statistics.median(took_ms)),
        f"join_{name}_ms_p95": round(sorted(took_ms)[int(0.95 * count)]),
    }


async def _ways(house: House) -> dict[str, object]:
    relay = await house.relay()
    house.entry_nodes.clear()
    return {"mode": "shield", "relays": (relay,)}


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--joins", type=int, default=20)
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    result: dict[str, object] = {"schema": 1, **seal(args.rounds)}
    for relayed in (False, True):
        result |= asyncio.run(joins(args.joins, relayed=relayed))
    bars = {"seal_ms_median": SEAL_BAR_MS, "seal_bytes": SEAL_BAR_BYTES}
    result |= {"bars": bars, "ok": all(result[name] <= bar for name, bar in bars.items())}  # type: ignore[operator]
    if not args.json:
        for name, value in result.items():
            print(f"{name:24} {value}")
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
