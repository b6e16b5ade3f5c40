"""Put frames and copies of earlier ones into payloads of one constant size, and take them out.

Profile ``table``, one payload per 20 ms frame n, big endian::

    profile  1   0x01
    flags    1   bit 0-2: the copies of n-1, n-3, n-5 are there; bit 3: speaking;
                 bit 4: last frame before a pause; bits 5-7: zero
    seq      4   n
    primary 60   Opus at 24 kbit/s
    copies  90   3 x 30, Opus at 12 kbit/s of n-1, n-3, n-5; zeros where there is none

The idea of sending earlier frames again is RFC 2198; the offsets skip, so that one burst of
losses rarely takes a frame and all its copies. The encryption around a payload hides all of it.
"""

import struct
from collections import deque
from dataclasses import dataclass

from audio.errors import PayloadError
from audio.opus import LOW_RATE_BYTES, PRIMARY_BYTES

PROFILE_TABLE = 0x01
COPY_OFFSETS = (1, 3, 5)
_HEADER = struct.Struct(">BBL")
_COPIES_FROM = _HEADER.size + PRIMARY_BYTES
PAYLOAD_BYTES = _COPIES_FROM + len(COPY_OFFSETS) * LOW_RATE_BYTES
"""Size of every payload: 156 bytes."""
MAX_SEQ = 2**32 - 1
_SPEAKING = 0x08
_LAST = 0x10
_RESERVED = 0xE0
_NO_COPY = bytes(LOW_RATE_BYTES)


@dataclass(frozen=True, slots=True)
class Packet:
    """One payload, taken apart.

    Attributes:
        seq: Number of the frame, 0 to 2^32 - 1; one more for each 20 ms of open microphone.
        primary: The frame, 60 bytes.
        copies: Earlier frames at the low rate as (seq, 30 bytes), newest first.
        speaking: Whether the sender heard a voice in the frame.
        last: Whether the sender closes its microphone after this frame.
    """

    seq: int
    primary: bytes
    copies: tuple[tuple[int, bytes], ...] = ()
    speaking: bool = False
    last: bool = False


class Framer:
    """The sending side: numbers the frames of one run and remembers the copies to send."""

    def __init__(self, first_seq: int = 0) -> None:
        """Start numbering.

        Args:
            first_seq: Number of the first frame.
        """
        self._next_seq = first_seq
        self._earlier: deque[bytes] = deque(maxlen=max(COPY_OFFSETS))

    @property
    def next_seq(self) -> int:
        """The number that the next frame will carry."""
        return self._next_seq

    def restart(self) -> None:
        """Forget earlier frames, to be called when the microphone opens; numbers go on."""
        self._earlier.clear()

    def pack(
        self, primary: bytes, low_rate: bytes, speaking: bool = False, *, last: bool = False
    ) -> bytes:
        """Build the payload of the next frame.

        Args:
            primary: The frame at 24 kbit/s, 60 bytes.
            low_rate: The same frame at 12 kbit/s, 30 bytes; later payloads carry it.
            speaking: Whether there is a voice in it.
            last: Whether the microphone closes after it.

        Returns:
            ``PAYLOAD_BYTES`` bytes, also for the first frames, which have no copies.

        Raises:
            ValueError: A frame of the wrong size, or the numbers are used up.
        """
        if len(primary) != PRIMARY_BYTES or len(low_rate) != LOW_RATE_BYTES:
            raise ValueError("frames are 60 and 30 bytes")
        if self._next_seq > MAX_SEQ:
            raise ValueError("no frame numbers left")
        flags = (_SPEAKING if speaking else 0) | (_LAST if last else 0)
        body = primary
        for bit, offset in enumerate(COPY_OFFSETS):
            if offset <= len(self._earlier):
                flags |= 1 << bit
                body += self._earlier[-offset]
            else:
                body += _NO_COPY
        payload = _HEADER.pack(PROFILE_TABLE, flags, self._next_seq) + body
        self._next_seq += 1
        self._earlier.append(low_rate)
        return payload


def unpack(payload: bytes) -> Packet:
    """Take a payload of a framer apart. Whether the frames are Opus, only the decoder tells.

    Args:
        payload: Bytes from an opened frame; they come from a member but may be anything.

    Returns:
        The packet. Packing it again would give the same bytes.

    Raises:
        PayloadError: Wrong size, profile or flags, or bytes in the place of an absent copy.
    """
    if len(payload) != PAYLOAD_BYTES:
        raise PayloadError("wrong size")
    profile, flags, seq = _HEADER.unpack_from(payload)
    if profile != PROFILE_TABLE or flags & _RESERVED:
        raise PayloadError("unknown profile or flags")
    copies = []
    for index, offset in enumerate(COPY_OFFSETS):
        at = _COPIES_FROM + index * LOW_RATE_BYTES
        copy = payload[at : at + LOW_RATE_BYTES]
        if flags & (1 << index):
            if offset > seq:
                raise PayloadError("copy of a frame before the first")
            copies.append((seq - offset, copy))
        elif copy != _NO_COPY:
            raise PayloadError("bytes where no copy is")
    return Packet(
        seq=seq,
        primary=payload[_HEADER.size : _COPIES_FROM],
        copies=tuple(copies),
        speaking=bool(flags & _SPEAKING),
        last=bool(flags & _LAST),
    )
