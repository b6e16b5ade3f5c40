import asyncio
import contextlib

import pytest

from p2p.errors import UserError
from p2p.relay.metrics import Metrics
from p2p.relay.status import CALLERS_MAX, HEAD_BYTES_MAX, StatusPage, check

LOOPBACK = ("127.0.0.1", 0)


async def get(address: tuple[str, int], request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    page = b""
    with contextlib.suppress(ConnectionError):  # closed on us before it has read everything
        page = await reader.read()
    writer.close()
    return page


async def test_health_and_metrics_answer_with_what_is_true_now() -> None:
    metrics = Metrics()
    async with StatusPage(metrics, lambda: setattr(metrics, "links", 9)).serving(LOOPBACK) as at:
        page = await get(at, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        assert page.startswith(b"HTTP/1.1 200 OK\r\n")
        head, _, body = page.partition(b"\r\n\r\n")
        assert b"teahouse_relay_links 16" in body
        assert f"Content-Length: {len(body)}".encode() in head
        assert await check(at) == (True, "well")
        metrics.draining = True
        assert await check(at) == (False, "draining")


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"GET / HTTP/1.0\r\n\r\n", b"404"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405"),
        (b"HEAD /healthz HTTP/1.1\r\n\r\n", b"200"),
        (b"GET /healthz?x=1 HTTP/1.1\r\n\r\n", b"200"),
    ],
)
async def test_other_requests_get_their_code(request_: bytes, code: bytes) -> None:
    async with StatusPage(Metrics()).serving(LOOPBACK) as at:
        page = await get(at, request_)
        assert page.split(b" ")[1] == code
        assert page.endswith(b"\r\n\r\n") == request_.startswith(b"HEAD")


async def test_what_is_no_request_gets_no_answer_and_harms_nobody() -> None:
    async with StatusPage(Metrics()).serving(LOOPBACK) as at:
        assert await get(at, b"x" * (2 * HEAD_BYTES_MAX) + b"\r\n\r\n") == b""
        _, writer = await asyncio.open_connection(*at)
        writer.write(b"GET /hea")
        writer.close()
        held = [await asyncio.open_connection(*at) for _ in range(CALLERS_MAX)]
        await asyncio.sleep(0.05)
        assert (await check(at))[0] is False
        for _, each in held:
            each.close()
        await asyncio.sleep(0.05)
        assert await check(at) == (True, "well")


async def test_a_port_in_use_is_said() -> None:
    async with StatusPage(Metrics()).serving(LOOPBACK) as at:
        with pytest.raises(UserError, match="status_port"):
            async with StatusPage(Metrics()).serving(at):
                pass


async def test_a_relay_that_is_not_there_is_not_well() -> None:
    async with StatusPage(Metrics()).serving(LOOPBACK) as at:
        pass
    assert await check(at) == (False, "no relay answers there")
