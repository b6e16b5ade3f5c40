"""How two routers come to let each other through, with nobody between who passes on a knock.

A router lets in only what comes from where something was sent to. Who seeks a room knows the doors
from its record and knocks; but a door behind a router hears nothing before it has sent something
to the seeker, of which it knows nothing. So the seeker writes down where it is, sealed, under one
more id of the room, the doors look there every few seconds and send an opening to who is new.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.item import MAX_SEQ_AHEAD_S
from crypto.mainline_record import SEEKERS, mainline_slot, open_mainline, seal_mainline
from crypto.mutable_item import MutableItem
from crypto.record import hour_of
from crypto.roomkey import RoomKey
from crypto.sealed_doors import Door
from p2p.dht.addresses import plausible_port
from p2p.dht.form import MAINLINE
from p2p.dht.mainline.client import Mainline
from p2p.dht.publisher import merge
from p2p.dht.rendezvous import fitting
from p2p.token_bucket import Allowance, Rate
from p2p.wire.addresses import Address

OPENING_BYTES, OPENING_BELOW = 32, 96
LOOK_EVERY_S = 3.0
"""How often somebody of the room looks for seekers; with more doors each does so less often."""
SHARES_MAX = 8
OPENED_FOR_S = 20.0
"""So long after it was first read about a seeker is sent openings."""
SEEKERS_MAX = 24
OPENINGS = Rate(burst=24, per_s=4)
"""Who holds the words can have us send so many small datagrams to whom it likes, and no more."""
OTHERS_KEPT = 4
"""Of the seekers that were there already a new one writes down so many behind itself."""

_WALK_AGAIN_S = 600.0
_NOBODY_AGAIN_S = 10.0
_LOOK_AGAIN_S = 4.0
_NOT_SEEN_YET_S = 0.5

Rng = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Ground:
    """What seekers and doors have in common.

    Attributes:
        key: The room key.
        mainline: Ours.
        rng: Source of random bytes.
        now: Monotonic seconds.
        unix: Wall clock, whole seconds.
    """

    key: RoomKey
    mainline: Mainline
    rng: Rng
    now: Callable[[], float]
    unix: Callable[[], int]

    @property
    def hour(self) -> int:
        """Under which all is written now."""
        return hour_of(self.unix())

    def target(self, hour: int) -> bytes:
        """Id of the seekers of an hour, 20 bytes."""
        return mainline_slot(self.key, hour, SEEKERS).target

    def seekers_in(self, hour: int, item: MutableItem) -> list[Address]:
        """Read where seekers are; none in what is no good."""
        try:
            doors = open_mainline(self.key, hour, item)
        except RemoteError:
            return []  # somebody with the room key has spoiled it
        return [
            door.address
            for door in fitting(doors, self.mainline.scope)
            if door.kind == "door" and plausible_port(door.address[1])
        ]


async def seek(ground: Ground, addresses: Callable[[], Sequence[Address]]) -> None:
    """Stand among the seekers until cancelled.

    Args:
        ground: Ours.
        addresses: Gives where others see us; nothing is written while that is not known.
    """
    held: list[MutableItem] = []
    walked = False
    while True:
        hour = ground.hour
        target = ground.target(hour)
        # The first walk also finds out where we are seen.
        held = await (ground.mainline.peek(target, None) if walked else ground.mainline.get(target))
        walked = True
        own = addresses()
        there = [address for item in held for address in ground.seekers_in(hour, item)]
        if own and not set(own) <= set(there):
            doors = [Door(DhKey(ground.rng(32)), address) for address in own]
            others = [Door(DhKey(ground.rng(32)), each) for each in there if each not in own]
            seq = MAINLINE.next_seq(held, ground.unix())
            both = merge(doors, others[:OTHERS_KEPT], ())
            await ground.mainline.put(
                seal_mainline(ground.key, hour, SEEKERS, both, seq, ground.rng)
            )
        await asyncio.sleep(_LOOK_AGAIN_S if own else _NOT_SEEN_YET_S)


class Openings:
    """Who is to be sent an opening. Holds no socket and no clock.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: float) -> None:
        self._until_s: dict[Address, float] = {}
        self._read: dict[bytes, None] = {}
        self._allowance = Allowance(OPENINGS, now)

    def read(self, item: MutableItem, seekers: Sequence[Address], now: float) -> None:
        """Note the seekers of an item; one that was read before changes nothing."""
        if item.signature in self._read:
            return
        self._read[item.signature] = None
        if len(self._read) > SEEKERS_MAX:
            del self._read[next(iter(self._read))]
        for address in seekers:
            self._until_s.pop(address, None)
            self._until_s[address] = now + OPENED_FOR_S
            if len(self._until_s) > SEEKERS_MAX:
                del self._until_s[next(iter(self._until_s))]

    def due(self, now: float) -> list[Address]:
        """Give who is to be sent one now."""
        for address in [each for each, until_s in self._until_s.items() if until_s <= now]:
            del self._until_s[address]
        return [address for address in self._until_s if self._allowance.take(now)]


async def let_in(
    ground: Ground,
    send: Callable[[bytes, Address], None],
    shares: Callable[[], int],
) -> None:
    """Look for seekers and send them openings, until cancelled.

    Args:
        ground: Ours.
        send: Sends one datagram through the socket that is knocked at.
        shares: How many doors share the work; 0: nobody needs it now.
    """
    watch = _Watch(ground)
    while True:
        share = shares()
        if share:
            for address in await watch.look():
                send(_opening(ground.rng), address)
        await asyncio.sleep(LOOK_EVERY_S * min(SHARES_MAX, max(1, share)))


def _opening(rng: Rng) -> bytes:
    """Noise of a length by chance."""
    return rng(OPENING_BYTES + rng(1)[0] % (OPENING_BELOW - OPENING_BYTES))


class _Watch:
    """Reads what seekers write: by a walk at first, and by short looks between walks."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._openings = Openings(ground.now())
        self._hour = -1
        self._walk_s = 0.0
        self._highest: int | None = None

    async def look(self) -> list[Address]:
        """Look once; give who is to be sent an opening."""
        ground = self._ground
        if ground.hour != self._hour or ground.now() >= self._walk_s:
            self._hour, self._highest = ground.hour, None
            items = await ground.mainline.get(ground.target(self._hour))
            wait_s = _WALK_AGAIN_S if ground.mainline.nodes else _NOBODY_AGAIN_S
            self._walk_s = ground.now() + wait_s
        else:
            items = await ground.mainline.peek(ground.target(self._hour), self._highest)
        for item in items:
            if seekers := ground.seekers_in(self._hour, item):
                self._openings.read(item, seekers, ground.now())
                if item.seq <= ground.unix() + MAX_SEQ_AHEAD_S:  # else somebody shuts others out
                    self._highest = max(item.seq, self._highest or 0)
        return self._openings.due(ground.now())
