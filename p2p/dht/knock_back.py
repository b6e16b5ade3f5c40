"""Whether this machine is reached from outside: one node has others knock at us.

To be asked before anything else is sent: a router lets in whom we have written to, so only a knock
from where nothing was sent proves anything. Nodes do it for anybody (protocol.md §9: Reach).
"""

import asyncio
from enum import Enum

from p2p.dht.addresses import neighbourhood
from p2p.dht.contact import NodeContact
from p2p.dht.exchange import Exchange
from p2p.dht.messages import Found, Peer, family_of, to_contact
from p2p.dht.reachable import Reachable
from p2p.errors import RemoteError
from p2p.rng import Rng
from p2p.wire.addresses import Scope, scope_of

ASK_EVERY_S = 1.5
"""A node has others knock for us once a second at most."""
ASKED_MAX = 5
LOOK_S = 0.05
ANSWERS_MAX = 3


class Knocked(Enum):
    """What came of it."""

    NO_ANSWER = "no answer"
    NOBODY_ELSE = "nobody else"
    NOT_REACHED = "not reached"
    REACHED = "reached"


class KnockBack:
    """Asks for knocks on behalf of one node.

    Args:
        exchange: Of the node.
        reachable: What notes who came without being written to.
        rng: Source of random bytes.
    """

    def __init__(self, exchange: Exchange, reachable: Reachable, rng: Rng) -> None:
        self._exchange = exchange
        self._reachable = reachable
        self._rng = rng

    async def ask(self, helper: NodeContact) -> Knocked:
        """Have one node send others, for some eight seconds at most.

        Args:
            helper: With a public address; nothing was sent to the others that it knows.
        """
        found = await self._find(helper)
        if found is None:
            return Knocked.NO_ANSWER
        if not any(_may_come(peer, helper) for peer in found.peers):
            return Knocked.NOBODY_ELSE
        for _ in range(ASKED_MAX):
            self._exchange.ask_for_strangers(helper)
            for _ in range(round(ASK_EVERY_S / LOOK_S)):
                await asyncio.sleep(LOOK_S)
                if self._reachable.came(helper.address[0]):
                    return Knocked.REACHED
        return Knocked.NOT_REACHED

    async def _find(self, helper: NodeContact) -> Found | None:
        for _ in range(ANSWERS_MAX):
            target, want = self._rng(len(helper.id)), family_of(helper.address)
            found = await self._exchange.find(helper, target, want)
            if isinstance(found, Found):
                return found
        return None


def _may_come(peer: Peer, helper: NodeContact) -> bool:
    """Whether the helper would send this one: it is in another net and on the Internet."""
    try:
        address = to_contact(peer).address
    except RemoteError:
        return False
    other = neighbourhood(address[0]) != neighbourhood(helper.address[0])
    return other and scope_of(address[0]) is Scope.GLOBAL
