"""The RTP header around a sealed frame."""

import hashlib
import itertools
import struct
import time

from p2p.errors import RemoteError

HEADER_BYTES = 12
PAYLOAD_TYPE = 111
SEQ_BITS = 16
TICKS_PER_FRAME = 960
CLOCK_HZ = 48_000
_RTCP_TYPES = range(192, 209)
FIRST_BYTE = 0x80  # version 2; no padding, extension or contributing sources

# A low start: SRTP cannot open a stream that it meets behind a wrap (RFC 3711 §3.3.1).
FIRST_SEQ = 1


def ssrc_of(sender_ufrag: str, receiver_ufrag: str) -> int:
    """Derives the one SSRC of a direction, so a packet finds its link from any address."""
    name = f"{sender_ufrag}:{receiver_ufrag}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=4, person=b"teahouse-ssrc").digest())


def ssrc_in(packet: bytes) -> int | None:
    """Reads the source of a foreign packet (RFC 3550 §5.1).

    Returns:
        None for RTCP, which is not used here, and for what is too short.
    """
    if len(packet) <= HEADER_BYTES or packet[1] in _RTCP_TYPES:
        return None
    return int.from_bytes(packet[8:12], "big")


class Packetizer:
    """Numbers the packets of a stream.

    Args:
        ssrc: Of this direction.
        first: Number of the first packet.

    Attributes:
        numbers: Gives the number of the next packet, to nobody else.
        began: When the clock in the headers began to run, see ``clock_now``; None: it counts
            packets and tells no time. How fast a clock runs tells whose it is, so only a relay's
            runs.
    """

    __slots__ = ("began", "numbers", "ssrc")

    def __init__(self, ssrc: int, first: int = 0) -> None:
        self.began: int | None = None
        self.ssrc = ssrc
        self.numbers = itertools.count(first)

    def header(self) -> tuple[int, bytes]:
        """The number of the next packet, and its RTP header (RFC 3550 §5.1)."""
        number = next(self.numbers)
        ticks = number * TICKS_PER_FRAME if self.began is None else clock_now() - self.began
        seq, ticks = (FIRST_SEQ + number) & 0xFFFF, ticks & 0xFFFFFFFF
        return number, struct.pack("!BBHII", FIRST_BYTE, PAYLOAD_TYPE, seq, ticks, self.ssrc)


def clock_now() -> int:
    """The clock of this machine, 48 kHz; it turns over only in a header."""
    return int(time.monotonic() * CLOCK_HZ)


def seq_of(packet: bytes) -> int:
    """Reads the sequence number of a packet of our own, 16 bit."""
    return int.from_bytes(packet[2:4], "big")


def clock_of(packet: bytes) -> int:
    """Reads the clock of an authentic packet, 32 bit."""
    return int.from_bytes(packet[4:8], "big")


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
