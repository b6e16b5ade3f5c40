"""Getting a link with a member of the roster: by every way that is known, all at once."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from crypto.ids import DhKey, MemberId
from crypto.knock import KNOCK
from p2p.errors import RemoteError
from p2p.link.dial import Carrier, Ways, reach
from p2p.link.door import Door
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.peers.glare import Dials
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.secrets import RoomSecrets
from p2p.wire.addresses import Address
from p2p.wire.card import open_card
from p2p.wire.messages import Carry

DIAL_LIMIT_S = 3.0
CARRIERS_MAX = 2
RELAYS_WAIT_S = 0.5
LOOK_AGAIN_S = 0.1
ADDRESSES_MAX = 4


class CarryingNeighbour(NamedTuple):
    """A neighbour that has a link with somebody whom we want to reach.

    Attributes:
        member: Its id.
        line: Our line to it.
        toward: Its address if the whole way is in its scope; None: far away.
    """

    member: MemberId
    line: Line
    toward: Address | None


class LinkOwner(Protocol):
    """Whoever wants links with members: see ``p2p.node.peers.peers``."""

    def carriers(self, member: MemberId) -> Iterable[CarryingNeighbour]:
        """Neighbours that can carry to a member, the best first."""
        ...

    async def enter(self, line: Line, dh: DhKey, expected: MemberId) -> None:
        """Asks to be let in over a line that came up; raises RemoteError, or what lines raise."""
        ...

    def dial_failed(self, member: MemberId) -> None:
        """No link came of it."""
        ...


class Dialer:
    """Dials members whom the mesh wants dialled.

    Args:
        owner: Takes the new links.
        endpoint: Ours.
        secrets: Ours and the room's.
        relay_links: Ways to members behind NAT.
        work: Where dials run.
        door: Ours: a link that somebody asks us for is not asked for as well.
        dials: Those under way.
    """

    def __init__(
        self,
        owner: LinkOwner,
        endpoint: MemberEndpoint,
        secrets: RoomSecrets,
        relay_links: RelayLinks,
        work: Work,
        door: Door,
        dials: Dials,
    ) -> None:
        self._owner = owner
        self._endpoint = endpoint
        self._secrets = secrets
        self._relay_links = relay_links
        self._work = work
        self._door = door
        self._dials = dials
        self._addresses: dict[MemberId, list[Address]] = {}

    async def dial(self, member: MemberId, dh: DhKey) -> None:
        """Tries once; the mesh is told if it comes to nothing.

        Args:
            member: Its id.
            dh: Its public key, from its join.
        """
        if self._door.is_linking(dh) or dh in self._dials:
            self._owner.dial_failed(member)
            return
        linking = asyncio.ensure_future(self._link(member, dh))
        dial = self._dials.begin(dh, linking, time.monotonic())
        try:
            await linking
        except asyncio.CancelledError:
            if not dial.yielded:
                raise
            self._owner.dial_failed(member)
        except (TimeoutError, RemoteError, ConnectionError):
            self._owner.dial_failed(member)
        except Exception:
            self._owner.dial_failed(member)  # or it would dial for ever
            raise
        finally:
            self._dials.end(dh)

    async def _link(self, member: MemberId, dh: DhKey) -> None:
        ways = self._ways_to(member)
        psk = self._secrets.room_key.psk()
        learning = self._work.create_task(self._learn_doors(dh, ways))
        try:
            line, _ = await reach(self._endpoint.station, dh, psk, KNOCK, ways, DIAL_LIMIT_S)
            self._dials.entering(dh)
            try:
                await self._owner.enter(line, dh, member)
            except BaseException:
                await line.close()
                raise
        finally:
            learning.cancel()

    def note_address(self, member: MemberId, address: Address) -> None:
        """A member was, or may be, at this address; the newest is tried first."""
        others = [known for known in self._addresses.get(member, []) if known != address]
        self._addresses[member] = [address, *others][:ADDRESSES_MAX]

    def _ways_to(self, member: MemberId) -> Ways:
        """The ways that need nobody's help but our neighbours'."""
        ways, me = Ways(), self._secrets.identity.member_id
        for neighbour in itertools.islice(self._owner.carriers(member), CARRIERS_MAX):
            ways.add(_carrier(neighbour, member, me))
        for address in self._addresses.get(member, []):
            ways.add(address)
        return ways

    async def _learn_doors(self, dh: DhKey, ways: Ways) -> None:
        """Asks our relays, also those that come back meanwhile, for the card of a member."""
        if any(isinstance(way, Carrier) for way in ways.all):
            await asyncio.sleep(RELAYS_WAIT_S)
        key, asked = self._secrets.room_key, set[RelayLink]()
        while True:
            for link in self._relay_links.links:
                if link not in asked:
                    asked.add(link)
                    for card in await link.cards(key.relay_tag(link.contact.dh)):
                        with contextlib.suppress(RemoteError):
                            if open_card(key, link.contact.dh, card) == dh:
                                ways.add(link.way_to(card))
            await asyncio.sleep(LOOK_AGAIN_S)


def _carrier(neighbour: CarryingNeighbour, to: MemberId, frm: MemberId) -> Carrier:
    line = neighbour.line
    return Carrier(lambda blob: line.send(Carry(to, frm, blob)), neighbour.toward, neighbour.member)
