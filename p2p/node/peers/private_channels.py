"""Lines that end at one member, through a relay: for what nobody else may read.

Gossip through relays is open to everybody who holds the room's key, also to somebody who was just
removed and still holds the old one. Keys that are handed on go over a handshake of their own
(``link.carried``), which proves both ends by their keys in the roster.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Mapping

from crypto.ids import DhKey, MemberId
from p2p.errors import RemoteError
from p2p.link.carried import CarriedLine
from p2p.link.dial import reach_through
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import FromChannel
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.secrets import RoomSecrets
from p2p.rng import system_rng
from p2p.wire.card import open_card
from p2p.wire.codec import Message
from p2p.wire.messages import Admit, Refuse

LINE_LIMIT_S = 3.0
LASTS_S = 20.0
LINES_MAX = 32


class PrivateChannels:
    """The lines of one member.

    Args:
        endpoint: Ours; its inbox takes what comes.
        secrets: Ours and the room's.
        relay_links: Relays that carry.
        work: Where lines are opened and read.

    Attributes:
        told_by: The member that let us in again last, over such a line; nobody as long as none has.
    """

    def __init__(
        self,
        endpoint: MemberEndpoint,
        secrets: RoomSecrets,
        relay_links: RelayLinks,
        work: Work,
    ) -> None:
        self._endpoint = endpoint
        self._secrets = secrets
        self._relay_links = relay_links
        self._work = work
        self.told_by: set[MemberId] = set()
        self._lines: dict[MemberId, CarriedLine] = {}
        self._opening: set[MemberId] = set()

    def say(self, member: MemberId, dh: DhKey, words: Callable[[CarriedLine], Message]) -> None:
        """Says something to one member; opens a line to it if there is none.

        What cannot be said in a few seconds is lost; whoever needs an answer asks again.

        Args:
            member: Its id.
            dh: Its X25519 public key.
            words: Makes what is said for the line that it goes over.
        """
        line = self._lines.get(member)
        if line is not None and line.open:
            line.send(words(line))
        elif member not in self._opening and len(self._lines) < LINES_MAX:
            self._opening.add(member)
            self._work.create_task(self._open(member, dh, words))

    def say_to_one_of(
        self, members: Mapping[DhKey, MemberId], words: Callable[[DhKey, CarriedLine], Message]
    ) -> None:
        """Says something to one of several members whose doors have cards; as chance has it which.

        Args:
            members: By their X25519 public keys.
            words: Makes what is said, for whom and for the line that it goes over.
        """
        if not self._opening:
            self._opening.update(members.values())
            self._work.create_task(self._open_one_of(members, words))

    def serve(self, member: MemberId, line: CarriedLine, first: Message | None = None) -> None:
        """Takes over a line whose other end is this member."""
        self._work.create_task(self._serve(member, line, first))

    async def _open(
        self, member: MemberId, dh: DhKey, words: Callable[[CarriedLine], Message]
    ) -> None:
        await self._open_one_of({dh: member}, lambda _, line: words(line))

    async def _open_one_of(
        self, members: Mapping[DhKey, MemberId], words: Callable[[DhKey, CarriedLine], Message]
    ) -> None:
        try:
            dh, line = await self._reach(members.keys())
        except RemoteError:
            return
        finally:
            self._opening.difference_update(members.values())
        line.send(words(dh, line))
        await self._serve(members[dh], line, None)

    async def _reach(self, wanted: Collection[DhKey]) -> tuple[DhKey, CarriedLine]:
        """Opens a line to one of several members; raises RemoteError if none has a card.

        A relay that carries nothing there does not keep us from the others.
        """
        for link in sorted(self._relay_links.links, key=lambda _: system_rng(4)):
            with contextlib.suppress(TimeoutError):
                if (found := await self._reach_by(link, wanted)) is not None:
                    return found
        raise RemoteError("no card")

    async def _reach_by(
        self, link: RelayLink, wanted: Collection[DhKey]
    ) -> tuple[DhKey, CarriedLine] | None:
        key = self._secrets.room_key
        cards = await link.cards(key.relay_tag(link.contact.dh))
        for card in sorted(cards, key=lambda _: system_rng(4)):
            with contextlib.suppress(RemoteError):
                dh = open_card(key, link.contact.dh, card)
                if dh in wanted:
                    line, welcome = await reach_through(
                        self._endpoint.station, dh, key.psk(), link.way_to(card), LINE_LIMIT_S
                    )
                    if key.matches(welcome.genesis, welcome.r):
                        return dh, line
                    await line.close()
        return None

    async def _serve(self, member: MemberId, line: CarriedLine, first: Message | None) -> None:
        if len(self._lines) >= LINES_MAX:
            await line.close()
            return
        self._lines[member] = line
        ends_s = time.monotonic() + LASTS_S
        try:
            if first is not None:
                await self._endpoint.inbox.put(FromChannel(member, first, line))
            async with asyncio.timeout(ends_s - time.monotonic()):
                while not isinstance(message := await line.receive(), Refuse):
                    await self._endpoint.inbox.put(FromChannel(member, message, line))
                    if isinstance(message, Admit):
                        self.told_by = {member}
                        break  # a door reads no further
        except (TimeoutError, ConnectionError):
            pass
        finally:
            if self._lines.get(member) is line:
                del self._lines[member]
            await line.close()
