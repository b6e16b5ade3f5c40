"""Which frames go on: the forwarding table of one room at one relay. Sans-IO.

No key and no memory of frames: a slot is taken from one link at a time, so nothing can circle, and
only while its holder may be heard. Receivers throw doubles away (replay window) and open nothing
that the holder did not seal. Where the tree changes, a slot's newest route comes by more than one
link: then others bring the slot while the first is silent, with frames that are news.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crypto.ids import MemberId
from p2p.errors import RemoteError

SLOTS_AT_ONCE = 3
PAUSE_S = 0.3
"""Who speaks keeps its place among the slots at once until it was silent for so long."""


SILENT_S = 0.1
"""While a slot's first link was silent for so long, others by which its newest route came count."""
FORGET_S = 2.0
"""After so long a silence a frame is news whatever its counter says: that can not be verified."""
LINKS_MAX = 3


@dataclass(slots=True)
class _Way:
    """Where a slot's frames come from, as its holder said last: links, the first to say so first.

    Times are when the first of them brought a frame, and when any did.
    """

    member: MemberId
    seq: int
    links: list[int]
    first_s: float = 0.0
    any_s: float = 0.0
    highest: int = 0

    def takes(self, link: int, counter: int, now: float) -> bool:
        """Whether this frame is taken: from the first link always, else for want of those."""
        if link not in self.links:
            return False
        if link == self.links[0]:
            self.first_s = now
        elif now - self.first_s <= SILENT_S or (
            counter <= self.highest and now - self.any_s <= FORGET_S
        ):
            return False
        self.highest = counter if now - self.any_s > FORGET_S else max(self.highest, counter)
        self.any_s = now
        return True


class Forwarder:
    """The table.

    A slot's frames are taken from the link over which its holder's newest route came; without
    one, from the link at which the holder itself is attached.
    """

    def __init__(self) -> None:
        self._speakers: Mapping[int, MemberId] = {}
        self._attached: dict[MemberId, int] = {}
        self._ways: dict[int, _Way] = {}
        self._active: dict[int, float] = {}

    @property
    def active(self) -> list[int]:
        """Slots that are passed on, silent ones of the last moment included."""
        return list(self._active)

    def set_speakers(self, speakers: Mapping[int, MemberId]) -> None:
        """Who may be heard now: slot to member id. Frames of all others stop at once."""
        self._speakers = speakers
        for slot in [s for s, way in self._ways.items() if speakers.get(s) != way.member]:
            del self._ways[slot]
        for slot in [s for s in self._active if s not in speakers]:
            del self._active[slot]

    def attach(self, member: MemberId, link: int) -> None:
        """A member is attached at this link, and no longer at an earlier one."""
        self._attached[member] = link

    def detach(self, link: int) -> None:
        """A link is gone, with every way over it."""
        for member in [m for m, at in self._attached.items() if at == link]:
            del self._attached[member]
        for slot, way in list(self._ways.items()):
            way.links = [one for one in way.links if one != link]
            if not way.links:
                del self._ways[slot]

    def set_way(self, slot: int, member: MemberId, seq: int, link: int) -> bool:
        """A holder says, by a route whose signature was checked, over which link it comes.

        Returns:
            Whether it is to be passed on: it is news, or the present one again, which may not
            have got everywhere. An old one changes nothing.

        Raises:
            RemoteError: The member does not hold the slot.
        """
        if self._speakers.get(slot) != member:
            raise RemoteError("route of a slot that is another's")
        known = self._ways.get(slot)
        if known is None or seq > known.seq:
            self._ways[slot] = _Way(member, seq, [link])
            return True
        if seq < known.seq:
            return False
        if link not in known.links:
            known.links = [*known.links[: LINKS_MAX - 1], link]
            return True
        return link == known.links[0]

    def passes(self, slot: int, link: int, now: float, counter: int = 0) -> bool:
        """Whether a frame of this slot that came over this link goes on, now.

        Args:
            slot: As the frame claims.
            link: Over which it came.
            now: Monotonic seconds.
            counter: The frame's, as it claims.
        """
        holder = self._speakers.get(slot)
        if holder is None:
            return False
        way = self._ways.get(slot)
        if way is None:
            if self._attached.get(holder) != link:
                return False
        elif not way.takes(link, counter, now):
            return False
        if slot not in self._active and len(self._active) >= SLOTS_AT_ONCE:
            quiet = [s for s, at_s in self._active.items() if now - at_s > PAUSE_S]
            for each in quiet:
                del self._active[each]
            if not quiet:
                return False
        self._active[slot] = now
        return True
