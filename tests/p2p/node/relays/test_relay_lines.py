"""Links to a real relay by UDP, by TCP and by more than one address, with a censor between."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable

import pytest

from crypto.contact import Contact
from crypto.dh import KeyPair
from crypto.relay_record import relay_target, seal_relay_record
from crypto.veil import Veil
from p2p.dht.contact import NodeContact
from p2p.link.demux import KINDS, Kind
from p2p.link.link import MediaLink
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import RelayDeaf
from p2p.node.relays import relay_streams as relay_streams_module
from p2p.node.relays.relay_link import RelayLink
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.trusted import RelayPlaces
from p2p.relay.server import RelaySettings, run_relay
from p2p.wire.addresses import is_stream
from p2p.wire.web_place import WebPlace

NOBODY = ("127.0.0.1", 9)


class Place:
    """A relay, and a member whose datagrams pass a censor; streams do not."""

    def __init__(self, net: MemberEndpoint, contact: NodeContact, work: Work) -> None:
        self.net = net
        self.work = work
        self.relay = Contact(contact.key, contact.address, "relay")
        self.takes_out: Callable[[bytes], bool] = lambda _data: False
        self.delay_s = 0.0
        mux = net.station.mux
        send = mux._transmit

        def pass_on(data: bytes, address: tuple[str, int], veil: Veil | None) -> None:
            if is_stream(address):
                send(data, address, veil)
            elif not self.takes_out(data):
                asyncio.get_running_loop().call_later(self.delay_s, send, data, address, veil)

        mux._transmit = pass_on  # type: ignore[method-assign]

    async def dial(self, *more: tuple[str, int]) -> RelayLink:
        addresses = (self.relay.address, *more)
        webs = tuple(WebPlace(*address) for address in addresses)
        places = {self.relay.dh: RelayPlaces(addresses, webs)} if more else None
        self.links = RelayLinks(self.net, self.work, places)
        return await self.links.get(self.relay)


def carrier(link: RelayLink) -> MediaLink:
    found: MediaLink = link.line.link
    return found


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    ready: asyncio.Future[NodeContact] = asyncio.get_running_loop().create_future()
    relay = asyncio.ensure_future(run_relay(RelaySettings(("127.0.0.1", 0)), ready.set_result))
    net = await MemberEndpoint.open(("127.0.0.1", 0), [], os.urandom(32), os.urandom)
    async with Work() as work:
        made = Place(net, await ready, work)
        yield made
        await made.links.close()
    await net.close()
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)


async def until(true: Callable[[], object], limit_s: float = 8.0) -> None:
    async with asyncio.timeout(limit_s):
        while not true():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", [None, Kind.OWN, Kind.STUN, Kind.DTLS])
async def test_where_udp_or_a_part_of_it_is_taken_out_the_link_comes_by_tcp(
    place: Place, kind: Kind | None
) -> None:
    place.takes_out = lambda data: kind is None or KINDS[data[0]] is kind
    began_s = time.monotonic()
    link = await place.dial()
    assert carrier(link).by_stream
    assert time.monotonic() - began_s < 5.0


async def test_a_long_line_on_which_udp_gets_on_stays_on_udp(place: Place) -> None:
    place.delay_s = 0.6
    link = await place.dial()
    assert not carrier(link).by_stream
    await until(lambda: not len(place.net.station.mux.streams))


async def test_a_link_by_tcp_moves_to_udp_when_that_works_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_streams_module, "UDP_AGAIN_S", 0.2)
    monkeypatch.setattr(relay_streams_module, "MOVED_S", 0.3)
    place.takes_out = lambda _data: True
    link = await place.dial()
    assert carrier(link).by_stream
    place.takes_out = lambda _data: False
    await until(lambda: not carrier(link).by_stream)
    await until(lambda: not len(place.net.station.mux.streams))
    assert await link.cards(bytes(32)) == ()
    assert link.open


@pytest.mark.parametrize("first", [NOBODY, None])
async def test_a_relay_is_reached_by_whichever_of_its_addresses_works(
    place: Place, first: tuple[str, int] | None
) -> None:
    works = place.relay.address
    place.relay = Contact(place.relay.dh, first or works, "relay")
    link = await place.dial(works if first else NOBODY)
    assert carrier(link).remote_address == works


async def test_where_messages_are_taken_out_in_mid_talk_the_next_link_goes_by_tcp(
    place: Place,
) -> None:
    link = await place.dial()
    assert not carrier(link).by_stream
    place.takes_out = lambda data: KINDS[data[0]] is Kind.DTLS
    began_s = time.monotonic()
    await until(lambda: not link.open)
    assert time.monotonic() - began_s < 4.5
    again = await place.links.get(place.relay)
    assert carrier(again).by_stream
    assert time.monotonic() - began_s < 6.0
    items = await place.net.inbox.take()
    assert RelayDeaf(place.relay) in items


async def test_a_relay_that_has_moved_is_found_by_its_name_and_udp_follows(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_streams_module, "UDP_AGAIN_S", 0.2)
    monkeypatch.setattr(relay_streams_module, "MOVED_S", 0.3)
    name = WebPlace("localhost", place.relay.address[1])
    works, place.relay = place.relay, Contact(place.relay.dh, NOBODY, "relay")
    place.links = RelayLinks(
        place.net, place.work, {place.relay.dh: RelayPlaces((NOBODY,), (name,))}
    )
    link = await place.links.get(place.relay)
    assert carrier(link).by_stream
    await until(lambda: not carrier(link).by_stream)
    assert carrier(link).remote_address == works.address


async def test_a_relay_that_is_known_by_the_web_alone_is_looked_for_nowhere(place: Place) -> None:
    """Else its record would bring about datagrams that a watcher is not to see."""
    link, asked = await place.dial(), list[bytes]()

    async def resolve(target: bytes) -> tuple[bytes, ...]:
        if target == relay_target(missed):  # and not the relay itself, where it is
            asked.append(target)
        return (record,)

    secret = os.urandom(32)
    missed = KeyPair(secret).public
    record = seal_relay_record(secret, [("127.0.0.1", 9)], 1_800_000_000, os.urandom).encode()
    link.resolve = resolve  # type: ignore[method-assign]
    webs = (WebPlace("relay.example.org", 443, "/tea"),)
    contact = Contact(missed, ("0.0.0.0", 1), "relay")
    place.links.map.put(contact, RelayPlaces((), webs))
    await place.links._look_for(contact)
    assert place.links.map.of(contact) == RelayPlaces((), webs)
    assert asked == []
    place.links.map.put(contact, RelayPlaces((("127.0.0.1", 5),), webs))
    await place.links._look_for(contact)
    assert place.links.map.of(contact).addresses == (("127.0.0.1", 9), ("127.0.0.1", 5))
    assert asked == [relay_target(missed)]
