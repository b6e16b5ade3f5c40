"""Relays that let us in, that go away and come back; and what the first record says."""

import asyncio
import time

import pytest

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.identity import Identity
from crypto.ids import DhKey
from crypto.roomkey import Genesis, RoomKey
from crypto.veil import Veil
from lab.node_house import Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.api.settings import Settings
from p2p.dht.contact import NodeContact
from p2p.link.demux import KINDS, Kind
from p2p.link.mux import Mux
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.joining.advertise import Advertiser
from p2p.node.relays import relay_links as relay_links_module
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.secrets import Credentials, Origin, RoomSecrets
from p2p.rekey.room_time import RoomTime
from p2p.rng import system_rng
from p2p.wire.addresses import Scope, is_stream, known_scope
from p2p.wire.card import open_card

ENTRY = ("11.0.1.2", 4433)


async def test_who_came_in_through_a_relay_is_a_door_there_too() -> None:
    """Or else nobody could call it back after its router has forgotten all of us."""
    async with a_house() as house:
        await house.relay()
        host = await house.host("host", only="relay")
        guest = await house.guest("guest", (await host.key()).words, only="relay")
        assert (await guest.until(e.Joined)).via == "relay"
        secrets = guest.session.secrets
        [link] = guest.node._ours.relay_links.links
        relay_dh = link.contact.dh
        cards: set[bytes] = set()
        async with asyncio.timeout(10.0):
            while len(cards) < 2:
                found = await link.cards(secrets.room_key.relay_tag(relay_dh))
                cards = {open_card(secrets.room_key, relay_dh, card) for card in found}
        assert cards == {secrets.identity.dh, host.session.secrets.identity.dh}


async def test_the_first_record_names_no_address_of_our_home() -> None:
    identity = Identity.generate(system_rng)
    genesis = Genesis(2, identity.sign_key, identity.dh, "open", int(time.time()), bytes(32))
    key, recv = RoomKey.create(genesis, bytes(16)), KeyPair.generate(system_rng)
    secrets = RoomSecrets(
        Credentials(identity, key, recv),
        Origin(genesis.encode(), bytes(16)),
        bytes(32),
        Keyring.create(system_rng),
        RoomTime(0.0),
        system_rng,
    )
    net = await MemberEndpoint.open(None, [NodeContact(ENTRY, bytes(32))], bytes(32), system_rng)
    async with Work() as work:
        advertiser = Advertiser(
            Settings(), net, secrets, RelayLinks(net, work), work, (), set, lambda: 1, None
        )
        assert all(
            known_scope(d.address[0]) is Scope.GLOBAL for d in advertiser._doors(Scope.GLOBAL)
        )
        net.station.whereabouts.saw(("11.0.2.2", 40_001), ENTRY[0])
        assert ("11.0.2.2", 40_001) in [door.address for door in advertiser._doors(Scope.GLOBAL)]
    await net.close()


@pytest.mark.parametrize("alone", [True, False])
async def test_a_relay_is_missed_more_by_those_who_have_nobody_else(
    alone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_links_module, "RETRY_S", 0.02)
    net = await MemberEndpoint.open(("127.0.0.1", 0), [], bytes(32), system_rng)
    async with Work() as work:
        relay_links = RelayLinks(net, work)
        relay_links.observe_others(linked=not alone)
        began_s = time.monotonic()
        await relay_links._wait(0.4)
        assert (time.monotonic() - began_s < 0.3) is alone
    await net.close()


async def test_a_members_links_show_a_certificate_of_their_own_each() -> None:
    net = await MemberEndpoint.open(("127.0.0.1", 0), [], bytes(32), system_rng)
    links = [net.station.new_link(Veil(DhKey(bytes(32))), controlling=True) for _ in range(3)]
    assert len({link.offer.fingerprint for link in links}) == len(links)
    for link in links:
        await link.close()
    await net.close()


async def test_a_hole_that_a_listener_suffers_is_loss_on_its_screen() -> None:
    async with a_house() as house:
        line = await house.relay()
        host = await house.host("host", mode="shield", relays=(line,))
        guest = await house.guest("guest", (await host.key()).words, mode="shield", relays=(line,))
        await guest.until(e.Joined)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        await asyncio.sleep(0.5)
        assert (shown_loss_pct(guest), told_loss_pct(guest)) == (0.0, 0.0)
        [relay] = house.relays
        sends, relay._spread.send = relay._spread.send, lambda *_: None
        await asyncio.sleep(3.2)
        relay._spread.send = sends
        await asyncio.sleep(1.0)
        assert 50.0 < shown_loss_pct(guest) < 90.0
        assert 50.0 < told_loss_pct(guest) < 90.0


def shown_loss_pct(person: Person) -> float:
    [row] = [row for row in person.node.view().members if not row.me]
    return row.loss_pct


def told_loss_pct(person: Person) -> float:
    [link] = person.session.reports.stats.stats().links
    return link["loss_pct"]


async def test_a_hand_that_goes_into_a_line_that_was_cut_arrives_when_there_is_another() -> None:
    """Somebody takes the messages out, and leaves the sound: the line is dead and looks alive."""
    async with a_house() as house:
        relay = await house.relay()
        ways = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **ways)
        words = (await host.key()).words
        for name in ("one", "two", "three"):
            guest = await house.guest(name, words, **ways)
            await host.until(e.MemberChanged, lambda m, n=name: m.name == n and m.state == "here")
        mine = guest.node._ours.endpoint.station.mux
        for mux in (mine, house.relays[0]._station.mux):
            without_messages(mux, {mine.local_port, house.relay_port})
        began_s = time.monotonic()
        guest.node.do(c.RaiseHand())
        await host.until(e.HandChanged)
        assert time.monotonic() - began_s < 8.0


def without_messages(mux: Mux, ports: set[int]) -> None:
    """Take DTLS out of what goes to these ports by UDP."""
    send = mux._transmit

    def censor(data: bytes, address: tuple[str, int], veil: Veil | None) -> None:
        taken_out = address[1] in ports and KINDS[data[0]] is Kind.DTLS
        if is_stream(address) or not taken_out:
            send(data, address, veil)

    mux._transmit = censor  # type: ignore[method-assign]
