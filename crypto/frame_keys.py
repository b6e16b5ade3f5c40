"""Frame keys that were derived once, by what they are for; they end with their step or epoch."""

from collections.abc import Callable, Collection

from crypto.frontier import Frontier
from crypto.ids import EpochId, MemberId
from crypto.kid import pack_kid
from crypto.sframe import Key

MAX_KEYS = 512
"""63 slots, 3 steps, and slots that changed hands."""


class FrameKeys:
    """See the module."""

    def __init__(self) -> None:
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
                self._keys.clear()
            self._keys[name] = key
        return key

    def keep(self, epochs: Collection[EpochId], first_step: int) -> None:
        """Forget those of other epochs and of steps before."""
        self._keys = {
            name: key
            for name, key in self._keys.items()
            if name[3] >= first_step and all(epoch in epochs for epoch in name[0].ids)
        }

    def clear(self) -> None:
        """Forget all."""
        self._keys.clear()
