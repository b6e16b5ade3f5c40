"""Rooms found by the words alone through nodes of BitTorrent's DHT; and by whom it is not asked."""

import asyncio
import contextlib

import pytest

from crypto.mutable_item import MAX_SEQ, MutableItem
from crypto.record import hour_of
from lab.node_house import a_house
from lab.sim.mainline_nodes import hand_nodes
from p2p.api import events as e
from p2p.clock import unix_s
from p2p.dht.mainline.entry_points import PUBLIC
from p2p.errors import UserError
from p2p.node.control.notices import OPEN
from p2p.node.create import mainline_entries

VALUE = b"x" * 872


@contextlib.asynccontextmanager
async def house_among(count):
    """People, nodes of the network, and the setting by which they know it."""
    async with hand_nodes(count) as nodes, a_house() as house:
        entry = f"{nodes[0].address[0]}:{nodes[0].address[1]}"
        yield house, nodes, {"mainline": (entry,)}


def asked(nodes):
    return sum(len(node.asked) for node in nodes)


async def can_be_found(person):
    await person.until(e.Notice, lambda notice: notice.code == "mainline_open")


async def found(host):
    await can_be_found(host)
    return (await host.key()).words


async def test_two_meet_by_the_words_with_nobody_elses_help() -> None:
    async with house_among(24) as (house, _, known):
        host = await house.host("host", only="dht", **known)
        assert "mainline" not in host.node.view().ways_in
        words = await found(host)
        assert "mainline" in host.node.view().ways_in
        guest = await house.guest("guest", words, only="dht", **known)
        assert (await guest.until(e.Joined)).via == "dht"
        await guest.until(e.MemberChanged, lambda member: member.name == "host")


async def test_who_is_inside_is_found_when_who_opened_the_room_has_left() -> None:
    async with house_among(24) as (house, _, known):
        host = await house.host("host", only="dht", **known)
        words = await found(host)
        second = await house.guest("second", words, only="dht", **known)
        await second.until(e.Joined)
        await can_be_found(second)
        await host.leave()
        third = await house.guest("third", words, only="dht", **known)
        await third.until(e.Joined)


async def test_who_hides_sends_nothing_there_and_who_is_open_does() -> None:
    async with house_among(8) as (house, nodes, known):
        relay = await house.relay()
        house.entry_nodes.clear()
        ways = {"mode": "shield", "relays": (relay,), **known}
        host = await house.host("host", **ways)
        guest = await house.guest("guest", (await host.key()).words, **ways)
        await guest.until(e.Joined)
        await asyncio.sleep(1.0)
        assert asked(nodes) == 0
        await house.host("open", only="dht", **known)
        async with asyncio.timeout(10):
            while not asked(nodes):  # noqa: ASYNC110  they tell nobody
                await asyncio.sleep(0.05)


async def test_who_hides_and_knows_no_relay_is_asked_before_anything_goes_out() -> None:
    async with house_among(8) as (house, nodes, known):
        opened = await house.host("host", only="dht", **known)
        words = await found(opened)
        await opened.leave()
        before = asked(nodes)
        with pytest.raises(UserError) as caught:
            await house.guest("guest", words, mode="shield", **known)
        assert caught.value.code == "no_sound_relay"
        assert "BitTorrent" in caught.value.hint
        assert asked(nodes) == before


@pytest.mark.parametrize("settings", [{"mainline": ()}, {"only": "lan"}])
async def test_where_it_is_switched_off_nothing_goes_out(settings) -> None:
    async with house_among(4) as (house, nodes, known):
        await house.host("host", **{**known, "only": "dht", **settings})
        await asyncio.sleep(1.0)
        assert asked(nodes) == 0


async def test_the_public_network_is_not_looked_for_from_a_socket_of_this_machine() -> None:
    async with a_house() as house:
        assert mainline_entries(house.settings("a", mainline=PUBLIC)) is None
        assert mainline_entries(house.settings("a", mainline=PUBLIC, listen=None)) is not None
        assert mainline_entries(house.settings("a", mainline=("127.0.0.1:4",))) is not None


async def test_who_is_nowhere_is_told_so_and_so_is_who_reaches_no_node() -> None:
    async with house_among(24) as (house, nodes, known):
        words = await found(await house.host("host", only="dht", **known))
        for node in nodes:
            node.answer = lambda node, asked: [node.says(asked, {b"token": b"t"})]
        guest = await house.guest("guest", words, only="dht", **known)
        with pytest.raises(UserError) as caught:
            await guest.running
        assert (caught.value.code, caught.value.exit_code) == ("no_room", 5)
        assert "could be found" in caught.value.message
        for node in nodes:
            node.answer = lambda node, asked: []
        guest = await house.guest("guest", words, only="dht", **known)
        with pytest.raises(UserError) as caught:
            await guest.running
        assert (caught.value.code, caught.value.exit_code) == ("no_room", 5)
        assert "BitTorrent's network" in caught.value.message


async def test_who_holds_the_words_and_writes_over_three_slots_does_not_hide_the_room() -> None:
    async with house_among(24) as (house, nodes, known):
        host = await house.host("host", only="dht", **known)
        words = await found(host)
        key = host.node._ours.credentials.room_key
        hour = hour_of(unix_s())
        last = range(1, 4)
        spoiled = [MutableItem.create(key.mainline_seed(hour, i), MAX_SEQ, VALUE) for i in last]
        for node in nodes:
            for item in spoiled:
                fields = {b"k": item.signer, b"seq": MAX_SEQ, b"sig": item.signature, b"v": VALUE}
                node.kept[item.target] = fields
        guest = await house.guest("guest", words, only="dht", **known)
        await guest.until(e.Joined)
        assert sum(spoiled[0].target in each.data for node in nodes for each in node.asked) > 1


def test_what_is_said_of_it_names_the_network() -> None:
    assert "BitTorrent" in OPEN["mainline"].message
