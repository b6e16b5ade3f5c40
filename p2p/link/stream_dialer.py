"""Streams that a member opens to a relay, straight or through a proxy; see ``streams``."""

import asyncio
import hashlib
import ipaddress
import os
from typing import Literal, Protocol

from p2p.errors import RemoteError
from p2p.link.stream import Stream, Table
from p2p.link.web.ends import MemberEnd
from p2p.link.web.proxy import Proxy, ProxyRefusedError
from p2p.link.web.small import connected_small
from p2p.link.web.tls import member_context
from p2p.link.web.tls_pipe import CertificateRefusedError, TlsPipe
from p2p.link.web.upgrade import UpgradeRequest
from p2p.wire.addresses import Address, stream_address
from p2p.wire.web_place import WebPlace

DIAL_LIMIT_S = 10.0
SMALL_AFTER_S = 1.5
"""A stream that is not open after so long is dialled in small segments beside."""
NEXT_ADDRESS_S = 0.25
"""Of a name with several addresses the next is tried after so long (RFC 8305)."""

_NAMED_V4 = ipaddress.ip_network("198.18.0.0/15")
_NAMED_V6 = ipaddress.ip_network("100::/64")

Refusal = Literal["proxy", "certificate", "web"]
"""Why a dialled stream came to nothing: the proxy, its certificate, or what answered there."""


class DialTable(Table, Protocol):
    """All streams of one socket, as whoever opens one sees it."""

    def of(self, address: Address) -> Stream | None:
        """The stream of an address, if there is one."""
        ...


class StreamDialer:
    """Opens streams.

    Args:
        table: Where they belong.
        proxy: Through which all go; None: straight.
        families: IP versions that addresses of streams may have, as the socket's.

    Attributes:
        proxy: As given.
        families: As given.
        refusal: Why the last stream came to nothing that did; None: nobody has answered.
    """

    def __init__(self, table: DialTable, proxy: Proxy | None, families: tuple[int, ...]) -> None:
        self.proxy = proxy
        self.families = families
        self.refusal: Refusal | None = None
        self._table = table

    async def dial(
        self, place: WebPlace, relay_key: bytes, limit_s: float = DIAL_LIMIT_S
    ) -> Address | None:
        """Opens a stream to a relay.

        Args:
            place: The relay's. A name is looked up by the proxy, else by the system, in the open.
            relay_key: The relay's public key, 32 bytes.
            limit_s: Seconds until it is given up.

        Returns:
            The stream's address; None if it came to nothing: ``refusal`` may say why.
        """
        address = self.address_of(place)
        if self._table.of(address) is not None:
            return address
        streams: list[Stream] = []
        try:
            async with asyncio.timeout(limit_s):
                await self._race(place, relay_key, address, streams)
        except ProxyRefusedError:
            self.refusal = "proxy"
        except CertificateRefusedError:
            self.refusal = "certificate"
        except RemoteError:
            self.refusal = "web"
        except TimeoutError:
            pass
        except OSError:
            self.refusal = "proxy" if self.proxy else self.refusal
        finally:
            for stream in streams:
                if self._table.of(address) is not stream:
                    stream.abort()
        return address if self._table.of(address) is not None else None

    async def _race(
        self, place: WebPlace, relay_key: bytes, address: Address, streams: list[Stream]
    ) -> None:
        """Dials, and once more in small segments: where large packets vanish, no word tells it.

        Args:
            place: The relay's.
            relay_key: Its key.
            address: The stream's.
            streams: Takes what was connected.
        """

        async def attempt(*, small: bool) -> None:
            if small:
                await asyncio.sleep(SMALL_AFTER_S)
            stream = await self._connect(place, relay_key, address, small=small)
            streams.append(stream)
            await stream.opened

        first = asyncio.ensure_future(attempt(small=False))
        second = asyncio.ensure_future(attempt(small=True))
        try:
            await asyncio.wait((first, second), return_when=asyncio.FIRST_COMPLETED)
            if first.done() or second.exception() is not None:
                await first
        finally:
            first.cancel()
            second.cancel()
            await asyncio.gather(first, second, return_exceptions=True)

    async def _connect(
        self, place: WebPlace, relay_key: bytes, address: Address, *, small: bool
    ) -> Stream:
        loop, proxy = asyncio.get_running_loop(), self.proxy
        stream = Stream(
            self._table,
            MemberEnd(
                None if proxy is None else proxy.dialogue(place),
                TlsPipe(member_context(checked=place.is_checked), server=False, host=place.host),
                UpgradeRequest(place, relay_key, os.urandom),
            ),
            address,
        )
        host, port = (place.host, place.port) if proxy is None else (proxy.host, proxy.port)
        if small:
            await loop.create_connection(lambda: stream, sock=await connected_small(host, port))
            return stream
        await loop.create_connection(
            lambda: stream, host, port, happy_eyeballs_delay=NEXT_ADDRESS_S
        )
        return stream

    def address_of(self, place: WebPlace) -> Address:
        """The address of a stream that we dial; of a name it is one that no host has."""
        if not place.is_name and not place.path:
            return stream_address((place.host, place.port))
        hashed = int.from_bytes(hashlib.blake2b(str(place).encode(), digest_size=5).digest(), "big")
        network = _NAMED_V4 if 4 in self.families else _NAMED_V6
        host = network[1 + (hashed >> 16) % (1 << 16)]
        return stream_address((str(host), hashed & 0xFFFF))
