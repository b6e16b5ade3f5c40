"""Who hides has its relay look the room up, and is told where it is; it shows itself to nobody."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from crypto.contact import Contact
from crypto.mainline_record import mainline_slot, seal_mainline
from crypto.record import hour_of
from crypto.roomkey import RoomKey
from crypto.words import to_words
from lab.node_house import House, a_house
from lab.sim.mainline_nodes import HandNode, hand_nodes
from p2p.api import events as e
from p2p.clock import unix_s
from p2p.dht.contact import NodeContact
from p2p.errors import UserError
from p2p.node.joining.by_relay import AFTER_S, NAMED_MAX, Elsewhere
from p2p.relay.server import RelaySettings, run_relay

KEY = b"k" * 32


@contextlib.asynccontextmanager
async def a_relay(*mainline: str) -> AsyncIterator[NodeContact]:
    ready: asyncio.Future[NodeContact] = asyncio.get_running_loop().create_future()
    settings = RelaySettings(("127.0.0.1", 0), mainline=mainline)
    relay = asyncio.ensure_future(run_relay(settings, ready.set_result))
    yield await ready
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)


@contextlib.asynccontextmanager
async def a_room_that_is_found() -> AsyncIterator[tuple[House, list[HandNode], str, str, str]]:
    """An open room with a relay of its own; gives its words, its relay, and an entry point."""
    async with hand_nodes(24) as nodes, a_relay() as theirs, a_house() as house:
        entry = f"{nodes[0].address[0]}:{nodes[0].address[1]}"
        host = await house.host("host", mode="open", mainline=(entry,), relays=(str(theirs),))
        await host.until(e.Notice, lambda notice: notice.code == "mainline_open")
        async with asyncio.timeout(15):
            while "relay" not in host.node.view().ways_in:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await asyncio.sleep(6.0)  # the record is written again with the relay in it
        yield house, nodes, (await host.key()).words, str(theirs), entry


async def test_who_hides_learns_by_its_relay_where_the_room_is_and_comes_in_if_it_agrees() -> None:
    async with a_room_that_is_found() as (house, nodes, words, theirs, entry):
        async with a_relay(entry) as ours:
            for node in nodes:
                node.asked.clear()
            guest = await house.guest("guest", words, mode="shield", relays=(str(ours),))
            own_port = guest.node._ours.endpoint.station.mux.local_port
            with pytest.raises(UserError) as caught:
                await guest.running
            assert caught.value.code == "room_elsewhere"
            assert theirs in caught.value.message
            askers = {asked.source[1] for node in nodes for asked in node.asked}
            assert ours.address[1] in askers
            assert own_port not in askers
        again = await house.guest("again", words, mode="shield", relays=(theirs,))
        await again.until(e.Joined)


async def test_a_relay_whose_operator_does_not_want_it_asks_nobody_there() -> None:
    async with a_room_that_is_found() as (house, nodes, words, _, _), a_relay() as ours:
        guest = await house.guest("guest", words, mode="shield", relays=(str(ours),))
        with pytest.raises(UserError) as caught:
            await guest.running
        assert caught.value.code == "no_room"
        askers = {asked.source[1] for node in nodes for asked in node.asked}
        assert ours.address[1] not in askers


async def test_a_forged_record_that_a_relay_hands_over_names_nothing() -> None:
    async with hand_nodes(24) as nodes, a_house() as house:
        entry = f"{nodes[0].address[0]}:{nodes[0].address[1]}"
        async with a_relay(entry) as ours:
            key = RoomKey(bytes(range(16)))
            hour = hour_of(unix_s())
            trap = Contact(KEY, ("127.0.0.1", 5), "relay")
            other = RoomKey(bytes(16))
            item = seal_mainline(other, hour, 0, [trap], unix_s(), bytes)
            for node in nodes:
                node.item = {
                    b"k": mainline_slot(key, hour, 0).signer,
                    b"seq": item.seq,
                    b"sig": item.signature,
                    b"v": item.value,
                }
            guest = await house.guest("guest", to_words(key), mode="shield", relays=(str(ours),))
            with pytest.raises(UserError) as caught:
                await guest.running
            assert caught.value.code == "no_room"


def test_relays_that_are_asked_anyway_and_doors_are_not_named_and_eight_are_enough() -> None:
    elsewhere = Elsewhere()
    asked = Contact(KEY, ("203.0.114.1", 4433), "relay")
    door = Contact(b"d" * 32, ("203.0.114.2", 4433), "door")
    elsewhere.note([asked, door], {asked.dh})
    elsewhere.give_up(AFTER_S + 1)
    many = [Contact(bytes([n]) * 32, ("203.0.114.3", 4433), "relay") for n in range(1, 200)]
    elsewhere.note(many, set())
    assert len(elsewhere._named) == NAMED_MAX
    elsewhere.give_up(AFTER_S - 1)
    elsewhere.looking = True
    elsewhere.give_up(AFTER_S + 1)
    elsewhere.looking = False
    with pytest.raises(UserError):
        elsewhere.give_up(AFTER_S + 1)
