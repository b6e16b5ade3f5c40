import pytest

from crypto.contact import Contact
from lab.node_house import a_house
from lab.programs.people import MuteNode
from p2p.api import events as e
from p2p.node.control.notices import NO_ANSWER_AFTER_S
from p2p.node.control.relay_watch import RelayWatch, relay_name

ONE, OTHER = "203.0.113.7:4433", "[2001:db8::7]:4433"


def told(
    watch: RelayWatch, up: tuple[str, ...], now: float, kept: tuple[str, ...] = (ONE,)
) -> list[tuple[str, str]]:
    return [(notice.code, notice.relay) for notice in watch.news(kept, up, now)]


def test_a_relay_is_named_with_its_address_and_without_its_key() -> None:
    assert relay_name(Contact(b"k" * 32, ("203.0.113.7", 4433), "relay")) == ONE
    assert relay_name(Contact(b"k" * 32, ("2001:db8::7", 4433), "relay")) == OTHER


def test_a_relay_that_was_dead_from_the_start_is_named_after_a_while() -> None:
    watch = RelayWatch(hidden=True, now=0.0)
    assert told(watch, (), NO_ANSWER_AFTER_S - 0.1) == []
    assert told(watch, (), NO_ANSWER_AFTER_S + 0.1) == [("relay_lost", ONE)]
    assert told(watch, (), 60.0) == []
    assert "nobody can come in" in watch.problem
    assert told(watch, (ONE,), 61.0) == [("relay_back", ONE)]
    assert watch.problem == ""


def test_a_relay_that_dies_is_named_at_once_and_what_it_means_depends_on_the_others() -> None:
    watch = RelayWatch(hidden=True, now=0.0)
    assert told(watch, (ONE, OTHER), 1.0, (ONE, OTHER)) == []
    (notice,) = watch.news((ONE, OTHER), (OTHER,), 2.0)
    assert (notice.relay, "another relay" in notice.message) == (ONE, True)
    assert watch.problem == ""
    (notice,) = watch.news((ONE, OTHER), (), 3.0)
    assert (notice.relay, "nobody hears anybody" in notice.message) == (OTHER, True)
    assert watch.problem != ""


def test_without_a_relay_in_the_open_links_go_on_and_there_is_no_problem() -> None:
    watch = RelayWatch(hidden=False, now=0.0)
    (notice,) = watch.news((ONE,), (), 10.0)
    assert "links that are there go on" in notice.message
    assert watch.problem == ""


async def test_a_relay_that_is_dead_at_create_is_named_on_the_screen() -> None:
    with MuteNode() as mute:
        async with a_house() as house:
            host = await house.host("host", mode="shield", relays=(mute.line,))
            notice = await host.until(e.Notice, lambda n: n.code == "relay_lost")
            assert notice.relay == mute.line.partition("#")[0]
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
            notice = await person.until(e.Notice, lambda n: n.code == "relay_lost")
            assert notice.relay == relay.partition("#")[0]


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
