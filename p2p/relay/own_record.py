"""Keeps the DHT told where this relay is, so that members find it when it has moved."""

import asyncio
import math
from collections.abc import Callable

from crypto.relay_record import seal_relay_record
from p2p.clock import unix_s
from p2p.relay.dht_items import Puts
from p2p.rng import Rng
from p2p.wire.addresses import Address

AGAIN_S = 1200.0
RETRY_S = 1.0
RETRY_MAX_S = 60.0
LOOK_S = 2.0
"""So often it is looked whether our address is another."""

ALONE = 1
"""Nodes that hold what nobody but ourselves has taken."""


class OwnRecord:
    """The record of one relay.

    Args:
        secret: The relay's X25519 secret.
        addresses: Where it is now, by UDP; none: nobody could come.
        dht: Where to.
        rng: Source of nonces.
    """

    def __init__(
        self, secret: bytes, addresses: Callable[[], list[Address]], dht: Puts, rng: Rng
    ) -> None:
        self._secret = secret
        self._addresses = addresses
        self._dht = dht
        self._rng = rng

    async def tell(self) -> None:
        """Tells it now, when it is time, and when we have moved, until cancelled."""
        wait_s = RETRY_S
        while True:
            told = self._addresses()
            nodes = await self._put(told) if told else 0
            wait_s = AGAIN_S if nodes > ALONE else min(2.0 * wait_s, RETRY_MAX_S)
            if await self._moves(told, wait_s):
                wait_s = RETRY_S

    async def _moves(self, told: list[Address], limit_s: float) -> bool:
        """Waits so long; whether our address has become another: then it ends at once."""
        for _ in range(math.ceil(limit_s / LOOK_S)):
            await asyncio.sleep(min(LOOK_S, limit_s))
            if self._addresses() != told:
                return True
        return False

    async def _put(self, addresses: list[Address]) -> int:
        return await self._dht.put(seal_relay_record(self._secret, addresses, unix_s(), self._rng))
