"""A web client of another make: Python's own TLS, and requests written by hand."""

import asyncio
import base64
import contextlib
import hashlib
import os
import ssl

KEY = os.urandom(32)
"""Of the relay that these tests dial."""
LOOPBACK = "127.0.0.1"


def token(relay_key: bytes, nonce: str, shown: bytes) -> str:
    """As docs/protocol.md has it."""
    person = b"teahouse web 2".ljust(16, b"\0")
    halves = b"".join(
        hashlib.blake2b(said, key=relay_key, digest_size=12, person=person).digest()
        for said in (nonce.encode(), nonce.encode() + hashlib.sha256(shown).digest())
    )
    return base64.urlsafe_b64encode(halves).decode()


def upgrade(
    relay_key: bytes, nonce: str = "AAAAAAAAAAAAAAAAAAAAAA==", more: str = "", shown: bytes = b""
) -> bytes:
    """A member's request; ``shown``: the certificate that the server has shown it."""
    return (
        "GET /anything HTTP/1.1\r\nHost: relay.example\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {nonce}\r\n"
        f"Cookie: a=b; sid={token(relay_key, nonce, shown)}\r\n{more}\r\n"
    ).encode()


class WebClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connected(cls, address: tuple[str, int], *, tls: bool = True) -> "WebClient":
        context = None
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return cls(*await asyncio.open_connection(*address, ssl=context))

    @classmethod
    async def upgraded(
        cls, address: tuple[str, int], relay_key: bytes, *, tls: bool = True, more: str = ""
    ) -> "WebClient":
        client = await cls.connected(address, tls=tls)
        client.write(upgrade(relay_key, more=more, shown=client.shown))
        head = await asyncio.wait_for(client.reader.readuntil(b"\r\n\r\n"), 5.0)
        assert head.startswith(b"HTTP/1.1 101"), head
        return client

    @property
    def shown(self) -> bytes:
        """The server's certificate; empty without TLS."""
        tls = self.writer.get_extra_info("ssl_object")
        return tls.getpeercert(binary_form=True) if tls is not None else b""

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    async def ask(self, request: str) -> bytes:
        """Whole answer; the connection stays."""
        self.write(request.replace("\n", "\r\n").encode())
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5.0)
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        return head + (b"" if request.startswith("HEAD") else await self.reader.readexactly(length))

    async def until_closed(self) -> bool:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while await self.reader.read(4096):
                pass
        return True

    def close(self) -> None:
        self.writer.close()
