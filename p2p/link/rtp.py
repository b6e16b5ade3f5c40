"""The RTP header around a sealed frame, and loss as its sequence numbers show it. Sans-IO."""

import hashlib
import itertools
import struct
from collections import deque

from p2p.errors import RemoteError

HEADER_BYTES = 12
PAYLOAD_TYPE = 111
TICKS_PER_FRAME = 960
FIRST_BYTE = 0x80  # version 2; no padding, extension or contributing sources
SLOTS = 50

# A low start: SRTP cannot open a stream that it meets behind a wrap (RFC 3711 §3.3.1).
FIRST_SEQ = 1
_REORDER = 1 << 15


def ssrc_of(sender_ufrag: str, receiver_ufrag: str) -> int:
    """Derives the one SSRC of a direction, so a packet finds its link from any address."""
    name = f"{sender_ufrag}:{receiver_ufrag}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=4, person=b"teahouse-ssrc").digest())


class Packetizer:
    """Numbers the packets of a stream.

    Args:
        ssrc: Of this direction.
        first: Number of the first packet.

    Attributes:
        numbers: Gives the number of the next packet, to nobody else.
    """

    __slots__ = ("numbers", "ssrc")

    def __init__(self, ssrc: int, first: int = 0) -> None:
        self.ssrc = ssrc
        self.numbers = itertools.count(first)

    def header(self) -> tuple[int, bytes]:
        """The number of the next packet, and its RTP header (RFC 3550 §5.1).

        The clock in it counts packets and tells no time.
        """
        number = next(self.numbers)
        seq, ticks = (FIRST_SEQ + number) & 0xFFFF, number * TICKS_PER_FRAME & 0xFFFFFFFF
        return number, struct.pack("!BBHII", FIRST_BYTE, PAYLOAD_TYPE, seq, ticks, self.ssrc)


def unpack(packet: bytes, ssrc: int) -> tuple[int, bytes]:
    """Takes an authenticated RTP packet apart.

    Args:
        packet: As SRTP opened it.
        ssrc: The only one this direction may use.

    Returns:
        Sequence number (16 bit) and frame.

    Raises:
        RemoteError: Not exactly what is sent by us.
    """
    if len(packet) <= HEADER_BYTES:
        raise RemoteError("no frame in the packet")
    first, kind, seq, _, got = struct.unpack_from("!BBHII", packet)
    if first != FIRST_BYTE or kind != PAYLOAD_TYPE or got != ssrc:
        raise RemoteError("packet of another kind")
    return seq, packet[HEADER_BYTES:]


class LossMeter:
    """Share of media packets that did not arrive, over the last seconds.

    Args:
        window_s: How far back it looks.
    """

    def __init__(self, window_s: float = 5.0) -> None:
        self._slot_s = window_s / SLOTS
        self._highest: int | None = None
        self._slots: deque[tuple[int, int, int]] = deque(maxlen=SLOTS)

    def heard(self, seq: int, now: float) -> None:
        """Counts one packet.

        Args:
            seq: Its sequence number, 16 bit.
            now: Monotonic seconds.
        """
        step = 1 if self._highest is None else (seq - self._highest) & 0xFFFF
        if step < _REORDER:
            self._highest = seq
        else:
            step = 0
        slot = int(now / self._slot_s)
        expected = received = 0
        if self._slots and self._slots[-1][0] == slot:
            _, expected, received = self._slots.pop()
        self._slots.append((slot, expected + step, received + 1))

    def pct(self, now: float) -> float:
        """Lost packets in per cent of those sent, 0 to 100; 0 while nothing was sent."""
        oldest = int(now / self._slot_s) - SLOTS
        recent = [(expected, received) for at, expected, received in self._slots if at > oldest]
        expected = sum(each for each, _ in recent)
        received = sum(each for _, each in recent)
        return max(0.0, 100.0 * (expected - received) / expected) if expected else 0.0
