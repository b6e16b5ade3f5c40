"""Wraps of epoch secrets at a relay: each member gets its own, also when it comes later.

A wrap is a tag of 4 bytes and a box that only its member opens (``crypto.wrap``); the tag follows
from the epoch's ephemeral key and the member id, so a relay can hand it out without any key. Any
member may wrap for others (``rekey.shares``). Whether a wrap is true only its reader sees; so that
false ones are in nobody's way, each source has its own measure, and what the shelf has no room for
is passed on all the same.
"""

from collections import Counter
from collections.abc import Iterable

from crypto.ids import DhKey, EpochId, MemberId, OpId
from crypto.wrap import TAG_BYTES, wrap_tag
from p2p.room.store.opset import MEMBERS_MAX

WRAPS_MAX = 2 * MEMBERS_MAX
"""Kept of one epoch."""

SHARED_MAX = 256
"""Of one epoch by one member that did not begin it: its share, and who asks it."""

BOUGH_MAX = 64 * SHARED_MAX
"""Of one epoch by another relay."""


class _Shelf:
    """The wraps of one epoch."""

    def __init__(self) -> None:
        self.by_tag: dict[bytes, list[bytes]] = {}
        self.kept = 0
        self.taken: Counter[MemberId] = Counter()
        self.tags: dict[MemberId, bytes] = {}


class WrapShelf:
    """The wraps of the epochs in force."""

    def __init__(self) -> None:
        self._shelves: dict[EpochId, _Shelf] = {}

    def keep_only(self, heads: Iterable[OpId]) -> None:
        """Forgets the wraps of all other epochs."""
        heads = set(heads)
        self._shelves = {epoch: one for epoch, one in self._shelves.items() if epoch in heads}

    def put(
        self, epoch: EpochId, wraps: Iterable[bytes], source: MemberId, most: int
    ) -> tuple[bytes, ...]:
        """Takes wraps; two members may have the same tag.

        Args:
            epoch: One in force.
            wraps: 52 bytes each.
            source: Of whom they come.
            most: So many of an epoch are taken of it.

        Returns:
            Those that are new, to be passed on; some may not be kept.
        """
        shelf = self._shelves.setdefault(epoch, _Shelf())
        fresh: list[bytes] = []
        for wrap in wraps:
            alike = shelf.by_tag.get(wrap[:TAG_BYTES], [])
            if wrap in alike or wrap in fresh:
                continue
            if shelf.taken[source] >= most:
                break
            shelf.taken[source] += 1
            fresh.append(wrap)
            if shelf.kept < WRAPS_MAX:
                shelf.kept += 1
                shelf.by_tag.setdefault(wrap[:TAG_BYTES], alike).append(wrap)
        return tuple(fresh)

    def tag(self, epoch: EpochId, ephemeral: DhKey, member: MemberId) -> bytes:
        """The tag of one member's wraps, see ``crypto.wrap``; worked out once for each."""
        tags = self._shelves.setdefault(epoch, _Shelf()).tags
        if member not in tags:
            if len(tags) >= WRAPS_MAX:
                tags.clear()
            tags[member] = wrap_tag(ephemeral, member)
        return tags[member]

    def find(self, epoch: EpochId, ephemeral: DhKey, member: MemberId) -> tuple[bytes, ...]:
        """The wraps with the tag of one member: its own, seldom another's as well."""
        shelf = self._shelves.get(epoch)
        return tuple(shelf.by_tag.get(self.tag(epoch, ephemeral, member), ())) if shelf else ()

    def epochs(self) -> list[EpochId]:
        """Epochs of which there are wraps."""
        return list(self._shelves)

    def all(self, epoch: EpochId) -> list[bytes]:
        """Every wrap of an epoch."""
        shelf = self._shelves.get(epoch)
        return [wrap for alike in shelf.by_tag.values() for wrap in alike] if shelf else []
