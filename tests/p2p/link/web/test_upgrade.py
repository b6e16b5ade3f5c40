"""A relay as strangers see it, and members as servers see them, on real sockets."""

import asyncio
import contextlib
import os
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509

from p2p.link import streams as streams_module
from p2p.link.mux import Mux
from p2p.link.stream import UNSENT_MAX_BYTES
from p2p.link.web import tls
from p2p.link.web.tls import certificate_hash, relay_context
from p2p.link.web.upgrade import token_for
from p2p.wire.web_place import WebPlace
from tests.p2p.link.web.certificates import make_certificate
from tests.p2p.link.web.webclient import KEY, LOOPBACK, WebClient, token, upgrade

PAGE = "GET / HTTP/1.1\nHost: a\n\n"


@pytest.fixture
async def member() -> AsyncIterator[Mux]:
    mux = await Mux.open((LOOPBACK, 0))
    yield mux
    mux.close()


def place(mux: Mux) -> tuple[str, int]:
    return LOOPBACK, mux.local_port


async def until(true) -> None:
    async with asyncio.timeout(5.0):
        while not true():  # noqa: ASYNC110  the other end is in the same loop
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (PAGE, 200),
        ("GET /index.html?x=1 HTTP/1.1\nHost: a\n\n", 200),
        ("HEAD / HTTP/1.1\nHost: a\n\n", 200),
        ("GET /admin HTTP/1.1\nHost: a\n\n", 404),
        ("POST / HTTP/1.1\nHost: a\nContent-Length: 3\n\nabc", 405),
        ("GET / HTTP/1.1\n\n", 400),
        ("nonsense\n\n", 400),
    ],
)
async def test_a_stranger_sees_a_web_server(relay: Mux, request_text: str, status: int) -> None:
    client = await WebClient.connected(place(relay))
    answer = await client.ask(request_text)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"date: " in answer.lower()
    assert b"teahouse" not in answer.lower()
    client.close()


async def test_a_browser_may_ask_twice_over_one_connection(relay: Mux) -> None:
    client = await WebClient.connected(place(relay))
    assert (await client.ask(PAGE)).startswith(b"HTTP/1.1 200")
    assert (await client.ask("GET /favicon.ico HTTP/1.1\nHost: a\n\n")).startswith(b"HTTP/1.1 404")
    client.close()


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        (bytes(32), b"", b""),  # another relay's key
        (KEY, b"sid=", b"sid=x"),
        (KEY, b"AAAAAAAAAA", b"BBBBBBBBBB"),  # the token of another request
        (KEY, b"Cookie", b"Biscuit"),
        (KEY, b"Upgrade: websocket\r\n", b""),
        (KEY, b"GET", b"HEAD"),
    ],
    ids=["another key", "altered", "another request's", "elsewhere", "no upgrade", "HEAD"],
)
async def test_without_the_token_a_websocket_is_a_page_like_any_other(
    relay: Mux, key: bytes, old: bytes, new: bytes
) -> None:
    client = await WebClient.connected(place(relay))
    changed = upgrade(key, shown=client.shown).replace(old, new)
    request = changed.decode().replace("\r\n", "\n")
    answer = await client.ask(request)
    assert answer.startswith(b"HTTP/1.1 404 ")
    usual = await (await WebClient.connected(place(relay))).ask(
        request.split("\n")[0] + "\nHost: a\n\n"
    )
    answer, usual = (re.sub(rb"(?i)date: .+?\r\n", b"", each) for each in (answer, usual))
    assert answer == usual, "nothing tells a wrong token from a page that is not there"
    client.close()


async def test_what_is_no_tls_gets_no_answer_but_an_alert(relay: Mux) -> None:
    client = await WebClient.connected(place(relay), tls=False)
    client.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + bytes(100))
    said = await asyncio.wait_for(client.reader.read(), 5.0)
    assert said == b"" or said[0] == 0x15  # the record type of an alert
    await until(lambda: not relay.streams)


async def test_a_stranger_that_says_nothing_or_little_is_dropped(
    relay: Mux, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "NAMELESS_S", 0.3)
    monkeypatch.setattr(streams_module, "LOOK_EVERY_S", 0.05)
    silent = await WebClient.connected(place(relay), tls=False)
    slow = await WebClient.connected(place(relay))
    slow.write(b"GET / HTTP/1.1\r\n")
    for client in (silent, slow):
        assert await asyncio.wait_for(client.until_closed(), 3.0)


@pytest.mark.parametrize(
    "harm",
    [
        b"GET /" + b"a" * 20_000,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n" + bytes(200_000),
    ],
)
async def test_an_endless_request_ends(relay: Mux, harm: bytes) -> None:
    client = await WebClient.connected(place(relay))
    client.write(harm)
    assert await asyncio.wait_for(client.until_closed(), 4.0)


async def test_who_asks_on_and_on_and_reads_nothing_is_dropped(
    relay: Mux, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "NAMELESS_S", 60.0)
    client = await WebClient.upgraded(place(relay), KEY)
    client.writer.transport.pause_reading()
    question = b"\x89\xfd\x00\x00\x00\x00" + bytes(125)
    frame = b"\x82\x81\x00\x00\x00\x00\xc0"
    await until(lambda: len(relay.streams) == 1)
    [stream] = relay.streams._streams.values()
    for transport, option in (
        (stream._transport, socket.SO_SNDBUF),  # so that little waits in the kernel
        (client.writer.transport, socket.SO_RCVBUF),
    ):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, option, 4096)
    most = 0
    with contextlib.suppress(ConnectionError):
        for _ in range(5000):
            client.write((question * 40 + frame) * 4)
            await asyncio.sleep(0)
            if not relay.streams:
                break
            most = max(most, stream._transport.get_write_buffer_size())
            await client.writer.drain()
    assert not relay.streams
    assert relay.streams.counters["stream_broken"] == 1
    assert most < 16 * UNSENT_MAX_BYTES
    client.close()


@pytest.mark.parametrize(
    "harm",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 5_000,
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"1\r\na\r\n" * 30_000,
    ],
    ids=["requests one behind the other", "a body in small pieces"],
)
async def test_a_stranger_costs_little_more_than_its_handshake(relay: Mux, harm: bytes) -> None:
    client = await WebClient.connected(place(relay))
    began_s = time.process_time()
    client.write(harm)
    said = bytearray()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while more := await asyncio.wait_for(client.reader.read(1 << 16), 5.0):
            said += more
    assert time.process_time() - began_s < 0.25
    assert said.count(b"HTTP/1.1 ") <= 32
    await until(lambda: not relay.streams)


@pytest.mark.parametrize(
    "harm",
    [
        b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + bytes(100_000),
        b"HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nrubbish\r\n",
    ],
)
async def test_a_strange_head_is_answered_and_raises_nothing(relay: Mux, harm: bytes) -> None:
    raised: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: raised.append(what))
    client = await WebClient.connected(place(relay))
    client.write(harm)
    head = await asyncio.wait_for(client.reader.readuntil(b"\r\n\r\n"), 5.0)
    assert head.startswith(b"HTTP/1.1 200 ")
    await until(lambda: not relay.streams)
    assert not raised


async def test_the_first_bytes_of_a_member_are_those_of_a_browser(member: Mux) -> None:
    """No rule for streams of unknown kind fits: it begins as TLS does (Wu et al. 2023, ex. 5)."""
    first: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await first.put(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(take, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    randoms = set()
    for _ in range(5):
        assert await member.streams.dialer.dial(WebPlace(LOOPBACK, port), KEY) is None
        hello = await first.get()
        assert hello[:3] == b"\x16\x03\x01", "a TLS record that holds a handshake"
        assert hello[5] == 1, "a ClientHello"
        assert hello[9:11] == b"\x03\x03"
        assert b"http/1.1" in hello
        assert LOOPBACK.encode() not in hello, "a browser names no IP address"
        randoms.add(hello[11:43])
    assert len(randoms) == 5
    server.close()


async def test_a_named_relay_is_dialled_by_its_name_with_a_hello_of_chrome(
    member: Mux,
) -> None:
    pytest.importorskip("utls")
    first: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await first.put(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(take, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    await member.streams.dialer.dial(WebPlace("localhost", port), KEY)
    hello = await first.get()
    assert b"localhost" in hello
    assert b"\x11\xec" in hello, "X25519MLKEM768, which Chrome offers"
    assert any(bytes((n * 16 + 10,)) * 2 in hello for n in range(16)), "GREASE (RFC 8701)"
    server.close()


@pytest.mark.parametrize("alone", [True, False], ids=["python's own TLS", "as installed"])
async def test_members_get_in_whatever_tls_they_have(
    relay: Mux, member: Mux, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    if alone:
        monkeypatch.setattr(tls, "_browser_like", lambda: ssl)
    tls.member_context.cache_clear()
    try:
        assert await member.streams.dialer.dial(WebPlace(*place(relay)), KEY)
    finally:
        tls.member_context.cache_clear()


async def test_the_operators_certificate_is_checked_where_the_line_says_wss(
    member: Mux, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, other = make_certificate(tmp_path, "localhost"), make_certificate(tmp_path, "other.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "all.pem"))
    (tmp_path / "all.pem").write_bytes(good[0].read_bytes() + other[0].read_bytes())
    tls.member_context.cache_clear()
    for files, refusal in ((good, None), (other, "certificate"), (None, "certificate")):
        relay = await Mux.open((LOOPBACK, 0))
        context = relay_context(*files) if files else relay_context(None, None)
        assert await relay.streams.listen(place(relay), KEY, context)
        member.streams.dialer.refusal = None
        by_wss = await member.streams.dialer.dial(
            WebPlace("localhost", relay.local_port, "/x"), KEY
        )
        assert (by_wss is None, member.streams.dialer.refusal) == (refusal is not None, refusal)
        by_host = await member.streams.dialer.dial(WebPlace("localhost", relay.local_port), KEY)
        assert by_host is not None, "trust comes from the key in the line"
        relay.close()
    tls.member_context.cache_clear()


async def test_a_web_server_that_is_no_relay_is_passed_over(relay: Mux, member: Mux) -> None:
    other = WebPlace(*place(relay))
    assert await member.streams.dialer.dial(other, bytes(32)) is None
    assert member.streams.dialer.refusal == "web"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"220 smtp.example.org\r\n\r\n",
        b"HTTP/1.1 101 " + b"a" * 20_000,
    ],
)
async def test_an_answer_of_another_kind_is_passed_over(member: Mux, answer: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    server = await asyncio.start_server(talk, LOOPBACK, 0, ssl=relay_context(None, None))
    port = server.sockets[0].getsockname()[1]
    assert await member.streams.dialer.dial(WebPlace(LOOPBACK, port), KEY) is None
    assert member.streams.dialer.refusal == "web"
    assert not member.streams
    server.close()


async def test_a_relays_own_certificate_is_on_no_disk_and_another_in_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    shown = set()
    for _ in range(2):
        mux = await Mux.open((LOOPBACK, 0))
        assert await mux.streams.listen(place(mux), KEY, relay_context(None, None))
        client = await WebClient.connected(place(mux))
        der = client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        assert client.writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        shown.add(x509.load_der_x509_certificate(der).serial_number)
        client.close()
        mux.close()
    assert len(shown) == 2
    assert os.listdir(tmp_path) == []


async def test_behind_a_web_server_members_are_told_apart_by_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams_module, "STREAMS_EACH", 2)
    relay = await Mux.open((LOOPBACK, 0))
    assert await relay.streams.listen((LOOPBACK, 0), KEY, None)
    [port] = relay.streams.ports
    come: list[str] = []
    relay.on_datagram = lambda _data, sender: come.append(sender[0])

    clients: list[WebClient] = []

    async def member_from(header: str) -> None:
        client = await WebClient.upgraded((LOOPBACK, port), KEY, tls=False, more=header)
        client.write(b"\x82\x81\x00\x00\x00\x00\xc0")
        clients.append(client)

    for n in range(1, 4):
        await member_from(f"X-Forwarded-For: 198.51.100.1, 203.0.113.{n}\r\n")
    await member_from("X-Forwarded-For: rubbish\r\n")
    await until(lambda: len(come) == 4)
    assert come == ["203.0.113.1", "203.0.113.2", "203.0.113.3", LOOPBACK]
    await member_from("X-Forwarded-For: 203.0.113.1\r\n")
    third = await WebClient.connected((LOOPBACK, port), tls=False)
    third.write(upgrade(KEY, more="X-Forwarded-For: 203.0.113.1\r\n"))
    assert await asyncio.wait_for(third.until_closed(), 5.0), "two of one address are enough"
    for client in clients:
        client.close()
    relay.close()


async def test_nobody_says_for_itself_where_it_comes_from(relay: Mux) -> None:
    come: list[str] = []
    relay.on_datagram = lambda _data, sender: come.append(sender[0])
    client = await WebClient.upgraded(place(relay), KEY, more="X-Forwarded-For: 203.0.113.9\r\n")
    client.write(b"\x82\x81\x00\x00\x00\x00\xc0")
    await until(lambda: come)
    assert come == [LOOPBACK]
    client.close()


def test_the_token_is_as_the_protocol_has_it() -> None:
    nonce, shown = "AAAAAAAAAAAAAAAAAAAAAA==", b"certificate"
    ours = token_for(bytes(range(32)), nonce, certificate_hash(shown))
    assert ours == token(bytes(range(32)), nonce, shown)
    assert ours == "yzPiNB9Gh1Icdt1PEVn5Ox06WZo6i-mV"


async def test_a_box_that_opens_tls_comes_in_by_nothing_that_it_sees(
    relay: Mux, member: Mux
) -> None:
    seen: list[bytes] = []
    answers: list[bytes] = []

    async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """With a certificate of its own towards the member, and all handed on both ways."""
        there = await WebClient.connected(place(relay))
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        there.write(seen[-1])
        answers.append(await there.reader.readuntil(b"\r\n\r\n"))
        writer.write(answers[-1])
        there.close()

    box = await asyncio.start_server(between, LOOPBACK, 0, ssl=relay_context(None, None))
    port = box.sockets[0].getsockname()[1]
    assert await member.streams.dialer.dial(WebPlace(LOOPBACK, port), KEY) is None
    assert member.streams.dialer.refusal == "web"
    later = await WebClient.connected(place(relay))
    later.write(seen[0])
    answers.append(await later.reader.readuntil(b"\r\n\r\n"))
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers), "a page"
    later.close()
    box.close()


async def test_a_renewed_certificate_is_the_one_that_members_are_asked_for(
    member: Mux, tmp_path: Path
) -> None:
    context = relay_context(*make_certificate(tmp_path, "localhost"))
    relay = await Mux.open((LOOPBACK, 0))
    assert await relay.streams.listen(place(relay), KEY, context)
    before = context.certificate
    tls.load_certificate(context, *make_certificate(tmp_path, "other.org"))
    assert context.certificate != before
    assert await member.streams.dialer.dial(WebPlace(*place(relay)), KEY) is not None
    relay.close()
