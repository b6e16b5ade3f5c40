"""Streams through real proxies, and through what only says that it is one."""

import asyncio
import socket

import pytest

from p2p.errors import UserError
from p2p.link.mux import Mux
from p2p.link.web.proxy import Proxy
from p2p.wire.web_place import WebPlace
from tests.p2p.link.web.proxies import TestProxy
from tests.p2p.link.web.webclient import KEY, LOOPBACK


@pytest.fixture
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks up a name fails the test."""

    def look_up(host: object, *_args: object, **_more: object) -> list[object]:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


async def dialled(proxy: str, place: WebPlace) -> tuple[bool, str | None]:
    """Whether a stream opens, and if not, why."""
    mux = await Mux.open(None, Proxy.parse(proxy))
    try:
        return await mux.streams.dialer.dial(
            place, KEY, 5.0
        ) is not None, mux.streams.dialer.refusal
    finally:
        mux.close()


@pytest.mark.parametrize("password", [False, True], ids=["open", "password"])
@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_the_proxy_gets_the_name_and_nobody_else_does(
    relay: Mux, kind: str, password: bool, no_names: None
) -> None:
    async with TestProxy(kind, (LOOPBACK, relay.local_port), password=password).running() as proxy:
        for place, asked in (
            (WebPlace("relay.example.org", 443), "relay.example.org:443"),
            (WebPlace("203.0.113.7", 4433), "203.0.113.7:4433"),
            (WebPlace("2001:db8::7", 443), "2001:db8::7:443"),
        ):
            assert await dialled(proxy.url, place) == (True, None)
            assert proxy.asked[-1].replace("[", "").replace("]", "") == asked


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_a_proxy_that_does_not_know_us_says_no(relay: Mux, kind: str) -> None:
    async with TestProxy(kind, (LOOPBACK, relay.local_port), password=True).running() as proxy:
        for url in (proxy.url.replace("tea:", "cup:"), proxy.url.replace("tea:pot%3A1@", "")):
            assert await dialled(url, WebPlace("a.example", 443)) == (False, "proxy")
        assert proxy.asked == []


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("http", b"220 smtp.example.org\r\n\r\n"),
        ("http", b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
        ("http", b"HTTP/1.1 200 " + b"a" * 20_000),
        ("http", b""),
        ("socks5", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("socks5", b"\x05\x02"),  # a password, which was not offered
        ("socks5", b"\x05\x00\x05\x05\x00\x01" + bytes(6)),
        ("socks5", b"\x05\x00\x05\x00\x00\x07" + bytes(6)),
        ("socks5", b""),
    ],
)
async def test_rubbish_of_a_proxy_ends_the_try(kind: str, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    place = WebPlace("a.example", 443)
    assert await dialled(f"{kind}://{LOOPBACK}:{port}", place) == (False, "proxy")
    server.close()


async def test_a_proxy_that_is_not_there_is_named_as_the_reason() -> None:
    with socket.socket() as nobody:
        nobody.bind((LOOPBACK, 0))
        url = f"socks5://{LOOPBACK}:{nobody.getsockname()[1]}"
        assert await dialled(url, WebPlace("a.example", 443)) == (False, "proxy")


async def test_behind_a_proxy_no_datagram_leaves_whoever_wants_to_send_it() -> None:
    other = await Mux.open((LOOPBACK, 0))
    got: list[bytes] = []
    other.on_datagram = lambda data, _sender: got.append(data)
    mux = await Mux.open(("0.0.0.0", 0), Proxy.parse("http://127.0.0.1:1"))
    assert mux.local_ip == LOOPBACK, "nothing of it can leave the machine"
    target = (LOOPBACK, other.local_port)
    mux.send(b"\xc0", target)
    mux.send_media(b"\x80", target)
    assert mux.target(target) is None
    await asyncio.sleep(0.1)
    assert (got, mux.counters["no_way"]) == ([], 2)
    mux.close()
    other.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("socks5://127.0.0.1:9050", Proxy("socks5", "127.0.0.1", 9050)),
        ("socks5h://[::1]", Proxy("socks5", "::1", 1080)),
        ("http://u:p%40s@proxy.example:3128/", Proxy("http", "proxy.example", 3128, "u", "p@s")),
        ("proxy.example:3128", Proxy("http", "proxy.example", 3128)),
    ],
)
def test_a_proxy_is_written_as_everywhere(text: str, found: Proxy) -> None:
    assert Proxy.parse(text) == found
    assert "p@s" not in repr(found)


@pytest.mark.parametrize(
    "text", ["socks4://a:1", "https://a:1", "http://", "http://a:x", f"http://{'u' * 256}@a:1"]
)
def test_what_is_no_proxy_is_said(text: str) -> None:
    with pytest.raises(UserError) as raised:
        Proxy.parse(text)
    assert (raised.value.code, raised.value.exit_code) == ("bad_proxy", 2)
