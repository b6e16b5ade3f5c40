import asyncio
from types import SimpleNamespace

import pytest

from crypto.contact import Contact
from lab.node_house import a_house
from lab.programs.people import MuteNode
from p2p.api import commands as c
from p2p.api import events as e
from p2p.dht.contact import NodeContact
from p2p.node.control.notices import NO_ANSWER_AFTER_S
from p2p.node.control.relay_watch import Reachability, RelayWatch
from p2p.node.relays.own_relays import relay_name
from p2p.room.ops.kinds import Carrier

ONE, OTHER = "203.0.113.7:4433", "[2001:db8::7]:4433"


def told(
    watch: RelayWatch, up: tuple[str, ...], now: float, kept: tuple[str, ...] = (ONE,)
) -> list[tuple[str, str]]:
    return [(event.state, event.relay) for event in watch.news(kept, up, now)]


def test_a_relay_is_named_with_its_address_and_without_its_key() -> None:
    assert relay_name(Contact(b"k" * 32, ("203.0.113.7", 4433), "relay")) == ONE
    assert relay_name(Contact(b"k" * 32, ("2001:db8::7", 4433), "relay")) == OTHER


def test_a_relay_that_was_dead_from_the_start_is_named_after_a_while() -> None:
    watch = RelayWatch(hidden=True, now=0.0)
    assert told(watch, (), NO_ANSWER_AFTER_S - 0.1) == []
    assert told(watch, (), NO_ANSWER_AFTER_S + 0.1) == [("silent", ONE)]
    assert told(watch, (), 60.0) == []
    assert "nobody can come in" in watch.problem
    assert told(watch, (ONE,), 61.0) == [("back", ONE)]
    assert watch.problem == ""


def test_a_relay_that_dies_is_named_at_once_and_what_it_means_depends_on_the_others() -> None:
    watch = RelayWatch(hidden=True, now=0.0)
    assert told(watch, (ONE, OTHER), 1.0, (ONE, OTHER)) == []
    (event,) = watch.news((ONE, OTHER), (OTHER,), 2.0)
    assert event == e.RelayChanged(ONE, "lost", "another")
    assert watch.problem == ""
    (event,) = watch.news((ONE, OTHER), (), 3.0)
    assert event == e.RelayChanged(OTHER, "lost", "alone")
    assert watch.problem != ""


def test_without_a_relay_in_the_open_links_go_on_and_there_is_no_problem() -> None:
    watch = RelayWatch(hidden=False, now=0.0)
    (event,) = watch.news((ONE,), (), 10.0)
    assert event == e.RelayChanged(ONE, "silent", "open")
    assert watch.problem == ""


async def test_a_relay_that_is_dead_at_create_is_named_on_the_screen() -> None:
    with MuteNode() as mute:
        async with a_house() as house:
            host = await house.host("host", mode="shield", relays=(mute.line,))
            event = await host.until(e.RelayChanged, lambda r: r.state == "silent")
            assert event.relay == mute.line.partition("#")[0]
            assert "nobody can come in" in host.node.view().problem


async def test_a_relay_that_dies_during_a_talk_is_named_to_both() -> None:
    async with a_house() as house:
        relay = await house.relay()
        house.entry_nodes.clear()
        ways = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **ways)
        guest = await house.guest("guest", (await host.key()).invite, **ways)
        await guest.until(e.Joined)
        house._relays[0].cancel()
        for person in (host, guest):
            event = await person.until(e.RelayChanged, lambda r: r.state in ("lost", "silent"))
            assert event.relay == relay.partition("#")[0]
            assert person.node.view().ways_in == ()  # the invite names that relay alone


@pytest.mark.parametrize(
    ("settings", "way"),
    [({"mode": "shield"}, "invite_here"), ({"mode": "open"}, "invite_here")],
)
async def test_an_invite_with_addresses_of_this_machine_only_is_said_to_reach_no_further(
    settings: dict[str, str], way: str
) -> None:
    async with a_house() as house:
        relay = await house.relay()
        house.entry_nodes.clear()
        host = await house.host("host", relays=(relay,), **settings)
        await host.until(e.Notice, lambda n: n.code in ("relay_open", "no_entry_node"))
        assert way in host.node.view().ways_in


async def test_a_room_whose_only_relay_died_goes_on_through_one_that_people_name_inside() -> None:
    async with a_house() as house:
        first = await house.relay()
        ways = {"mode": "shield", "relays": (first,)}
        house.entry_nodes.clear()
        host = await house.host("host", **ways)
        guest = await house.guest("guest", (await host.key()).invite, **ways)
        await guest.until(e.Joined)
        await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
        house._relays[0].cancel()
        second = await house.relay()
        name = second.partition("#")[0]
        for person in (host, guest):
            await person.until(e.RelayChanged, lambda r: r.state in ("lost", "silent"))
            person.node.do(c.UseRelay(second))
            added = await person.until(e.RelayChanged, lambda r: r.state == "added")
            assert added.relay == name
        since = len(guest.told)
        host.node.do(c.SetMic(True))
        await guest.until(e.SpeakingChanged, lambda s: s.on, since)


async def test_a_relay_that_a_host_names_is_told_to_the_others_with_all_they_need_to_use_it() -> (
    None
):
    async with a_house() as house:
        first = await house.relay()
        ways = {"mode": "shield", "relays": (first,)}
        house.entry_nodes.clear()
        host = await house.host("host", **ways)
        guest = await house.guest("guest", (await host.key()).invite, **ways)
        await guest.until(e.Joined)
        await asyncio.sleep(1.0)  # what is named before one looked is not told
        second = await house.relay()
        host.node.do(c.UseRelay(second))
        named = await guest.until(e.RelayChanged, lambda r: r.state == "named")
        assert (named.relay, named.line) == (second.partition("#")[0], second)
        guest.node.do(c.UseRelay(named.line))
        await guest.until(e.RelayChanged, lambda r: r.state == "added")
        assert not [r for r in host.all(e.RelayChanged) if r.state == "named"]


async def test_a_line_that_can_not_be_right_and_a_relay_that_is_known_are_refused() -> None:
    async with a_house() as house:
        relay = await house.relay()
        host = await house.host("host", mode="shield", relays=(relay,))
        host.node.do(c.UseRelay("192.0.2.1:4433"))
        assert (await host.until(e.ErrorRaised)).code == "bad_relay"
        host.node.do(c.UseRelay(relay))
        await host.until(e.ErrorRaised, lambda error: error.code == "known_relay")
        for number in range(5):
            host.node.do(c.UseRelay(str(NodeContact(("192.0.2.1", 4433), bytes([number]) * 32))))
        await host.until(e.ErrorRaised, lambda error: error.code == "too_many_relays")
        assert len([r for r in host.all(e.RelayChanged) if r.state == "added"]) == 4


def test_only_what_is_named_after_we_came_in_and_can_be_an_address_is_told() -> None:
    links = SimpleNamespace(kept=[], links=[])
    reach = Reachability(
        links, expects_entry_nodes=True, expects_mainline=False, hidden=True, now=0.0
    )
    old = Carrier(b"o" * 32, bytes([192, 0, 2, 1]), 4433)
    new = Carrier(b"n" * 32, bytes([192, 0, 2, 2]), 4434)
    hostile = Carrier(b"h" * 32, b"seven..", 4435)
    assert list(reach.news((), [old], [], 0.1)) == []
    (told_of,) = reach.news((), [old, hostile, new], [], 0.2)
    assert (told_of.state, told_of.relay) == ("named", "192.0.2.2:4434")
    assert NodeContact.parse(told_of.line).key == b"n" * 32
    assert list(reach.news((), [old, hostile, new], [], 0.3)) == []


async def test_who_was_removed_is_not_told_that_the_relay_is_dead() -> None:
    async with a_house() as house:
        relay = await house.relay()
        ways = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **ways)
        guest = await house.guest("guest", (await host.key()).invite, **ways)
        await guest.until(e.Joined)
        await host.until(e.MemberChanged, lambda m: m.name == "guest" and m.state == "here")
        host.node.do(c.Remove(host.number_of("guest"), new_key=True))
        assert (await guest.until(e.Left)).why == "removed"
        assert guest.all(e.RelayChanged) == []


def test_what_is_taken_out_after_we_came_in_is_told_to_those_who_use_it() -> None:
    ours, other = (Contact(bytes([n]) * 32, ("192.0.2.1", n), "relay") for n in (1, 2))
    links = SimpleNamespace(kept=[ours, other], links=[SimpleNamespace(contact=ours)])
    reach = Reachability(
        links, expects_entry_nodes=True, expects_mainline=False, hidden=True, now=0.0
    )
    out = [Carrier(relay.dh, bytes(4), 1) for relay in (ours, other)]
    assert list(reach.news((), [], out[1:], 0.1)) == []
    assert list(reach.news((), [], out, 0.2)) == [e.RelayChanged("192.0.2.1:1", "out", "alone")]
    assert list(reach.news((), [], out, 0.3)) == []


def test_a_relay_that_is_used_no_more_is_no_problem_any_more() -> None:
    watch = RelayWatch(hidden=True, now=0.0)
    assert told(watch, (OTHER,), 60.0, (ONE, OTHER)) == [("silent", ONE)]
    assert told(watch, (OTHER,), 61.0, (OTHER,)) == []
    assert told(watch, (), 62.0, (OTHER,)) == [("lost", OTHER)]
    assert watch.problem != ""
    assert told(watch, (ONE,), 63.0, (OTHER, ONE)) == []
