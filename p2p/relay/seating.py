"""Who hangs at a relay in one room, by link: members on seats, other relays on boughs. Sans-IO."""

from crypto.ids import MemberId
from p2p.relay.portion import Portion
from p2p.relay.sessions import Bough, Seat
from p2p.room.ops.ids import NO_MEMBER, relay_as_sender


class Seating:
    """All links of one room.

    Attributes:
        seats: Attached members by link.
        boughs: Relays by link, with which sound is exchanged.
        warm: Relays by link that would be our parent or children at once; no sound goes there.
        version: Grows whenever another set of links gets sound.
        cuts: Links that must end at once; for the owner to take away.
    """

    def __init__(self) -> None:
        self.seats: dict[int, Seat] = {}
        self.boughs: dict[int, Bough] = {}
        self.warm: dict[int, Bough] = {}
        self.version = 0
        self.cuts: list[int] = []

    @property
    def members(self) -> set[MemberId]:
        """Everybody here and at the relays joined to this one."""
        return self.beyond(None)

    def beyond(self, link: int | None) -> set[MemberId]:
        """Everybody but those behind this bough."""
        others = (bough.present for one, bough in self.boughs.items() if one != link)
        return {seat.member for seat in self.seats.values()}.union(*others)

    def at(self, link: int) -> Seat | Bough | None:
        """Who hangs at a link."""
        return self.seats.get(link) or self.boughs.get(link) or self.warm.get(link)

    def name_of(self, link: int) -> MemberId:
        """By what to tell a link's sender from others; ``NO_MEMBER`` for a link without seat."""
        seat, bough = self.seats.get(link), self.boughs.get(link) or self.warm.get(link)
        return seat.member if seat else relay_as_sender(bough.dh) if bough else NO_MEMBER

    def seats_of(self, member: MemberId) -> list[int]:
        """Links at which a member sits."""
        return [link for link, seat in self.seats.items() if seat.member == member]

    def listeners(self, source: int) -> list[int]:
        """Links that get what comes over ``source``: relays first, they have the longer way."""
        tuned = [link for link, seat in self.seats.items() if seat.tuned and link != source]
        return [link for link in self.boughs if link != source] + tuned

    def all_but(self, source: int | None) -> list[int]:
        """All links, relays first."""
        return [link for link in (*self.boughs, *self.warm, *self.seats) if link != source]

    def sit(self, link: int, seat: Seat) -> None:
        """A member takes a seat."""
        self.seats[link] = seat
        self.version += 1

    def hang(self, link: int, bough: Bough, *, sound: bool) -> None:
        """Another relay is joined, with sound or without."""
        self.drop(link)
        (self.boughs if sound else self.warm)[link] = bough
        self.version += 1

    def drop(self, link: int) -> bool:
        """A link is gone; returns whether there was one."""
        kinds: tuple[dict[int, Seat] | dict[int, Bough], ...] = (self.seats, self.boughs, self.warm)
        gone = False
        for kept in kinds:
            gone = kept.pop(link, None) is not None or gone
        self.version += gone
        return gone

    def tune(self, link: int, *, on: bool) -> None:
        """A member wants sound from here, or no longer."""
        seat = self.seats.get(link)
        if seat is not None and seat.tuned is not on:
            seat.tuned = on
            self.version += 1

    def give(self, seat: Seat, portion: Portion) -> None:
        """A member wants so much of the sound."""
        if seat.portion != portion:
            seat.portion = portion
            self.version += 1
