from dataclasses import replace
from types import SimpleNamespace

import pytest

from crypto.contact import Contact
from crypto.invite import parse_key_text
from lab.node_house import a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.dht.contact import NodeContact
from p2p.node.relays.own_relays import OwnRelays, contact_of, relay_name
from p2p.node.relays.relay_map import RelayMap
from p2p.room.ops.kinds import Carrier
from p2p.wire.web_place import WebPlace


class Links:
    """What ``OwnRelays`` knows of links."""

    def __init__(self, *kept: Contact) -> None:
        self.map, self.may_be_at = RelayMap({}), list[Contact]().append
        self.kept, self.links = list(kept), [SimpleNamespace(contact=one) for one in kept]

    def let_go(self, relay: bytes) -> None:
        self.kept = [one for one in self.kept if one.dh != relay]
        self.links = [one for one in self.links if one.contact.dh != relay]


def relay(number: int) -> Contact:
    return Contact(bytes([number]) * 32, ("192.0.2.1", 4000 + number), "relay")


def named(number: int, ip: bytes = bytes([192, 0, 2, 1])) -> Carrier:
    return Carrier(relay(number).dh, ip, 4000 + number)


def own(links: Links, *relays: Contact, hidden: bool = True) -> OwnRelays:
    failover = SimpleNamespace(seats=[], set_relays=lambda relays: None)
    return OwnRelays(relays, links, failover, hidden=hidden)


def test_a_number_stays_with_its_relay_and_is_never_another_s():
    links = Links(relay(1), relay(2))
    ours = own(links, relay(1), relay(2))
    assert [(row.n, row.used) for row in ours.listed([named(3)])] == [
        (1, True),
        (2, True),
        (3, False),
    ]
    ours.drop(ours.that_may_go(1, [named(3)], anyway=False))
    assert [row.n for row in ours.listed([named(3)])] == [2, 3]
    assert [row.n for row in ours.listed([named(4)])] == [2, 4]


def test_the_line_of_a_relay_that_has_moved_is_taken_and_the_same_line_again_is_not():
    links, moved = Links(relay(1)), []
    links.may_be_at = moved.append
    ours = own(links, relay(1))
    line = NodeContact(("192.0.2.9", 4009), relay(1).dh)
    assert ours.use(str(line)) == relay(1)
    assert [each.address for each in moved] == [line.address]
    with pytest.raises(e.UserError) as caught:
        ours.use(str(NodeContact(relay(1).address, relay(1).dh)))
    assert caught.value.code == "known_relay"


def test_a_relay_that_is_known_by_the_web_alone_gets_no_address_by_a_second_line():
    by_udp = NodeContact(relay(1).address, relay(1).dh)
    by_web = replace(by_udp, web=WebPlace.parse("wss://tea.example.org/x"))
    web = Contact(by_udp.key, ("0.0.0.0", 1), "relay", str(by_web.web))
    links = Links(web)
    ours = own(links, web)
    for line in (by_web, by_udp):
        with pytest.raises(e.UserError) as caught:
            ours.use(str(line))
        assert caught.value.code == "known_relay"
    assert links.map.of(web).addresses == ()


def test_a_moderator_that_names_ever_new_relays_fills_no_memory():
    ours = own(Links())
    for number in range(1, 250):
        ours.listed([named(number)])
    assert len(ours._numbers) == 1


def test_what_no_address_can_be_is_not_listed():
    assert contact_of(named(1, b"seven..")) is None
    assert own(Links()).listed([named(1, b"seven..")]) == ()


def test_the_last_relay_that_answers_goes_only_by_a_clear_word():
    links = Links(relay(1), relay(2))
    links.links = links.links[:1]
    ours = own(links, relay(1), relay(2))
    ours.listed([])
    with pytest.raises(e.UserError) as caught:
        ours.that_may_go(1, [], anyway=False)
    assert caught.value.code == "last_relay"
    assert ours.that_may_go(2, [], anyway=False) == relay(2), "it does not answer"
    assert ours.that_may_go(1, [], anyway=True) == relay(1)


def test_in_the_open_and_for_a_relay_of_others_no_word_is_needed():
    ours = own(Links(relay(1)), relay(1), hidden=False)
    ours.listed([])
    assert ours.that_may_go(1, [], anyway=False) == relay(1)
    ours = own(Links())
    ours.listed([named(1)])
    assert ours.that_may_go(1, [named(1)], anyway=False).dh == relay(1).dh


async def test_a_relay_that_the_host_drops_leaves_the_room_the_invite_and_our_line() -> None:
    async with a_house() as house:
        first, second = await house.relay(), await house.relay()
        house.entry_nodes.clear()
        ways = {"mode": "shield", "relays": (first, second)}
        host = await house.host("host", **ways)
        guest = await house.guest("guest", (await host.key()).invite, **ways)
        await guest.until(e.Joined)
        await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
        name = first.partition("#")[0]
        (row,) = [row for row in host.node.view().relays if row.name == name]
        assert row.used
        host.node.do(c.DropRelay(row.n))
        await host.until(e.RelayChanged, lambda r: (r.state, r.relay) == ("dropped", name))
        out = await guest.until(e.RelayChanged, lambda r: (r.state, r.relay) == ("out", name))
        assert out.means == "another"
        assert [one.name for one in host.node.view().relays] == [second.partition("#")[0]]
        since = len(host.told)
        host.node.do(c.ShowKey())
        shown = await host.until(e.KeyShown, since=since)
        named_there = [relay_name(one) for one in parse_key_text(shown.invite).contacts]
        assert named_there == [second.partition("#")[0]]
        since = len(guest.told)
        host.node.do(c.SetMic(True))
        await guest.until(e.SpeakingChanged, lambda s: s.on, since)
        guest_rows = {one.name: one for one in guest.node.view().relays}
        guest.node.do(c.DropRelay(guest_rows[name].n))
        await guest.until(e.RelayChanged, lambda r: r.state == "dropped")
        host.node.do(c.DropRelay(host.node.view().relays[0].n))
        assert (await host.until(e.ErrorRaised)).code == "last_relay"
