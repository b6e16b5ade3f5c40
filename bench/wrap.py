"""What a new key costs its author: wrapping one fresh secret for everybody in a room.

``wrap.py [--members 700] [--rounds 15] [--json]``. Each round makes new keys; the median counts.
"Bytes a member" is what travels for one, its share of the messages included. For machines that are
busy or slow: what the same number of bare X25519 exchanges takes in the same run. *shares*: what it
takes in a room of so many to work out who wraps for whom, and how much its author and the busiest
of the other wrappers hand in at one relay, with 20 that speak or moderate.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from crypto.dh import KeyPair
from crypto.wrap import commitment, unwrap, wrap_all
from p2p.rekey.fresh_secrets import WRAPS_AT_ONCE
from p2p.rekey.shares import Shares
from p2p.room.state.epochs import EpochInfo
from p2p.wire.codec import encode
from p2p.wire.messages import WRAPS_PER_MESSAGE, Wraps
from p2p.wire.relay_messages import RelayWraps

WRAP_BAR_MS = 50.0
BYTES_BAR = 55.0


def measure(members: int, rounds: int) -> dict:
    """Time several rounds, and check in each that a member finds and opens its own wrap."""
    pairs = [KeyPair.generate(os.urandom) for _ in range(members)]
    receivers = [(os.urandom(16), pair.public) for pair in pairs]
    shared = os.urandom(32)
    wall_ms, cpu_ms, open_ms, bare_ms = [], [], [], []
    for number in range(rounds):
        began_s, cpu_s = time.perf_counter(), time.thread_time()
        secret, ephemeral = os.urandom(32), KeyPair.generate(os.urandom)
        wraps = wrap_all(secret, receivers, ephemeral, shared)
        wall_ms.append(1000 * (time.perf_counter() - began_s))
        cpu_ms.append(1000 * (time.thread_time() - cpu_s))
        began_s = time.thread_time()
        for _, recv in receivers:
            ephemeral.exchange(recv)
        bare_ms.append(1000 * (time.thread_time() - began_s))
        mine = number * 31 % members
        began_s = time.perf_counter()
        opened = unwrap(
            wraps, ephemeral.public, receivers[mine][0], pairs[mine], commitment(secret), shared
        )
        open_ms.append(1000 * (time.perf_counter() - began_s))
        if opened != secret:
            raise SystemExit("a wrap opened to something else")
    starts = range(0, members, WRAPS_PER_MESSAGE)
    messages = [Wraps(bytes(16), tuple(wraps[at : at + WRAPS_PER_MESSAGE])) for at in starts]
    total_bytes = sum(len(encode(message)) for message in messages)
    result = {
        "schema": 1,
        "members": members,
        "rounds": rounds,
        "shares": shares(receivers),
        "wrap_ms_median": round(statistics.median(wall_ms), 1),
        "wrap_ms_best": round(min(wall_ms), 1),
        "wrap_cpu_ms_median": round(statistics.median(cpu_ms), 1),
        "x25519_alone_cpu_ms_median": round(statistics.median(bare_ms), 1),
        "open_ms_median": round(statistics.median(open_ms), 2),
        "bytes_total": total_bytes,
        "bytes_a_member": round(total_bytes / members, 1),
        "bars": {"wrap_ms": WRAP_BAR_MS, "bytes_a_member": BYTES_BAR},
    }
    result["ok"] = result["wrap_ms_median"] <= WRAP_BAR_MS and result["bytes_a_member"] <= BYTES_BAR
    return result


def shares(receivers: list[tuple[bytes, bytes]]) -> dict:
    """Who wraps for whom in a room of these, and what it comes to."""
    ids = [member for member, _ in receivers]
    epoch = EpochInfo(
        os.urandom(16), ids[0], (), 0, 1, bytes(32), b"", bytes(32), len(ids), b"", ()
    )  # fmt: skip
    began_s = time.thread_time()
    found = Shares(epoch, receivers, ids[:20], None)
    author, *others = [len(found.receivers(member)) for member in ids]
    cpu_ms = 1000 * (time.thread_time() - began_s)
    return {
        "cpu_ms_for_all": round(cpu_ms, 1),
        "author_bytes": handed_in(author),
        "wrapper_bytes_max": handed_in(max(others, default=0)),
    }


def handed_in(count: int) -> int:
    """Bytes of the messages with so many wraps."""
    pages = [min(WRAPS_AT_ONCE, count - at) for at in range(0, count, WRAPS_AT_ONCE)]
    return sum(len(encode(RelayWraps(bytes(32), bytes(16), (bytes(52),) * page))) for page in pages)


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=700)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    result = measure(args.members, args.rounds)
    if not args.json:
        for name in (
            "wrap_ms_median",
            "wrap_ms_best",
            "wrap_cpu_ms_median",
            "x25519_alone_cpu_ms_median",
        ):
            print(f"{name:28} {result[name]:8} ms")
        print(f"{'bytes_a_member':28} {result['bytes_a_member']:8}")
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
