"""What the receiving end of a link says of how packets come, so that the sender can fit the line.

A report travels as a frame does, in SRTP, in place of one::

    0x41  seq 2 | packets opened so far 2 | arrival of that packet, in ms of the receiver's clock 4

The numbers are those of RTP (16 bit, turning over). It says what RFC 8888 says of one packet and
counts the rest; one that is lost costs nothing, for the next one holds the same counts.
"""

import struct
from typing import NamedTuple

from p2p.errors import RemoteError

REPORT_BYTE = 0x41
_REPORT = struct.Struct(">BHHL")
REPORT_BYTES = _REPORT.size
CLOCK_MS = 1 << 32


class LineReport(NamedTuple):
    """One report.

    Attributes:
        seq: RTP number of the newest packet that came, 0 to 65,535.
        received: Packets that came since the link began, modulo 65,536.
        arrival_ms: When that packet came, by a clock of the receiver's own that turns over.
    """

    seq: int
    received: int
    arrival_ms: int

    def encode(self) -> bytes:
        """Write it as it goes into an SRTP packet, 9 bytes."""
        return _REPORT.pack(
            REPORT_BYTE, self.seq & 0xFFFF, self.received & 0xFFFF, self.arrival_ms % CLOCK_MS
        )


def decode_report(frame: bytes) -> LineReport:
    """Read a report.

    Args:
        frame: Foreign bytes, that begin with ``REPORT_BYTE``.

    Raises:
        RemoteError: It has another length.
    """
    if len(frame) != REPORT_BYTES:
        raise RemoteError("report of another length")
    _, seq, received, arrival_ms = _REPORT.unpack(frame)
    return LineReport(seq, received, arrival_ms)
