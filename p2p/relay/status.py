"""``/healthz`` and ``/metrics`` over HTTP, and the question of ``--check``.

Written by hand: two fixed answers need no web server. Bounded in size, time and number; on
loopback unless the volunteer says otherwise.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable

from p2p.errors import UserError
from p2p.relay.metrics import Metrics
from p2p.wire.addresses import Address

HEAD_BYTES_MAX = 4096
HEAD_LIMIT_S = 2.0
CALLERS_MAX = 16
CHECK_LIMIT_S = 3.0

_REASONS = {200: "OK", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}
_PLAIN = "text/plain; charset=utf-8"
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


class StatusPage:
    """The two pages.

    Args:
        metrics: What they show.
        refresh: Called before they are made.
    """

    def __init__(self, metrics: Metrics, refresh: Callable[[], None] = lambda: None) -> None:
        self._metrics = metrics
        self._refresh = refresh
        self._callers: dict[asyncio.StreamWriter, asyncio.Event] = {}

    @contextlib.asynccontextmanager
    async def serving(self, address: Address) -> AsyncIterator[Address]:
        """Answers at an address while the context lasts, and gives the address.

        Raises:
            UserError: The port is in use or the address is not of this machine.
        """
        try:
            server = await asyncio.start_server(
                self._called, address[0], address[1], limit=HEAD_BYTES_MAX
            )
        except OSError as exc:
            raise UserError(
                "status_port",
                "The port for the status page cannot be opened: {reason}.",
                "Choose another with --status, or --status '' for none.",
                exit_code=2,
                reason=os.strerror(exc.errno) if exc.errno else "unknown error",
            ) from exc
        async with server:
            bound = server.sockets[0].getsockname()
            try:
                yield bound[0], bound[1]
            finally:
                await self._hang_up()

    async def _hang_up(self) -> None:
        callers = list(self._callers.items())
        for writer, _ in callers:
            writer.close()
        for _, gone in callers:
            await gone.wait()

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = self._callers[writer] = asyncio.Event()
        try:
            if len(self._callers) <= CALLERS_MAX:
                async with asyncio.timeout(HEAD_LIMIT_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer(head))
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever it was did not ask for a page
        finally:
            writer.close()
            del self._callers[writer]
            gone.set()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        self._refresh()
        if method not in (b"GET", b"HEAD"):
            return _page(405, "only GET\n")
        if path == b"/metrics":
            page = _page(200, self._metrics.as_text(), _PROMETHEUS)
        elif path == b"/healthz":
            ill = self._metrics.ill
            page = _page(503 if ill else 200, f"{ill or 'well'}\n")
        else:
            page = _page(404, "/healthz and /metrics are here\n")
        return page if method == b"GET" else page.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _page(code: int, body: str, kind: str = _PLAIN) -> bytes:
    data = body.encode()
    head = (
        f"HTTP/1.1 {code} {_REASONS[code]}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + data


async def check(address: Address) -> tuple[bool, str]:
    """Ask a running relay whether it is well.

    Args:
        address: Of its status page.

    Returns:
        Whether it is, and its own words or why there are none.
    """
    try:
        async with asyncio.timeout(CHECK_LIMIT_S):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: relay\r\n\r\n")
            page = await reader.read(HEAD_BYTES_MAX)
            writer.close()
    except (TimeoutError, OSError):
        return False, "no relay answers there"
    head, _, body = page.partition(b"\r\n\r\n")
    words = body.decode("ascii", "replace").strip()[:80]
    return head.startswith(b"HTTP/1.1 200 "), words or "an answer that is none"
