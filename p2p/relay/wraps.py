"""Wraps of epoch secrets at a relay: each member gets its own, also when it comes later.

A wrap is a tag of 4 bytes and a box that only its member opens (``crypto.wrap``); the tag follows
from the epoch's ephemeral key and the member id, so a relay can hand it out without any key.
"""

from collections.abc import Iterable

from crypto.ids import DhKey, EpochId, MemberId, OpId
from crypto.wrap import TAG_BYTES, wrap_tag

WRAPS_MAX = 1024


class WrapShelf:
    """The wraps of the epochs in force."""

    def __init__(self) -> None:
        self._by_epoch: dict[EpochId, dict[bytes, list[bytes]]] = {}

    def keep_only(self, heads: Iterable[OpId]) -> None:
        """Forgets the wraps of all other epochs."""
        heads = set(heads)
        self._by_epoch = {e: wraps for e, wraps in self._by_epoch.items() if e in heads}

    def put(self, epoch: EpochId, wraps: Iterable[bytes]) -> tuple[bytes, ...]:
        """Takes wraps, of each epoch only so many; two members may have the same tag.

        Returns:
            Those that are new.
        """
        shelf = self._by_epoch.setdefault(epoch, {})
        room = WRAPS_MAX - sum(len(alike) for alike in shelf.values())
        fresh: list[bytes] = []
        for wrap in wraps:
            tag = wrap[:TAG_BYTES]
            if len(fresh) < room and wrap not in shelf.get(tag, ()):
                shelf.setdefault(tag, []).append(wrap)
                fresh.append(wrap)
        return tuple(fresh)

    def find(self, epoch: EpochId, ephemeral: DhKey, member: MemberId) -> tuple[bytes, ...]:
        """The wraps with the tag of one member: its own, seldom another's as well."""
        return tuple(self._by_epoch.get(epoch, {}).get(wrap_tag(ephemeral, member), ()))

    def epochs(self) -> list[EpochId]:
        """Epochs of which there are wraps."""
        return list(self._by_epoch)

    def all(self, epoch: EpochId) -> list[bytes]:
        """Every wrap of an epoch."""
        return [wrap for alike in self._by_epoch.get(epoch, {}).values() for wrap in alike]
