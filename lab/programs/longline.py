"""A long line between two network namespaces: every packet takes its time. Linux, root.

``longline.py SPACE_A DEVICE_A SPACE_B DEVICE_B DELAY_MS`` makes the two ends (TAP devices), says
``ready`` and carries Ethernet frames until it is ended. Many kernels have no netem.
"""

import collections
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

_TUNSETIFF = 0x400454CA
_TAP_WITHOUT_HEADER = 0x0002 | 0x1000
_CLONE_NEWNET = 0x40000000
_FRAMES_AT_ONCE = 256
_libc = ctypes.CDLL(None, use_errno=True)


def open_end(space: str, device: str) -> int:
    """Makes one end; the descriptor works from outside of its namespace too."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{space}", os.O_RDONLY)
    try:
        if _libc.setns(there, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {space}")
        end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH22x", device.encode(), _TAP_WITHOUT_HEADER))
        return end
    finally:
        _libc.setns(here, _CLONE_NEWNET)
        os.close(here)
        os.close(there)


class Way:
    """One direction."""

    def __init__(self, source: int, target: int, delay_s: float) -> None:
        self.source, self.target, self.delay_s = source, target, delay_s
        self.under_way: collections.deque[tuple[float, bytes]] = collections.deque()

    def take(self, now: float) -> None:
        for _ in range(_FRAMES_AT_ONCE):
            try:
                self.under_way.append((now + self.delay_s, os.read(self.source, 65536)))
            except OSError:  # nothing more, or this end is down
                return

    def give(self, now: float) -> None:
        while self.under_way and self.under_way[0][0] <= now:
            try:
                os.write(self.target, self.under_way.popleft()[1])
            except OSError:  # the other end is down: the frame is lost
                continue


def main() -> None:
    space_a, device_a, space_b, device_b, delay_ms = sys.argv[1:]
    a, b = open_end(space_a, device_a), open_end(space_b, device_b)
    delay_s = float(delay_ms) / 1000
    ways = {a: Way(a, b, delay_s), b: Way(b, a, delay_s)}
    readable = select.epoll()
    for end in ways:
        readable.register(end, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        due = [way.under_way[0][0] for way in ways.values() if way.under_way]
        wait_s = max(0.0, min(due) - time.monotonic()) if due else -1
        for end, _ in readable.poll(wait_s):
            ways[end].take(time.monotonic())
        for way in ways.values():
            way.give(time.monotonic())


main()
