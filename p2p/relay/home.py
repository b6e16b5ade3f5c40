"""A relay at home: whether it is reached from outside, at which address, and when that changes.

Others have to say it. One node has strangers knock at us, and tells where it sees us; a few more
tell the same, or we believe none of them. What they could gain by a lie is a line by which nobody
comes, or that has members send a datagram to where nobody is.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from crypto.veil import Veil
from p2p.dht.contact import NodeContact
from p2p.dht.knock_back import Knocked
from p2p.dht.node import DhtNode
from p2p.errors import UserError
from p2p.link.dial import Station
from p2p.link.probe import ask_once
from p2p.rng import Rng
from p2p.wire.addresses import Address, Scope, family_of, known_scope

HELPERS_MAX = 4
"""So many are asked one after the other, until one answers that knows others."""
WITNESSES_MAX = 3
HELLO_LIMIT_S = 4.0
LOOK_EVERY_S = 60.0
"""So often others are asked where we are; routers forget a silent port after two minutes."""

NOT_REACHED_CODE, UNKNOWN_CODE = "home_shut", "home_unknown"
_NO_NETWORK = 3


class Home:
    """See the module.

    Args:
        station: The relay's socket.
        dht: Its node, not started: to be reached by somebody proves nothing once we wrote there.
        contacts: Who may be asked.
        rng: Source of what stands in questions.
    """

    def __init__(
        self, station: Station, dht: DhtNode, contacts: Iterable[NodeContact], rng: Rng
    ) -> None:
        self._reached: dict[int, Address] = {}
        self._station = station
        self._dht = dht
        self._rng = rng
        public = [each for each in contacts if known_scope(each.address[0]) is Scope.GLOBAL]
        self._contacts = {
            family: [each for each in public if family_of(each.address) == family]
            for family in sorted(station.mux.families)
        }

    @property
    def addresses(self) -> list[Address]:
        """Where it is reached, IPv4 first; none before ``find``."""
        return list(self._reached.values())

    async def find(self) -> None:
        """Learn where we are reached.

        Raises:
            UserError: Nowhere (``home_shut``), or nobody could say (``home_unknown``).
        """
        came = [await self._knocks(family) for family in self._contacts]
        if self._reached:
            return
        if Knocked.NOT_REACHED in came:
            raise UserError(
                NOT_REACHED_CODE,
                "Nobody outside gets through to this home: its router lets nobody in at UDP port "
                "{port}.",
                "Forward this port to this machine in the router, UDP and TCP, and start it again; "
                "or leave it to a machine that others can reach.",
                _NO_NETWORK,
                port=self._station.mux.local_port,
            )
        raise UserError(
            UNKNOWN_CODE,
            "Nobody outside could tell whether this home can be reached.",
            "Name relays or entry nodes on the Internet that know each other with --bootstrap, two "
            "at least. Whoever knows that the port is forwarded says --public-address instead.",
            _NO_NETWORK,
        )

    async def watch(self, moved: Callable[[], None]) -> None:
        """Follow our address as long as this runs; ``moved`` is called when it is another one."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            before = self.addresses
            for family in self._reached:
                if (seen := await self._agreed(self._contacts[family])) is not None:
                    self._reached[family] = seen
            if self.addresses != before:
                moved()

    async def _knocks(self, family: int) -> Knocked:
        """Have strangers come, by one kind of address, and take up where they found us."""
        came, contacts = Knocked.NO_ANSWER, self._contacts[family]
        for helper in contacts[:HELPERS_MAX]:
            came = await self._dht.knock_back(helper)
            if came in (Knocked.REACHED, Knocked.NOT_REACHED):
                break
        if came is Knocked.REACHED and (seen := await self._agreed(contacts)) is not None:
            self._reached[family] = seen
        return came

    async def _agreed(self, contacts: Sequence[NodeContact]) -> Address | None:
        """Where more than half of some who answer see us; None: they do not agree."""
        asked = [self._seen(each) for each in contacts[:WITNESSES_MAX]]
        return agreed(seen for seen in await asyncio.gather(*asked) if seen is not None)

    async def _seen(self, contact: NodeContact) -> Address | None:
        veil = Veil(contact.key)

        def send(datagram: bytes) -> None:
            self._station.mux.send(datagram, contact.address, veil)

        calls = self._station.calls
        reply = await ask_once(calls, contact.key, send, HELLO_LIMIT_S, self._rng)
        return None if reply is None else reply.seen


def agreed(told: Iterable[Address]) -> Address | None:
    """Give the address that more than half have told, if it is one on the Internet."""
    voices = Counter(told)
    for seen, count in voices.most_common(1):
        if 2 * count > voices.total() and known_scope(seen[0]) is Scope.GLOBAL:
            return seen
    return None
