"""The frames of one speaker that wait to be played, bounded in number, rate and distance."""

from dataclasses import dataclass
from typing import NamedTuple

from audio.codec.framer import Packet

WINDOW_FRAMES = 100
"""How far from the frame due a packet may be, 2 s; so at most 101 frames are held."""
RATE_PER_S = 150.0
"""Packets that one speaker may send in the long run, three times what it needs."""
BURST_PACKETS = 100.0
"""Packets that may come at once, as after a stall of 2 s."""


@dataclass(slots=True)
class JitterCounts:
    """What became of packets and of frames since the start.

    Attributes:
        received: Packets handed in.
        duplicate: Packets whose frame was already here.
        late: Packets whose frame was already played or given up.
        implausible: Packets too far from the frame due.
        flooded: Packets above the rate that a speaker can need.
        played: Frames decoded from their own packet.
        copied: Frames decoded from a copy.
        garbage: Frames that the decoder refused.
        unplayed: Frames given up, never decoded.
        stretched: Frames played longer or shorter than they are.
    """

    received: int = 0
    duplicate: int = 0
    late: int = 0
    implausible: int = 0
    flooded: int = 0
    played: int = 0
    copied: int = 0
    garbage: int = 0
    unplayed: int = 0
    stretched: int = 0


class HeldFrame(NamedTuple):
    """Encoded bytes of a frame, and whether they are only a copy at the low rate."""

    data: bytes
    is_copy: bool


class Backlog:
    """Sorts packets into frames by number. ``due`` is the number to be played next."""

    def __init__(self, counts: JitterCounts) -> None:
        """Start empty.

        Args:
            counts: Where to count what becomes of packets.
        """
        self.due = 0
        self._counts = counts
        self._frames: dict[int, HeldFrame] = {}
        self._seen: set[int] = set()
        self._floor: int | None = None
        self._suspect: int | None = None
        self._last_seq: int | None = None
        self._allowance = BURST_PACKETS
        self._refilled = 0.0

    @property
    def first(self) -> int | None:
        """Number of the earliest frame held; None if there is none."""
        return min(self._frames, default=None)

    @property
    def ended(self) -> bool:
        """Whether the frame before the one due was announced as the last before a pause."""
        return self._last_seq is not None and self._last_seq == self.due - 1

    def put(self, packet: Packet, now: float) -> list[int] | None:
        """Take the frame and the copies of a packet in.

        Args:
            packet: Well-formed, but with any numbers, any number of times.
            now: Monotonic seconds.

        Returns:
            Numbers of the frames whose content came for the first time, also those that come
            too late; None if the packet started a new numbering, which empties the backlog
            (the packet itself is then held).
        """
        self._counts.received += 1
        if not self._within_rate(now):
            self._counts.flooded += 1
            return []
        seq, restarted = packet.seq, False
        last = seq + len(packet.frames) - 1
        if self._floor is None or not -WINDOW_FRAMES <= seq - self.due <= WINDOW_FRAMES:
            if self._floor is not None and self._suspect != seq:
                self._suspect = last + 1
                self._counts.implausible += 1
                return []
            self._restart(seq)
            restarted = True
        self._suspect = None
        if packet.last:
            self._last_seq = last
        fresh = self._hold(packet, last)
        return None if restarted else fresh

    def take(self) -> HeldFrame | None:
        """Remove and return the frame due and make the next one due; None if it is not here."""
        frame = self._frames.pop(self.due, None)
        if frame is not None:
            self.due += 1
        return frame

    def advance(self, to: int) -> None:
        """Make a later frame due.

        Args:
            to: Its number, not before the one due.
        """
        self.due = to

    def drop(self) -> None:
        """Give the frame due up, whether it is here or not."""
        self._frames.pop(self.due, None)
        self._counts.unplayed += 1
        self.due += 1

    def _within_rate(self, now: float) -> bool:
        allowance = self._allowance
        if now > self._refilled:
            allowance += (now - self._refilled) * RATE_PER_S
            if allowance > BURST_PACKETS:
                allowance = BURST_PACKETS
            self._refilled = now
        within = allowance >= 1.0
        self._allowance = allowance - 1.0 if within else allowance
        return within

    def _restart(self, seq: int) -> None:
        self._frames.clear()
        self._seen.clear()
        self._floor = self.due = seq
        self._last_seq = None

    def _hold(self, packet: Packet, last: int) -> list[int]:
        """Keep what may still be played; returns the numbers that are new here."""
        due, frames, seen, floor = self.due, self._frames, self._seen, self._floor or 0
        fresh, new = [], False
        for seq, frame in enumerate(packet.frames, packet.seq):
            if seq >= due and ((held := frames.get(seq)) is None or held.is_copy):
                frames[seq] = HeldFrame(frame, False)
                new = True
            if seq not in seen and seq >= floor:
                fresh.append(seq)
        if last < due:
            self._counts.late += 1
        elif not new:
            self._counts.duplicate += 1
        for seq, copy in packet.copies:
            if seq >= due and seq not in frames:
                frames[seq] = HeldFrame(copy, True)
            if seq not in seen and seq >= floor:
                fresh.append(seq)
        seen.update(fresh)
        if len(seen) > 4 * WINDOW_FRAMES:
            self._seen = {seq for seq in seen if seq >= due - 2 * WINDOW_FRAMES}
        return fresh
