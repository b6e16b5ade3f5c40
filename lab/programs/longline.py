"""A bad line between two network namespaces: delay, jitter, loss, holes and a censor. Linux, root.

``longline.py SPACE_A DEVICE_A SPACE_B DEVICE_B WEATHER`` makes the two ends (TAP devices), says
``ready`` and carries Ethernet frames until it is ended. WEATHER is a JSON object; each line of
standard input is another one, and holds from then on. Many kernels have no netem.

=============  =====================================================================================
``delay_ms``   how long each packet takes, in each direction
``jitter_ms``  standard deviation of that time; packets do not overtake each other
``loss_pct``   share of packets lost, in each direction; never of ARP and neighbour discovery
``mtu``        IP packets longer than that vanish without a word (0: none do)
``up_kbps``    what the line carries from A to B (0: everything); its queue takes ``queue_ms``, and
               what comes then is lost
``down_kbps``  the same from B to A
``freeze``     whose flows stop for ever after 16 kB: ``udp``, ``tcp4`` …, or an IPv4 address
``drop_up``    as ``drop``, from A to B alone
``drop``       what a censor takes out: any of ``udp``, ``dtls``, ``stun``, ``quic`` by their looks,
               ``odd``: datagrams of any size but those of sound; ``udp4``, ``tcp6`` …
=============  =====================================================================================
"""

import collections
import ctypes
import fcntl
import json
import os
import random
import select
import socket
import struct
import sys
import time
from dataclasses import dataclass, field

_TUNSETIFF = 0x400454CA
_TAP_WITHOUT_HEADER = 0x0002 | 0x1000
_CLONE_NEWNET = 0x40000000
_FRAMES_AT_ONCE = 256
_IPV4, _IPV6 = b"\x08\x00", b"\x86\xdd"
FREEZE_BYTES = 16_384
_TCP, _UDP, _ICMPV6 = 6, 17, 58
_ETHERNET_BYTES, _UDP_BYTES = 14, 8
_SOUND_BYTES = (29, 37, 151, 263, 313, 373)
"""Datagrams with a heartbeat, a report, or a frame of each profile."""
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Weather:
    """See the module."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss_pct: float = 0.0
    mtu: int = 0
    drop: tuple[str, ...] = ()
    drop_up: tuple[str, ...] = ()
    freeze: tuple[str, ...] = ()
    flows: collections.Counter[bytes] = field(default_factory=collections.Counter)
    up_kbps: float = 0.0
    down_kbps: float = 0.0
    queue_ms: float = 3000.0

    def passes(self, frame: bytes, *, up: bool) -> bool:
        """Whether a frame gets through at all; ``up``: from A to B."""
        kind, protocol, payload = _taken_apart(frame)
        if kind not in (_IPV4, _IPV6) or protocol == _ICMPV6:
            return True
        if self.mtu and len(frame) - _ETHERNET_BYTES > self.mtu:
            return False
        drop = {*self.drop, *(self.drop_up if up else ())}
        if drop and _what(kind, protocol, payload) & drop:
            return False
        if self.freeze and self._is_frozen(frame, _what(kind, protocol, payload)):
            return False
        return random.random() * 100.0 >= self.loss_pct

    def _is_frozen(self, frame: bytes, what: set[str]) -> bool:
        """Whether its flow, both directions of it, has had its share."""
        if frame[12:14] != _IPV4:
            return False
        head = _ETHERNET_BYTES + 4 * (frame[14] & 15)
        ends = [frame[26:30] + frame[head : head + 2], frame[30:34] + frame[head + 2 : head + 4]]
        if not (what | {socket.inet_ntoa(end[:4]) for end in ends}) & set(self.freeze):
            return False
        flow = frame[23:24] + b"".join(sorted(ends))
        self.flows[flow] += len(frame) - _ETHERNET_BYTES
        return self.flows[flow] > FREEZE_BYTES

    def delay_s(self) -> float:
        """How long the next packet takes."""
        return max(0.0, random.gauss(self.delay_ms, self.jitter_ms)) / 1000


def _taken_apart(frame: bytes) -> tuple[bytes, int, bytes]:
    """Ethernet type, IP protocol, and what a UDP datagram carries."""
    kind = frame[12:14]
    if kind == _IPV4:
        protocol, head = frame[23], 4 * (frame[14] & 15)
    elif kind == _IPV6:
        protocol, head = frame[20], 40
    else:
        return kind, 0, b""
    return kind, protocol, frame[_ETHERNET_BYTES + head + _UDP_BYTES :]


def _what(kind: bytes, protocol: int, payload: bytes) -> set[str]:
    """What a packet is; of datagrams the bytes that a firewall's rule would name."""
    version = "4" if kind == _IPV4 else "6"
    if protocol != _UDP or not payload:
        return {"tcp" + version} if protocol == _TCP else set()
    found = {"udp", "udp" + version}
    if 20 <= payload[0] <= 63 and payload[1:2] == b"\xfe":
        found.add("dtls")
    if payload[4:8] == b"\x21\x12\xa4\x42":
        found.add("stun")
    if payload[0] >= 0xC0 and payload[1:5] == b"\0\0\0\1":
        found.add("quic")
    if len(payload) not in _SOUND_BYTES:
        found.add("odd")
    return found


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
    """One direction.

    Args:
        source: Where frames come from.
        target: Where they go.
        up: From A to B.
    """

    def __init__(self, source: int, target: int, *, up: bool) -> None:
        self.source, self.target, self._up = source, target, up
        self._busy_until_s = 0.0
        self.under_way: collections.deque[tuple[float, bytes]] = collections.deque()

    def take(self, now: float, weather: Weather) -> None:
        for _ in range(_FRAMES_AT_ONCE):
            try:
                frame = os.read(self.source, 65536)
            except OSError:  # nothing more, or this end is down
                return
            waits_s = self._waits_s(len(frame) - _ETHERNET_BYTES, now, weather)
            if waits_s is not None and weather.passes(frame, up=self._up):
                before_s = self.under_way[-1][0] if self.under_way else 0.0
                due_s = now + waits_s + weather.delay_s()
                self.under_way.append((max(before_s, due_s), frame))

    def _waits_s(self, size_bytes: int, now: float, weather: Weather) -> float | None:
        """How long a packet waits for those before it and its own way out; None: no room for it."""
        kbps = weather.up_kbps if self._up else weather.down_kbps
        if not kbps:
            return 0.0
        begins_s = max(now, self._busy_until_s)
        if begins_s - now > weather.queue_ms / 1000.0:
            return None
        self._busy_until_s = begins_s + size_bytes * 8 / (kbps * 1000.0)
        return self._busy_until_s - now

    def give(self, now: float) -> None:
        while self.under_way and self.under_way[0][0] <= now:
            try:
                os.write(self.target, self.under_way.popleft()[1])
            except OSError:  # the other end is down: the frame is lost
                continue


def main() -> None:
    space_a, device_a, space_b, device_b, weather_json = sys.argv[1:]
    weather = Weather(**json.loads(weather_json))
    a, b = open_end(space_a, device_a), open_end(space_b, device_b)
    ways = {a: Way(a, b, up=True), b: Way(b, a, up=False)}
    readable = select.epoll()
    for end in (*ways, sys.stdin.fileno()):
        readable.register(end, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        due = [way.under_way[0][0] for way in ways.values() if way.under_way]
        wait_s = max(0.0, min(due) - time.monotonic()) if due else -1
        for end, _ in readable.poll(wait_s):
            if end in ways:
                ways[end].take(time.monotonic(), weather)
            elif said := os.read(end, 65536):
                weather = Weather(**json.loads(said.splitlines()[-1]))
            else:  # whoever made the line is gone
                return
        for way in ways.values():
            way.give(time.monotonic())


if __name__ == "__main__":
    main()
