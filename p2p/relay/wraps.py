"""Wraps of epoch secrets at a relay: each member gets its own, also when it comes later.

A wrap is a tag of 4 bytes and a box that only its member opens; the tag is the beginning of
BLAKE2b(epoch's ephemeral key | member id), so a relay can hand it out without any key.
"""

import hashlib
from collections.abc import Iterable

from p2p.room.ids import MemberId, OpId

TAG_BYTES = 4
WRAPS_MAX = 1024


def wrap_tag(ephemeral: bytes, member: MemberId) -> bytes:
    """By what a member finds its wrap."""
    return hashlib.blake2b(ephemeral + member).digest()[:TAG_BYTES]


class WrapShelf:
    """The wraps of the epochs in force."""

    def __init__(self) -> None:
        self._by_epoch: dict[OpId, dict[bytes, bytes]] = {}

    def keep_only(self, heads: Iterable[OpId]) -> None:
        """Forgets the wraps of all other epochs."""
        heads = set(heads)
        self._by_epoch = {e: wraps for e, wraps in self._by_epoch.items() if e in heads}

    def put(self, epoch: OpId, wraps: Iterable[bytes]) -> tuple[bytes, ...]:
        """Takes wraps; the first with a tag counts, and of each epoch only so many.

        Returns:
            Those that are new.
        """
        shelf = self._by_epoch.setdefault(epoch, {})
        fresh = []
        for wrap in wraps:
            if wrap[:TAG_BYTES] not in shelf and len(shelf) < WRAPS_MAX:
                shelf[wrap[:TAG_BYTES]] = wrap
                fresh.append(wrap)
        return tuple(fresh)

    def find(self, epoch: OpId, ephemeral: bytes, member: MemberId) -> bytes | None:
        """The wrap of one member."""
        return self._by_epoch.get(epoch, {}).get(wrap_tag(ephemeral, member))

    def epochs(self) -> list[OpId]:
        """Epochs of which there are wraps."""
        return list(self._by_epoch)

    def all(self, epoch: OpId) -> list[bytes]:
        """Every wrap of an epoch."""
        return list(self._by_epoch.get(epoch, {}).values())
