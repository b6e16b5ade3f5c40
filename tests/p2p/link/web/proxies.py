"""Proxies of another make, on real sockets: HTTP CONNECT and SOCKS 5."""

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator

PASSWORD = ("tea", "pot:1")


class TestProxy:
    """Passes on what comes to one place, whatever place was asked for.

    Attributes:
        asked: ``host:port`` of each who asked, as it was said.
        carried: Bytes that were passed on.
    """

    __test__ = False

    def __init__(self, kind: str, to: tuple[str, int], *, password: bool = False) -> None:
        self.kind = kind
        self.to = to
        self.asked: list[str] = []
        self.carried = 0
        self.url = ""
        self._password = password

    @contextlib.asynccontextmanager
    async def running(self, ip: str = "127.0.0.1", port: int = 0) -> AsyncIterator["TestProxy"]:
        server = await asyncio.start_server(self._serve, ip, port)
        port = server.sockets[0].getsockname()[1]
        who = "tea:pot%3A1@" if self._password else ""
        self.url = f"{self.kind}://{who}{ip}:{port}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            take = self._connect if self.kind == "http" else self._socks
            if await take(reader, writer):
                there, back = await asyncio.open_connection(*self.to)
                await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n")[0].split()
        wanted = base64.b64encode(":".join(PASSWORD).encode()).decode()
        known = not self._password or f"proxy-authorization: basic {wanted}".lower() in head.lower()
        if method != "CONNECT" or not known:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return False
        self.asked.append(target)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return True

    async def _socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        version, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 2 if self._password else 0
        if version != 5 or wanted not in methods:
            writer.write(b"\x05\xff")
            return False
        writer.write(bytes((5, wanted)))
        if self._password:
            said = []
            await reader.readexactly(1)
            for _ in range(2):
                length = (await reader.readexactly(1))[0]
                said.append((await reader.readexactly(length)).decode())
            good = tuple(said) == PASSWORD
            writer.write(bytes((1, 0 if good else 1)))
            if not good:
                return False
        _, command, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, await reader.readexactly(4 if kind == 1 else 16))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(f"{host}:{port}")
        # The address from which it goes on has any of three forms.
        bound = {1: b"\x01" + bytes(4), 3: b"\x03\x02ab", 4: b"\x04" + bytes(16)}[kind]
        writer.write(b"\x05\x00\x00" + bound + bytes(2))
        return command == 1

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                self.carried += len(data)
                writer.write(data)
        writer.close()
