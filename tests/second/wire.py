"""One UDP socket, one peer; under the veil the first byte decides (protocol.md, section 3)."""

import asyncio
from collections.abc import Callable
from typing import cast

from tests.second.kit import dh_public
from tests.second.veil import Veil

Take = Callable[[bytes, tuple[str, int]], None]


class Wire(asyncio.DatagramProtocol):
    def __init__(self, own: Veil, peer: Veil) -> None:
        self._own, self._peer = own, peer
        self.on_stun: Take = lambda _data, _address: None
        self.on_answer: Take = lambda _data, _address: None
        self.on_cookie: Take = lambda _data, _address: None
        self.on_secure: Take = lambda _data, _address: None
        self._out: asyncio.DatagramTransport | None = None

    @classmethod
    async def open(cls, ip: str, secret: bytes, peer: bytes) -> "Wire":
        """Of whom: its dh secret, and the public key of the only peer."""
        made = cls(Veil(dh_public(secret)), Veil(peer))
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: made, local_addr=(ip, 0))
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        covered, data = data, self._own.lift(data)
        first = data[0] if data else 255
        if first <= 3:
            self.on_stun(data, address)
        elif 20 <= first <= 63 or 128 <= first <= 191:
            self.on_secure(data, address)
        elif 0xC0 <= first <= 0xC3:
            self.on_answer(data, address)
        elif not data:
            self.on_cookie(covered, address)

    @property
    def port(self) -> int:
        assert self._out
        return int(self._out.get_extra_info("sockname")[1])

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        if self._out is not None and not self._out.is_closing():
            self._out.sendto(self._peer.cover(data), address)

    def close(self) -> None:
        if self._out is not None:
            self._out.close()
