"""Has the kernel throw most of a flood of HELLOs away before it fills the socket's queue.

Each datagram costs this program some fifty microseconds, and one that finds the queue full is lost
whatever it is: sound too. So when the queue fills up and HELLOs are what comes, a socket filter
(classic BPF, Linux) lets only a random share of those without a cookie in, as many as this machine
can look at. Under the veil (``crypto.veil``) it knows them by their length, which nothing else of
ours has. Elsewhere nothing happens, and the program sheds what it can itself.
"""

import ctypes
import socket
import struct
import sys

from crypto.veil import QUESTION_BELOW, QUESTION_FROM

FLOOD_PER_S = 200.0
"""More HELLOs without a cookie than that are a flood; so few never are."""

FULL, EMPTY = 0.05, 0.01
"""Of the queue: from the one on less is let in, below the other more again."""

LEAST = 1.0 / 256

_ATTACH, _DETACH = 26, 27  # SO_ATTACH_FILTER, SO_DETACH_FILTER
_MEMINFO, _MEMINFO_BYTES = 55, 36  # SO_MEMINFO: bytes queued, the most there may be, …
_UDP_HEADER_BYTES = 8  # a filter on a UDP socket sees the header first
_RANDOM = 0xFFFFF000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM: a random number instead of packet bytes
_LOAD_LENGTH, _LOAD_WORD, _IF_NOT_LESS, _RETURN = 0x80, 0x20, 0x35, 0x06
_ALL, _NOTHING = 0xFFFF, 0


def let_in(sock: socket.socket, share: float) -> bool:
    """Lets a share of the HELLOs without a cookie in, and everything else as before.

    Args:
        sock: UDP.
        share: 0 to 1; 1 takes the filter off.

    Returns:
        Whether this system can do that.
    """
    try:
        if sys.platform == "linux":
            _filter(sock, share)
    except OSError:
        return share >= 1.0  # there was none to take off
    return sys.platform == "linux"


def _filter(sock: socket.socket, share: float) -> None:
    if share >= 1.0:
        sock.setsockopt(socket.SOL_SOCKET, _DETACH, 0)
        return
    code = _program(share)
    kept = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("HP", len(code) // 8, ctypes.addressof(kept))
    sock.setsockopt(socket.SOL_SOCKET, _ATTACH, head)


def _program(share: float) -> bytes:
    steps = (
        (_LOAD_LENGTH, 0, 0, 0),
        (_IF_NOT_LESS, 0, 3, _UDP_HEADER_BYTES + QUESTION_FROM),
        (_IF_NOT_LESS, 2, 0, _UDP_HEADER_BYTES + QUESTION_BELOW),
        (_LOAD_WORD, 0, 0, _RANDOM),
        (_IF_NOT_LESS, 1, 0, int(share * 0xFFFFFFFF)),
        (_RETURN, 0, 0, _ALL),
        (_RETURN, 0, 0, _NOTHING),
    )
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def queue_fill(sock: socket.socket) -> float:
    """How full the queue of received datagrams is, 0 to 1; 0 where that is not told."""
    try:
        info = sock.getsockopt(socket.SOL_SOCKET, _MEMINFO, _MEMINFO_BYTES)
    except OSError:
        return 0.0
    queued, most = struct.unpack_from("II", info)
    return float(queued / most) if sys.platform == "linux" and most else 0.0


class Gauge:
    """Finds the share, quartered while the queue fills, raised slowly while it is empty.

    Attributes:
        share: To be let in from now on.
    """

    def __init__(self) -> None:
        self.share = 1.0

    def came(self, count: int, seconds: float, fill: float) -> bool:
        """Notes what came.

        Args:
            count: HELLOs without a cookie that came in.
            seconds: In which time.
            fill: How full the queue is now.

        Returns:
            Whether ``share`` is another now.
        """
        before, per_s = self.share, count / seconds / self.share
        if per_s < FLOOD_PER_S:
            self.share = 1.0
        elif fill > FULL:
            self.share = max(LEAST, self.share / 4.0)
        elif fill < EMPTY:
            self.share = min(1.0, self.share * 1.02)
        return self.share != before
