"""Members on networks that let out the web alone: by TLS, by a proxy, by a name."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from crypto.invite import parse_key_text
from crypto.veil import Veil
from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.dht.contact import NodeContact
from p2p.errors import UserError
from p2p.link import mux as mux_module
from p2p.link.web import tls
from p2p.relay.config import RelaySettings, WebSettings
from p2p.relay.server import run_relay
from p2p.wire.addresses import NOWHERE, is_stream
from p2p.wire.web_place import WebPlace
from tests.p2p.link.web.certificates import make_certificate
from tests.p2p.link.web.proxies import TestProxy

LOOPBACK = "127.0.0.1"
TALK_S = 4.0


@pytest.fixture
def no_udp(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Takes out every datagram; streams pass. Gives the places that were tried."""
    tried: list[tuple[str, int]] = []
    transmit = mux_module.Mux._transmit

    def pass_on(
        mux: mux_module.Mux, data: bytes, address: tuple[str, int], veil: Veil | None
    ) -> None:
        if is_stream(address):
            transmit(mux, data, address, veil)
        else:
            tried.append(address)

    monkeypatch.setattr(mux_module.Mux, "_transmit", pass_on)
    return tried


async def hears(host: Person, guest: Person) -> float:
    """The share of a host's frames that a guest can open, over some seconds of talk."""
    await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
    host.node.do(c.SetMic(True))
    await guest.until(e.FirstSound)
    member = host.session.peers.room.me
    heard = guest.session.secrets.frames.heard
    sealed, opened = host.session.secrets.frames.sealed, heard(member).opened
    await asyncio.sleep(TALK_S)
    host.node.do(c.SetMic(False))
    await asyncio.sleep(0.5)
    said = host.session.secrets.frames.sealed - sealed
    assert said > 20 * TALK_S
    return (heard(member).opened - opened) / said


async def pair(house: House, line: str, **more: object) -> tuple[Person, Person]:
    """Two people that know the relay by its line."""
    house.entry_nodes.clear()
    ways = {"mode": "shield", "relays": (line,), **more}
    host = await house.host("host", **ways)
    guest = await house.guest("guest", (await host.key()).words, **ways)
    await guest.until(e.Joined)
    return host, guest


async def test_where_udp_is_blocked_one_joins_by_the_web_and_hears_everything(
    no_udp: list[tuple[str, int]],
) -> None:
    async with a_house() as house:
        line = await house.relay()
        began_s = time.monotonic()
        host, guest = await pair(house, line)
        assert time.monotonic() - began_s < 10.0
        assert await hears(host, guest) >= 0.99
        assert no_udp, "it was tried"


@pytest.mark.parametrize("kind", ["http", "socks5"])
async def test_behind_a_proxy_everything_goes_through_it(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_house() as house:
        line = await house.relay()
        relay = NodeContact.parse(line)
        named = str(NodeContact((NOWHERE, 443), relay.key, WebPlace("relay.example.org", 443)))

        def look_up(*_args: object, **_more: object) -> list[object]:
            raise AssertionError("a name was looked up")

        async with TestProxy(kind, relay.address).running() as proxy:
            monkeypatch.setattr(socket, "getaddrinfo", look_up)
            host, guest = await pair(house, named, proxy=proxy.url)
            assert await hears(host, guest) >= 0.99
            assert proxy.asked == ["relay.example.org:443"] * 2
            for person in (host, guest):
                mux = person.node._ours.endpoint.station.mux
                assert mux.web_only
                assert [n.code for n in person.all(e.Notice)].count("by_proxy") == 1
                assert not mux._targets or set(mux._targets.values()) == {None}
            # Whoever is invited by somebody behind a proxy gets the name.
            invite = parse_key_text(host.node.key_forms().invite)
            assert [contact.web for contact in invite.contacts] == ["relay.example.org:443"]


async def test_a_proxy_that_leads_nowhere_is_named_as_the_reason() -> None:
    async with a_house() as house:
        line = await house.relay()
        house.entry_nodes.clear()
        with socket.socket() as nobody:
            nobody.bind((LOOPBACK, 0))
            proxy = f"http://{LOOPBACK}:{nobody.getsockname()[1]}"
            guest = await house.guest("guest", NO_ROOM, mode="shield", relays=(line,), proxy=proxy)
            with pytest.raises(UserError) as raised:
                await guest.running
        assert (raised.value.code, raised.value.exit_code) == ("proxy_refused", 3)


async def test_open_mode_goes_through_no_proxy() -> None:
    async with a_house() as house:
        with pytest.raises(UserError) as raised:
            await house.host("host", mode="open", proxy="http://127.0.0.1:1")
        assert raised.value.code == "proxy_open"


NO_ROOM = "11ZG8-TSHBS-SJVES-CXT7M-NCX8H-4BBTV-JTM"


@dataclass
class Front:
    """A web server of an operator, with its certificate, that hands on to a relay."""

    line: str
    port: int
    asked: list[bytes]


@contextlib.asynccontextmanager
async def behind_a_web_server(folder: Path) -> AsyncIterator[Front]:
    ready: asyncio.Future[NodeContact] = asyncio.get_running_loop().create_future()
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        behind = free.getsockname()
    settings = RelaySettings((LOOPBACK, 0), web=WebSettings(behind=behind))
    relay = asyncio.ensure_future(run_relay(settings, ready.set_result))
    contact = await ready
    asked: list[bytes] = []

    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            asked.append(head.split(b"\r\n")[0])
            there, back = await asyncio.open_connection(*behind)
            back.write(head[:-2] + b"X-Forwarded-For: 203.0.113.77\r\n\r\n")
            await asyncio.gather(pump(reader, back), pump(there, writer))
        writer.close()

    server = await asyncio.start_server(
        hand_on, LOOPBACK, 0, ssl=tls.relay_context(*make_certificate(folder, "localhost"))
    )
    port = server.sockets[0].getsockname()[1]
    place = WebPlace("localhost", port, "/tea/house")
    try:
        yield Front(str(NodeContact((NOWHERE, port), contact.key, place)), port, asked)
    finally:
        server.close()
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


async def test_a_relay_behind_a_web_server_is_found_by_its_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with behind_a_web_server(tmp_path) as front, a_house() as house:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
        tls.member_context.cache_clear()
        host = await house.host("host", mode="shield", relays=(front.line,))
        await host.until(e.Notice, lambda n: n.code == "relay_open")
        invite = host.node.key_forms().invite
        guest = await house.guest("guest", invite, mode="shield")
        await guest.until(e.Joined)
        assert await hears(host, guest) >= 0.99
        assert set(front.asked) == {b"GET /tea/house HTTP/1.1"}
        for person in (host, guest):
            assert person.node._ours.endpoint.station.mux.counters["sent"] > 0
            assert set(person.node._ours.endpoint.station.mux._targets.values()) <= {None}
    tls.member_context.cache_clear()


async def test_the_certificate_of_another_host_is_said(tmp_path: Path) -> None:
    async with behind_a_web_server(tmp_path) as front, a_house() as house:
        tls.member_context.cache_clear()  # of those that this machine trusts it is none
        guest = await house.guest("guest", NO_ROOM, mode="shield", relays=(front.line,))
        with pytest.raises(UserError) as raised:
            await guest.running
        assert (raised.value.code, raised.value.exit_code) == ("certificate_refused", 3)


async def test_a_name_is_looked_up_for_udp_too_and_given_on_with_its_address() -> None:
    async with a_house() as house:
        relay = NodeContact.parse(await house.relay())
        place = WebPlace("localhost", relay.address[1])
        host, guest = await pair(house, str(NodeContact((NOWHERE, 443), relay.key, place)))
        assert await hears(host, guest) >= 0.99
        [link] = guest.node._ours.relay_links.links
        assert link.line.link.remote_address == relay.address
        assert not link.line.link.by_stream
        [contact] = parse_key_text(host.node.key_forms().invite).contacts
        assert contact.web == str(place)
        assert contact.address[0] != NOWHERE


async def test_a_relay_that_is_named_in_the_room_may_have_a_name() -> None:
    async with a_house() as house:
        line = await house.relay()
        other = NodeContact.parse(await house.relay())
        house.entry_nodes.clear()
        host = await house.host("host", mode="shield", relays=(line,))
        place = WebPlace("localhost", other.address[1])
        host.node.do(c.UseRelay(str(NodeContact((NOWHERE, 443), other.key, place))))
        added = await host.until(e.RelayChanged, lambda relay: relay.state == "added")
        assert added.relay == str(place)
        links = host.node._ours.relay_links
        async with asyncio.timeout(10.0):
            while other.key not in [link.contact.dh for link in links.links]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
