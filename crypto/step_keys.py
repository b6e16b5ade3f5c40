"""Keys that were derived once, and what key ids stand for; they end with their step or epoch."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from crypto.frontier import Frontier
from crypto.ids import EpochId, MemberId
from crypto.kid import pack_kid
from crypto.sframe import Key

MAX_KEYS = 512
"""63 slots, 3 steps, and slots that changed hands."""


class Known(NamedTuple):
    """What a key id stands for.

    Attributes:
        slot: Its slot, 1 to 63.
        speaker: Who held the slot when it was looked up; that may have changed since.
        epochs: Under which its frames are sealed.
        step: At which.
        key: Opens them. Secret.
    """

    slot: int
    speaker: MemberId
    epochs: tuple[EpochId, ...]
    step: int
    key: Key


class GossipKey(NamedTuple):
    """What we seal under what relays carry unread.

    Attributes:
        tag: Names the epochs, 18 bits.
        step: At which.
        key: 32 bytes, zeroed when it ends. Secret.
    """

    tag: int
    step: int
    key: bytearray


class StepKeys:
    """The keys of one keyring.

    Attributes:
        gossip: As was derived last; None: something has changed since.
        known: Key ids under which a frame has opened. Emptied with every change of step, epochs
            or frontiers, so whoever finds one here need not ask for any of these.
    """

    def __init__(self) -> None:
        self.gossip: GossipKey | None = None
        self.known: dict[int, Known] = {}
        self._keys: dict[tuple[Frontier, int, MemberId, int], Key] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def get(
        self,
        frontier: Frontier,
        slot: int,
        member_id: MemberId,
        step: int,
        base_key: Callable[[], bytearray],
    ) -> Key:
        """Give a key; one that is not here yet is made of ``base_key``, which is zeroed.

        Raises:
            LocalError: ``slot`` is out of range.
        """
        name = (frontier, slot, member_id, step)
        key = self._keys.get(name)
        if key is None:
            base = base_key()
            key = Key(pack_kid(slot, frontier.tag, step), base)
            base[:] = bytes(len(base))
            if len(self._keys) >= MAX_KEYS:
                self.clear()
            self._keys[name] = key
        return key

    def keep(self, epochs: Collection[EpochId], first_step: int) -> None:
        """Forget those of other epochs and of steps before, and what follows from the present."""
        self._forget_present()
        self._keys = {
            name: key
            for name, key in self._keys.items()
            if name[3] >= first_step and all(epoch in epochs for epoch in name[0].ids)
        }

    def clear(self) -> None:
        """Forget all."""
        self._forget_present()
        self._keys.clear()

    def _forget_present(self) -> None:
        self.known.clear()
        if self.gossip is not None:
            self.gossip.key[:] = bytes(len(self.gossip.key))
            self.gossip = None
