"""What the veil costs a relay: sealing and sending one frame to many, with it and without.

    bench/veil.py [--listeners 300] [--frames 100] [--rounds 21] [--json]

Both take turns in one process, with caches that are as cold as they are 20 ms after the last frame:
trust the ratio, not the nanoseconds. Sealing is the shipped way for processors with AES; the socket
is a real one on loopback, and what the kernel does to bring a datagram there is counted. The last
line of ``--json`` is one object.
"""

import argparse
import json
import os
import socket
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from crypto.ids import DhKey
from crypto.veil import Veil
from p2p.link.media import Outlet
from p2p.link.rtp import Packetizer
from p2p.link.sealing import SealInPlace
from p2p.link.sendmmsg import HEAD_SLOT_BYTES, SLOTS, Batch, socket_address
from p2p.link.srtp import MASTER_BYTES, SealKey

BAR = 1.10
FRAME_BYTES = 235
CACHE_BYTES = 8 << 20
LINE_BYTES = 64


class Bare(SealInPlace):
    """The same without a veil."""

    def _cover(self, count: int, prepared: object) -> None:
        taken = count * HEAD_SLOT_BYTES
        self._batch.heads[:taken] = self._headers[:taken]


class Fan:
    """Frames on their way to many listeners, all at one address."""

    def __init__(self, way: type[SealInPlace], listeners: int) -> None:
        self._sender, self._receiver = (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)
        )
        for sock in (self._sender, self._receiver):
            sock.bind(("127.0.0.1", 0))
        target = self._receiver.getsockname()
        outlets = [
            Outlet(
                Packetizer(n),
                SealKey(os.urandom(MASTER_BYTES)),
                target,
                Veil(DhKey(os.urandom(32))),
            )
            for n in range(listeners)
        ]
        self._batch = Batch(self._sender)
        self._seal = way(self._batch)
        self._name = socket_address(socket.AF_INET, target)
        parts = [outlets[start : start + SLOTS] for start in range(0, listeners, SLOTS)]
        self._parts = [(part, self._seal.prepare(part)) for part in parts]
        self._other_work = bytearray(CACHE_BYTES)

    def send(self, frame: bytes) -> int:
        """Nanoseconds of processor time for all copies of one frame."""
        self._other_work[::LINE_BYTES] = bytes(CACHE_BYTES // LINE_BYTES)
        began_ns = time.thread_time_ns()
        for part, prepared in self._parts:
            self._seal.fill(frame, part, prepared)
            self._batch.address(self._name * len(part))
            self._batch.flush(len(part))
        return time.thread_time_ns() - began_ns


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description="what the veil costs a relay")
    parser.add_argument("--listeners", type=int, default=300)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    bare, veiled = Fan(Bare, args.listeners), Fan(SealInPlace, args.listeners)
    frame = os.urandom(FRAME_BYTES)
    took: dict[str, list[float]] = {"bare": [], "veiled": []}
    for _ in range(args.rounds):
        for name, fan in (("bare", bare), ("veiled", veiled)):
            ns = statistics.median(fan.send(frame) for _ in range(args.frames))
            took[name].append(ns / args.listeners)
    ratios = [v / b for v, b in zip(took["veiled"], took["bare"], strict=True)]
    result = {name: round(statistics.median(ns)) for name, ns in took.items()}
    result |= {"schema": 1, "ratio": round(statistics.median(ratios), 3), "bar": BAR}
    result["ok"] = result["ratio"] <= BAR
    print(json.dumps(result) if args.json else f"nanoseconds a copy: {result}")
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
