"""Put frames and copies of earlier ones into payloads of one constant size, and take them out.

A payload, big endian, whose profile says how many 20 ms frames it holds::

    profile  1   0x01 table | 0x02 hall | 0x03 slim | 0x04 thin
    flags    1   bits 0-2: the copies are there, nearest first; bit 3: speaking;
                 bit 4: last payload before a pause; bits 5-7: zero
    seq      4   number n of the first frame
    frames       Opus, n in table; n and n+1 in hall; n to n+2 in slim and thin;
                 at 28 kbit/s, 70 bytes each; in slim 16 kbit/s, 40 bytes; in thin 10.4, 26 bytes
    copies       Opus at 16 kbit/s, 40 bytes each, of n-1, n-2 and n-5 in table, of n-2, n-1 and
                 n-4, n-3 in hall, of n-3 to n-1 in slim; zeros where there is none

A room is in table or hall; slim and thin are for who speaks over a narrow line. The idea of sending
earlier frames again is RFC 2198. Of three offsets two are near, so that a
single loss costs little delay, and one is far, so that a burst rarely takes a frame and all its
copies. Frames are numbered alike in all profiles: a stream may go from one to another after
any payload. The encryption around a payload hides all of it.
"""

import struct
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from audio.codec.opus import LOW_RATE_BYTES, PRIMARY_BYTES, THIN_BYTES
from audio.errors import PayloadError
from audio.pcm import FRAME_S

_HEADER = struct.Struct(">BBL")
MAX_SEQ = 2**32 - 1
_SPEAKING = 0x08
_LAST = 0x10
_RESERVED = 0xE0


@dataclass(frozen=True, slots=True)
class Profile:
    """How sound is packed.

    Attributes:
        name: What people and ops call it.
        code: First byte of its payloads.
        frames: Frames in a payload.
        offsets: How many frames before the payload's frames the copied ones begin.
        frame_bytes: Of each of its frames but copies.
    """

    name: str
    code: int
    frames: int
    offsets: tuple[int, ...]
    frame_bytes: int = PRIMARY_BYTES

    @property
    def payload_bytes(self) -> int:
        """Size of every payload."""
        copied = len(self.offsets) * LOW_RATE_BYTES
        return _HEADER.size + self.frames * (self.frame_bytes + copied)

    def reach_s(self, copies: int) -> float:
        """Delay that makes so many copies of every frame usable.

        Args:
            copies: 0 to 3; beyond what there is counts as all.
        """
        offsets = (0, *self.offsets)
        return (self.frames - 1 + offsets[min(copies, len(self.offsets))]) * FRAME_S


TABLE = Profile("table", 0x01, 1, (1, 2, 5))
"""50 payloads a second of 196 bytes: for a table of people who talk with each other."""
HALL = Profile("hall", 0x02, 2, (2, 4))
"""Half of the payloads, each of 306 bytes, 20 ms later: for hundreds who listen."""
SLIM = Profile("slim", 0x03, 3, (3,), LOW_RATE_BYTES)
"""A third of the payloads, each of 246 bytes with every frame twice, 40 ms later."""
THIN = Profile("thin", 0x04, 3, (), THIN_BYTES)
"""As few payloads, each of 84 bytes with every frame once: all that the narrowest line carries."""
PROFILES = {profile.name: profile for profile in (TABLE, HALL, SLIM, THIN)}
"""The widest first."""
PAYLOAD_BYTES = TABLE.payload_bytes
"""Size of every payload of profile ``table``: 196 bytes."""
_BY_SIZE = {profile.payload_bytes: profile for profile in PROFILES.values()}
PAYLOAD_SIZES = frozenset(_BY_SIZE)
_PARTS = {
    profile.code: struct.Struct(
        _HEADER.format
        + f"{profile.frame_bytes}s" * profile.frames
        + f"{LOW_RATE_BYTES}s" * (profile.frames * len(profile.offsets))
    )
    for profile in PROFILES.values()
}
_PLACES = {
    profile.code: [
        (1 << bit, offset - frame)
        for bit, offset in enumerate(profile.offsets)
        for frame in range(profile.frames)
    ]
    for profile in PROFILES.values()
}
"""For each place of a copy: its flag, and how far before the first frame its number is."""
_UNUSED = {
    profile.code: _RESERVED | (0x07 & -(1 << len(profile.offsets))) for profile in PROFILES.values()
}
"""Flags that are zero in every payload."""
_NO_COPY = bytes(LOW_RATE_BYTES)


class Packet(NamedTuple):
    """One payload, taken apart.

    Attributes:
        seq: Number of its first frame, 0 to 2^32 - 1; one more for each 20 ms of open microphone.
        frames: The frames from that number on.
        copies: Earlier frames at the low rate as (seq, 40 bytes), nearest offset first.
        speaking: Whether the sender heard a voice in the frames.
        last: Whether the sender closes its microphone after these frames.
        profile: The profile it was packed in.
    """

    seq: int
    frames: tuple[bytes, ...]
    copies: tuple[tuple[int, bytes], ...] = ()
    speaking: bool = False
    last: bool = False
    profile: Profile = TABLE

    @property
    def numbers(self) -> range:
        """The numbers of its frames."""
        return range(self.seq, self.seq + len(self.frames))


class Framer:
    """The sending side: numbers the frames of one run and remembers the copies to send."""

    def __init__(self, first_seq: int = 0, profile: Profile = TABLE) -> None:
        """Start numbering.

        Args:
            first_seq: Number of the first frame.
            profile: What to pack.
        """
        self._next_seq = first_seq
        self._profile = self._wanted = profile
        self._gathered: list[tuple[bytes, bytes]] = []
        self._speaking = False
        self._earlier: deque[bytes] = deque(maxlen=max(max(p.offsets) for p in (TABLE, HALL, SLIM)))

    @property
    def profile(self) -> Profile:
        """What the payload that is begun, or the next, is packed in."""
        return self._profile

    @property
    def next_seq(self) -> int:
        """The number that the next frame will carry."""
        return self._next_seq + len(self._gathered)

    @property
    def missing(self) -> int:
        """How many frames make the next payload complete, 1 or more."""
        return self._profile.frames - len(self._gathered)

    def switch(self, profile: Profile) -> None:
        """Use another profile from the next payload on; one that is begun is completed first.

        Args:
            profile: What to pack from then on.
        """
        self._wanted = profile
        if not self._gathered:
            self._profile = profile

    def restart(self) -> None:
        """Forget earlier frames, to be called when the microphone opens; numbers go on."""
        self._gathered.clear()
        self._earlier.clear()
        self._speaking = False
        self._profile = self._wanted

    def pack(
        self, frame: bytes, low_rate: bytes, speaking: bool = False, *, last: bool = False
    ) -> bytes | None:
        """Take the next frame.

        Args:
            frame: At the rate of the profile, ``frame_bytes`` of it.
            low_rate: The same frame at 16 kbit/s, 40 bytes; later payloads carry it.
            speaking: Whether there is a voice in it.
            last: Whether the microphone closes after the payload that it completes.

        Returns:
            ``payload_bytes`` of the profile, also for the first frames, which have no copies;
            None if the payload is not complete yet.

        Raises:
            ValueError: A frame of the wrong size, or the numbers are used up.
        """
        if len(frame) != self._profile.frame_bytes or len(low_rate) != LOW_RATE_BYTES:
            raise ValueError("a frame of another rate")
        if self._next_seq + self._profile.frames - 1 > MAX_SEQ:
            raise ValueError("no frame numbers left")
        self._gathered.append((frame, low_rate))
        self._speaking |= speaking
        if self.missing:
            return None
        payload = self._header(last=last) + b"".join(frame for frame, _ in self._gathered)
        payload += b"".join(self._copies(offset) for offset in self._profile.offsets)
        self._next_seq += len(self._gathered)
        self._earlier.extend(copy for _, copy in self._gathered)
        self._gathered.clear()
        self._speaking = False
        self._profile = self._wanted
        return payload

    def _header(self, *, last: bool) -> bytes:
        flags = (_SPEAKING if self._speaking else 0) | (_LAST if last else 0)
        for bit, offset in enumerate(self._profile.offsets):
            flags |= (offset <= len(self._earlier)) << bit
        return _HEADER.pack(self._profile.code, flags, self._next_seq)

    def _copies(self, offset: int) -> bytes:
        if offset > len(self._earlier):
            return bytes(self._profile.frames * LOW_RATE_BYTES)
        begin = len(self._earlier) - offset
        return b"".join(self._earlier[begin + index] for index in range(self._profile.frames))


def profile_of(payload: bytes) -> Profile:
    """Return the profile that a payload was packed in, by its size.

    Args:
        payload: From ``Framer.pack``.

    Raises:
        PayloadError: No framer writes payloads of this size.
    """
    profile = _BY_SIZE.get(len(payload))
    if profile is None:
        raise PayloadError("wrong size")
    return profile


def unpack(payload: bytes) -> Packet:
    """Take a payload of a framer apart. Whether the frames are Opus, only the decoder tells.

    Args:
        payload: Bytes from an opened frame; they come from a member but may be anything.

    Returns:
        The packet. Packing it again would give the same bytes.

    Raises:
        PayloadError: Wrong size, profile or flags, or bytes in the place of an absent copy.
    """
    profile = profile_of(payload)
    code, flags, seq, *parts = _PARTS[profile.code].unpack(payload)
    if code != profile.code or flags & _UNUSED[code]:
        raise PayloadError("unknown profile or flags")
    if seq + profile.frames - 1 > MAX_SEQ:
        raise PayloadError("frames beyond the last number")
    return Packet(
        seq,
        tuple(parts[: profile.frames]),
        _copies_in(parts[profile.frames :], profile, flags, seq),
        bool(flags & _SPEAKING),
        bool(flags & _LAST),
        profile,
    )


def _copies_in(
    parts: list[bytes], profile: Profile, flags: int, seq: int
) -> tuple[tuple[int, bytes], ...]:
    copies = []
    for part, (bit, back) in zip(parts, _PLACES[profile.code], strict=True):
        if flags & bit:
            if back > seq:
                raise PayloadError("copy of a frame before the first")
            copies.append((seq - back, part))
        elif part != _NO_COPY:
            raise PayloadError("bytes where no copy is")
    return tuple(copies)
