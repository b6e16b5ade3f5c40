"""How a room's records lie in a network: where, how sealed and signed, and how far numbers go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from crypto.item import MAX_SEQ_AHEAD_S, Item
from crypto.mainline_record import mainline_slots, open_mainline, seal_mainline
from crypto.mutable_item import MAX_SEQ, MutableItem
from crypto.record import Slot, expiry_of, open_record, seal_record, slots
from crypto.roomkey import RoomKey
from crypto.sealed_doors import Door, Doors

Rng = Callable[[int], bytes]


class Numbered(Protocol):
    """An item of any network: of two with one id the higher number counts."""

    @property
    def seq(self) -> int:
        """Its number."""


I = TypeVar("I", bound=Numbered)  # noqa: E741  as in items


@dataclass(frozen=True, slots=True)
class Form(Generic[I]):
    """See the module.

    Attributes:
        slots: Gives the places of doors in one hour.
        seal: Makes an item of key, hour, slot, doors, number, source of nonces.
        open: Reads the doors out of an item of an hour; ``RemoteError`` if there are none in it.
        seq_ahead_s: So far ahead of Unix time a number may be where it is kept.
    """

    slots: Callable[[RoomKey, int], tuple[Slot, ...]]
    seal: Callable[[RoomKey, int, int, Sequence[Door], int, Rng], I]
    open: Callable[[RoomKey, int, I], Doors]
    seq_ahead_s: int

    def next_seq(self, held: Sequence[I], unix_s: int) -> int:
        """Give a number that outdoes those held, if any can that nodes would keep."""
        highest = max((item.seq + 1 for item in held), default=unix_s)
        return min(max(unix_s, min(highest, unix_s + self.seq_ahead_s)), MAX_SEQ)


def _seal_ours(
    key: RoomKey, hour: int, slot: int, doors: Sequence[Door], seq: int, rng: Rng
) -> Item:
    return seal_record(key, hour, slot, doors, seq, expiry_of(hour), rng)


OURS = Form(slots, _seal_ours, open_record, MAX_SEQ_AHEAD_S)
MAINLINE: Form[MutableItem] = Form(mainline_slots, seal_mainline, open_mainline, MAX_SEQ)
