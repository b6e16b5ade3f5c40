"""Many datagrams to many addresses in one system call (Linux: ``sendmmsg(2)``).

The kernel reads packets, lengths and addresses straight from arrays that are laid out once::

    message headers -> one name (socket address) and two vectors (pointer, length) each
    vectors         -> the packet's head in ``heads``, and the rest of it in ``packets``

so that a batch costs no object for each packet.
"""

import ctypes
import errno
import socket
import struct
import sys
from typing import Any, ClassVar, NamedTuple

from p2p.link.rtp import HEADER_BYTES
from p2p.wire.addresses import SocketAddress

SLOTS = 64
"""Of a large room's copies the first leave while the last are made."""
SLOT_BYTES = 1408
"""A frame of 1,200 bytes, its RTP header, and the 144 bytes that libsrtp may append."""
HEAD_SLOT_BYTES = 16
"""Heads lie in a row, so that all can be covered in one go; the first 12 bytes of each are sent."""

_LATER = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS)


class _Vector(ctypes.Structure):
    _fields_: ClassVar[Any] = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class _Header(ctypes.Structure):
    """``struct msghdr``."""

    _fields_: ClassVar[Any] = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class _Message(ctypes.Structure):
    """``struct mmsghdr``."""

    _fields_: ClassVar[Any] = [("header", _Header), ("sent", ctypes.c_uint)]


class Flushed(NamedTuple):
    """What became of a batch.

    Attributes:
        taken: Slots before this one were dealt with; the socket takes no more now.
        failed: Those of them that could not be sent to their address.
    """

    taken: int
    failed: list[int]


_AT_ONCE = getattr(socket, "MSG_DONTWAIT", 0)  # Windows has none, nor the call


def available() -> bool:
    """Whether the system has the call; whether it works is another question."""
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "sendmmsg")


def socket_address(family: int, target: SocketAddress) -> bytes:
    """An address as the kernel has it (``sockaddr_in``, ``sockaddr_in6``).

    Args:
        family: Of the socket.
        target: IP literal of that family, and port.

    Raises:
        OSError: It is none.
    """
    ip = socket.inet_pton(family, target[0])
    head = struct.pack("=H", family) + struct.pack("!H", target[1])
    return head + bytes(4) + ip + bytes(4) if family == socket.AF_INET6 else head + ip + bytes(8)


class Batch:
    """Room for ``SLOTS`` packets on their way out of one socket.

    Args:
        sock: The socket; not closed while the batch is used.

    Attributes:
        heads: The first 12 bytes of all packets in a row, ``HEAD_SLOT_BYTES`` each.
        packets: What follows them, ``SLOT_BYTES`` each.
        packet_addresses: Where each slot of ``packets`` is in memory.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._fd = sock.fileno()
        name_bytes = len(socket_address(sock.family, _ANY[sock.family]))
        self._call = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
        memory = (ctypes.c_ubyte * (SLOTS * SLOT_BYTES))()
        names = (ctypes.c_ubyte * (SLOTS * name_bytes))()
        heads = (ctypes.c_ubyte * (SLOTS * HEAD_SLOT_BYTES))()
        self._vectors = (_Vector * (2 * SLOTS))()
        self._messages = (_Message * SLOTS)()
        self._messages_at = ctypes.addressof(self._messages)
        memory_at, names_at = ctypes.addressof(memory), ctypes.addressof(names)
        vectors_at = ctypes.addressof(self._vectors)
        self.packet_addresses = [memory_at + n * SLOT_BYTES for n in range(SLOTS)]
        for n, at in enumerate(self.packet_addresses):
            self._vectors[2 * n].base = ctypes.addressof(heads) + n * HEAD_SLOT_BYTES
            self._vectors[2 * n].length = HEADER_BYTES
            self._vectors[2 * n + 1].base = at
            header = self._messages[n].header
            header.name, header.name_length = names_at + n * name_bytes, name_bytes
            header.vectors = vectors_at + 2 * n * ctypes.sizeof(_Vector)
            header.vector_count = 2
        # A view keeps what it looks at alive.
        self.heads = memoryview(heads).cast("B")
        self.packets = memoryview(memory).cast("B")
        self._lengths = memoryview(self._vectors).cast("B").cast("L")
        self._raw_names = memoryview(names).cast("B")
        self._raw_vectors = memoryview(self._vectors).cast("B")
        self._all_of_length: tuple[int, bytes] = (0, bytes(self._raw_vectors))

    def address(self, names: bytes) -> None:
        """Says where the packets go.

        Args:
            names: From ``socket_address``, one after the other, from slot 0 on.
        """
        self._raw_names[: len(names)] = names

    def set_lengths(self, length: int) -> None:
        """Says that all packets are of one length, in bytes, heads included."""
        if self._all_of_length[0] != length:
            for vector in self._vectors[1::2]:
                vector.length = length - HEADER_BYTES
            self._all_of_length = length, bytes(self._raw_vectors)
        self._raw_vectors[:] = self._all_of_length[1]

    def put(self, slot: int, packet: bytes) -> None:
        """Copies a packet of at least 12 bytes into a slot."""
        head, start = slot * HEAD_SLOT_BYTES, slot * SLOT_BYTES
        rest = len(packet) - HEADER_BYTES
        self.heads[head : head + HEADER_BYTES] = packet[:HEADER_BYTES]
        self.packets[start : start + rest] = packet[HEADER_BYTES:]
        self._lengths[4 * slot + 3] = rest

    def packet(self, slot: int) -> bytes:
        """A copy of what is in a slot."""
        head, start = slot * HEAD_SLOT_BYTES, slot * SLOT_BYTES
        rest = self.packets[start : start + self._lengths[4 * slot + 3]]
        return bytes(self.heads[head : head + HEADER_BYTES]) + bytes(rest)

    def sizes(self, count: int) -> list[int]:
        """How long the packets in the first ``count`` slots are, in bytes."""
        return [HEADER_BYTES + rest for rest in self._lengths[3 : 4 * count : 4].tolist()]

    def flush(self, count: int) -> Flushed:
        """Sends the packets in the first ``count`` slots.

        One that the kernel refuses to send is skipped: ``sendmmsg`` stops there.
        """
        at, failed = 0, []
        while at < count:
            messages = self._messages_at + at * ctypes.sizeof(_Message)
            sent = self._call(self._fd, messages, count - at, _AT_ONCE)
            if sent > 0:
                at += sent
                continue
            error = ctypes.get_errno()
            if error in _LATER:
                break
            if error != errno.EINTR:
                failed.append(at)
                at += 1
        return Flushed(at, failed)


_ANY = {socket.AF_INET: ("0.0.0.0", 0), socket.AF_INET6: ("::", 0)}  # noqa: S104  only measured
