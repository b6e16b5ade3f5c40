"""Getting a link with a member of the roster: by every way that is known, all at once."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crypto.knock import KNOCK
from p2p.errors import RemoteError
from p2p.link.dial import Carrier, Station, Ways, reach
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.node.relays.relay_links import RelayLink, RelayLinks
from p2p.node.secrets import RoomSecrets
from p2p.wire.addresses import Address, Scope
from p2p.wire.card import open_card
from p2p.wire.messages import Carry

if TYPE_CHECKING:
    from p2p.node.peers.peers import Peers

DIAL_LIMIT_S = 3.0
FIRST_TRY_S = 1.5
CARRIERS_MAX = 2
RELAYS_WAIT_S = 0.5
LOOK_AGAIN_S = 0.1
ADDRESSES_MAX = 4


@dataclass(slots=True)
class _Dial:
    since_s: float
    linking: asyncio.Future[None]
    entering: bool = False
    yielded: bool = False


class Dialer:
    """Dials members whom the mesh wants dialled.

    Args:
        members: Who has links with us, and who takes the new ones.
        station: Ours.
        secrets: Ours and the room's.
        relay_links: Ways to members behind NAT.
        work: Where dials run.

    Attributes:
        is_called_by: Says whether a link that the holder of a key asked for is in the making.
    """

    def __init__(
        self,
        members: "Peers",
        station: Station,
        secrets: RoomSecrets,
        relay_links: RelayLinks,
        work: Work,
    ) -> None:
        self._members = members
        self._station = station
        self._secrets = secrets
        self._relay_links = relay_links
        self._work = work
        self._addresses: dict[bytes, list[Address]] = {}
        self._dials: dict[bytes, _Dial] = {}
        self.is_called_by: Callable[[bytes], bool] = lambda _dh: False

    async def dial(self, member: bytes, dh: bytes) -> None:
        """Tries once; the mesh is told if it comes to nothing.

        Args:
            member: Its id.
            dh: Its public key, from its join.
        """
        if self.is_called_by(dh) or dh in self._dials:
            self._members.mesh.dial_failed(member, time.monotonic())
            return
        linking = asyncio.ensure_future(self._link(member, dh))
        dial = self._dials[dh] = _Dial(time.monotonic(), linking)
        try:
            await linking
        except asyncio.CancelledError:
            if not dial.yielded:
                raise
            self._members.mesh.dial_failed(member, time.monotonic())
        except (TimeoutError, RemoteError, ConnectionError):
            self._members.mesh.dial_failed(member, time.monotonic())
        except Exception:
            self._members.mesh.dial_failed(member, time.monotonic())  # or it would dial for ever
            raise
        finally:
            del self._dials[dh]

    def yields_to(self, dh: bytes) -> bool:
        """Whether a question of this peer is to be answered.

        When both ends dial at once, two links would take the address from each other. So the
        larger key gives its own question up; the smaller one gives no answer unless its own has
        led nowhere for a while. A link that is up already is not given up for another.
        """
        dial = self._dials.get(dh)
        if dial is None:
            return True
        if dial.entering:
            return False
        if self._secrets.identity.dh < dh:
            return time.monotonic() - dial.since_s >= FIRST_TRY_S
        dial.yielded = True
        dial.linking.cancel()
        return True

    async def _link(self, member: bytes, dh: bytes) -> None:
        ways = self._ways_to(member)
        psk = self._secrets.room_key.psk()
        learning = self._work.create_task(self._learn_doors(dh, ways))
        try:
            line, _ = await reach(self._station, dh, psk, KNOCK, ways, DIAL_LIMIT_S)
            self._dials[dh].entering = True
            try:
                await self._members.enter(line, dh, member)
            except BaseException:
                await line.close()
                raise
        finally:
            learning.cancel()

    def note_address(self, member: bytes, address: Address) -> None:
        """A member was, or may be, at this address; the newest is tried first."""
        others = [known for known in self._addresses.get(member, []) if known != address]
        self._addresses[member] = [address, *others][:ADDRESSES_MAX]

    def may_be_at(self, dh: bytes, address: Address) -> None:
        """Somebody named the address of a door; of use if it is a member that is missing."""
        members = self._members
        for member in [m.id for m in members.room.state.members.values() if m.dh == dh]:
            if member != members.room.me and member not in members.neighbours:
                self.note_address(member, address)
                members.mesh.dial_now(member, time.monotonic())
        members.pump()

    def _ways_to(self, member: bytes) -> Ways:
        """The ways that need nobody's help but our neighbours'."""
        ways, members = Ways(), self._members
        for neighbour, width in members.mesh.carriers(member)[:CARRIERS_MAX]:
            line = members.neighbours[neighbour].line
            toward = None if width == Scope.GLOBAL else line.link.remote_address
            ways.add(Carrier(_carry_over(line, member, members.room.me), toward, neighbour))
        for address in self._addresses.get(member, []):
            ways.add(address)
        return ways

    async def _learn_doors(self, dh: bytes, ways: Ways) -> None:
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


def _carry_over(line: Line, to: bytes, frm: bytes) -> Callable[[bytes], None]:
    return lambda blob: line.send(Carry(to, frm, blob))
