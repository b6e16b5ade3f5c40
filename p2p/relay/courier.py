"""What a relay remembers of doors, and how it carries sealed datagrams between them. Sans-IO.

A door leaves a card under its room's tag; a newcomer that knows the tag gets the cards and names
one by its hash; the relay pairs the two links under a handle of its own and carries datagrams
both ways. Tag, card and datagram are unreadable here. Everything lives as long as the links.

Whoever has the words can leave cards, so those of links that sit in a room here are shown first.
Which room a tag belongs to the relay cannot tell, and rooms can be invented: each has its turn.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest

from crypto.ids import RoomId
from p2p.errors import RemoteError
from p2p.rng import Rng
from p2p.token_bucket import Allowance, Rate
from p2p.wire.card import card_handle
from p2p.wire.codec import Message
from p2p.wire.messages import (
    Cards,
    CarryDoor,
    Doors,
    DoorUp,
    Items,
    Resolve,
    Resolved,
    ResolvedMainline,
    ResolveMainline,
)

LINKS_MAX = 2048
DOORS_PER_LINK = 2
DOORS_SHOWN = 32
"""Cards in an answer."""

SEATLESS_SHOWN = 4
"""Of these the newest of links that have no seat."""

PAIRS_PER_LINK = 32
CARRY_RATE = Rate(burst=60.0, per_s=8.0)
ASK_RATE = Rate(burst=10.0, per_s=1.0)
ITEM_RATE = Rate(burst=24.0, per_s=0.05)
MAINLINE_RATE = Rate(burst=8.0, per_s=0.05)


@dataclass(frozen=True, slots=True)
class LookupAsked:
    """A link wants an id looked up, in our own DHT or BitTorrent's; ``resolved`` answers."""

    link: int
    target: bytes
    in_mainline: bool = False


@dataclass(frozen=True, slots=True)
class ItemHanded:
    """A link handed in a finished DHT item."""

    link: int
    item: bytes


@dataclass(slots=True)
class _Link:
    carry: Allowance
    ask: Allowance
    items: Allowance
    mainline: Allowance
    doors: dict[bytes, bytes] = field(default_factory=dict)  # card hash -> tag
    pairs: list[bytes] = field(default_factory=list)


class Courier:
    """The desk of one relay.

    Args:
        rng: Source of handles.
        room_of: Gives the room in which a link has a seat; None: in none.
    """

    def __init__(self, rng: Rng, room_of: Callable[[int], RoomId | None]) -> None:
        self._rng = rng
        self._room_of = room_of
        self._links: dict[int, _Link] = {}
        self._tags: dict[bytes, dict[bytes, bytes]] = {}  # tag -> card hash -> card
        self._doors: dict[bytes, int] = {}  # card hash -> link
        self._pairs: dict[bytes, tuple[int, int]] = {}
        self._out: list[tuple[int, Message]] = []
        self._events: list[LookupAsked | ItemHanded] = []

    @property
    def links(self) -> int:
        """How many links are up."""
        return len(self._links)

    @property
    def doors(self) -> int:
        """How many doors are known, all rooms together."""
        return len(self._doors)

    def link_up(self, link: int, now: float) -> None:
        """A node finished its handshake.

        Raises:
            RemoteError: The relay is full; the shell closes the link.
        """
        if len(self._links) >= LINKS_MAX:
            raise RemoteError("relay is full")
        self._links[link] = _Link(
            Allowance(CARRY_RATE, now),
            Allowance(ASK_RATE, now),
            Allowance(ITEM_RATE, now),
            Allowance(MAINLINE_RATE, now),
        )

    def link_down(self, link: int) -> None:
        """The link is gone, and with it its doors and pairs."""
        gone = self._links.pop(link, None)
        if gone is None:
            return
        for card_hash, tag in gone.doors.items():
            self._forget(card_hash, tag)
        for handle in [h for h, ends in self._pairs.items() if link in ends]:
            for end in self._pairs.pop(handle):
                if end in self._links:
                    self._links[end].pairs.remove(handle)

    def receive(self, message: Message, link: int, now: float) -> None:
        """Takes one message of a link.

        Raises:
            RemoteError: Over a limit, not meant for relays, or for a door that is not here.
        """
        desk = self._links.get(link)
        if desk is None:
            raise RemoteError("no such link")
        match message:
            case DoorUp(tag=tag, card=card):
                self._door_up(desk, link, tag, card)
            case Doors(tag=tag):
                _take(desk.ask, now)
                self._out.append((link, Cards(tag, self._shown(tag))))
            case CarryDoor(handle=handle, blob=blob):
                _take(desk.carry, now)
                self._carry(desk, link, handle, blob)
            case Resolve(target=target):
                _take(desk.ask, now)
                self._events.append(LookupAsked(link, target))
            case ResolveMainline(target=target):
                _take(desk.mainline, now)
                self._events.append(LookupAsked(link, target, in_mainline=True))
            case Items(items=items):
                for item in items:
                    _take(desk.items, now)
                    self._events.append(ItemHanded(link, item))
            case _:
                raise RemoteError("not a message for a relay")

    def resolved(self, asked: LookupAsked, items: Sequence[bytes]) -> None:
        """A look-up ended; the link may be gone by now."""
        if asked.link not in self._links:
            return
        if asked.in_mainline:
            self._out.append((asked.link, ResolvedMainline(asked.target, tuple(items[:4]))))
        else:
            self._out.append((asked.link, Resolved(asked.target, tuple(items[:8]))))

    def to_send(self) -> list[tuple[int, Message]]:
        """Messages to send, each with its link."""
        out, self._out = self._out, []
        return out

    def next_event(self) -> LookupAsked | ItemHanded | None:
        """Work for the DHT, oldest first."""
        return self._events.pop(0) if self._events else None

    def _door_up(self, desk: _Link, link: int, tag: bytes, card: bytes) -> None:
        card_hash = card_handle(card)
        if card_hash in desk.doors:
            return
        # A card that somebody else left is not taken over: it would be a way to catch knocks.
        if card_hash in self._doors:
            raise RemoteError("another's card")
        if len(desk.doors) >= DOORS_PER_LINK:
            oldest = next(iter(desk.doors))
            self._forget(oldest, desk.doors.pop(oldest))
        self._tags.setdefault(tag, {})[card_hash] = card
        self._doors[card_hash] = link
        desk.doors[card_hash] = tag

    def _shown(self, tag: bytes) -> tuple[bytes, ...]:
        """The cards of a tag, room by room in turns, the oldest of each first."""
        seatless: list[bytes] = []
        rooms: dict[RoomId, list[bytes]] = {}
        for card_hash, card in self._tags.get(tag, {}).items():
            room = self._room_of(self._doors[card_hash])
            (seatless if room is None else rooms.setdefault(room, [])).append(card)
        seated = _in_turns(rooms.values())[: DOORS_SHOWN - min(len(seatless), SEATLESS_SHOWN)]
        return (*seated, *seatless[-SEATLESS_SHOWN:])

    def _forget(self, card_hash: bytes, tag: bytes) -> None:
        del self._doors[card_hash]
        del self._tags[tag][card_hash]
        if not self._tags[tag]:
            del self._tags[tag]

    def _carry(self, desk: _Link, link: int, handle: bytes, blob: bytes) -> None:
        ends = self._pairs.get(handle)
        if ends is not None and link in ends:
            other = ends[1] if ends[0] == link else ends[0]
            self._out.append((other, CarryDoor(handle, blob)))
            return
        door = self._doors.get(handle)
        if door is None:
            raise RemoteError("no such door")
        mine = self._pair_of(link, door)
        if mine is None:
            if max(len(desk.pairs), len(self._links[door].pairs)) >= PAIRS_PER_LINK:
                raise RemoteError("too many pairs")
            mine = self._rng(16)
            self._pairs[mine] = (link, door)
            desk.pairs.append(mine)
            if door != link:
                self._links[door].pairs.append(mine)
        self._out.append((door, CarryDoor(mine, blob)))

    def _pair_of(self, link: int, door: int) -> bytes | None:
        return next((h for h in self._links[link].pairs if self._pairs[h] == (link, door)), None)


def _in_turns(rooms: Iterable[list[bytes]]) -> list[bytes]:
    return [card for card in chain(*zip_longest(*rooms)) if card is not None]


def _take(bucket: Allowance, now: float) -> None:
    if not bucket.take(now):
        raise RemoteError("over the rate")
