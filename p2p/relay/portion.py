"""Which frames a listener with a narrow line gets: by its own wish, one in so many. Sans-IO."""

from typing import NamedTuple

from p2p.wire.hop import carries_all, counter_of, tree_slot


class Portion(NamedTuple):
    """What a listener asked for.

    Attributes:
        every: One frame in so many, or in as many as its profile's copies make up for.
        slot: Of this slot; 0: of all.
        others: Of the other slots one frame in so many.
    """

    every: int = 1
    slot: int = 0
    others: int = 1

    def takes(self, frame: bytes) -> bool:
        """Whether a frame of the tree, hop byte in front, is one of those."""
        chosen = self.slot in (0, tree_slot(frame))
        every = min(self.every, carries_all(frame)) if chosen else self.others
        return counter_of(frame) % every == 0


WHOLE = Portion()
