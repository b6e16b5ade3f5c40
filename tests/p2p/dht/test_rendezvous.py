"""Finding the doors of a room through a network of real nodes, in virtual time."""

import asyncio
import contextlib

import pytest

from crypto.record import Door, expiry_of, hour_of, seal_record
from crypto.roomkey import RoomKey
from lab.sim.clock import run
from lab.sim.dht_hostile import Hostile
from lab.sim.dht_network import START_UNIX_S, DhtNetwork
from p2p.dht.rendezvous import find, fitting, keep_published
from p2p.wire.addresses import Scope

KEY = RoomKey(b"k" * 16)
DOOR = Door(b"d" * 32, ("11.0.0.1", 4000), "door")
RELAY = Door(b"r" * 32, ("11.0.0.2", 4000), "relay")


def _in_network(test, nodes=25, **options):
    async def main():
        network = DhtNetwork(**options)
        network.contacts = await network.grow(nodes)
        try:
            await test(network)
        finally:
            await network.close()

    run(main())


async def _client(network, entries=5):
    node, _ = network.add(server=False)
    await node.start(network.random.sample(network.contacts, entries))
    return node


def _publish(network, node, doors, unix=None, **more):
    loop = asyncio.get_running_loop()
    unix = unix or network.unix
    return loop.create_task(
        keep_published(KEY, node, doors, rng=network.rng, now=loop.time, unix=unix, **more)
    )


async def _end(*tasks):
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _all(key, node, unix):
    return [door async for door in find(key, node, unix=unix)]


async def _first(key, node, unix):
    async with contextlib.aclosing(find(key, node, unix=unix)) as doors:
        async for door in doors:
            return door
    return None


def test_a_door_is_found_within_three_seconds_of_its_publishing():
    async def test(network):
        loop = asyncio.get_running_loop()
        host, guest = await _client(network), await _client(network)
        writing = _publish(network, host, lambda: [DOOR])
        await asyncio.sleep(3)
        began_s = loop.time()
        assert await _first(KEY, guest, network.unix) == DOOR
        assert loop.time() - began_s < 1.0
        await _end(writing)

    _in_network(test)


def test_once_it_is_said_that_a_record_is_kept_a_guest_finds_it():
    async def test(network):
        host, guest, kept = await _client(network), await _client(network), asyncio.Event()
        writing = _publish(network, host, lambda: [DOOR], on_kept=kept.set)
        async with asyncio.timeout(10):
            await kept.wait()
        assert await _first(KEY, guest, network.unix) == DOOR
        await _end(writing)

    _in_network(test)


def test_nobody_to_keep_a_record_means_that_nothing_is_said():
    async def test(network):
        said = []
        network.kill(network.contacts, 1.0)
        host = network.add(server=False)[0]
        writing = _publish(network, host, lambda: [DOOR], on_kept=lambda: said.append(1))
        await asyncio.sleep(30)
        assert said == []
        await _end(writing)

    _in_network(test)


def test_an_absent_room_ends_within_six_seconds_with_nothing():
    async def test(network):
        network.kill(network.contacts, 0.3)
        guest = await _client(network, 8)
        began_s = asyncio.get_running_loop().time()
        assert await _all(RoomKey(b"x" * 16), guest, network.unix) == []
        assert asyncio.get_running_loop().time() - began_s <= 6.0

    _in_network(test)


@pytest.mark.parametrize("wrong_by_s", [-3600, -1800, 1800, 3600])
def test_a_clock_wrong_by_an_hour_still_finds_the_room(wrong_by_s):
    async def test(network):
        host, guest = await _client(network), await _client(network)
        writing = _publish(network, host, lambda: [DOOR])
        await asyncio.sleep(5)
        assert await _first(KEY, guest, lambda: network.unix() + wrong_by_s) == DOOR
        await _end(writing)

    _in_network(test)


@pytest.mark.parametrize("wrong_by_s", [-86_400, 86_400, 400 * 86_400])
def test_a_clock_wrong_by_a_day_still_finds_the_room_and_is_said_to_be_wrong(wrong_by_s):
    async def test(network):
        host = await _client(network)
        guest, _ = network.add(server=False, unix=lambda: network.unix() + wrong_by_s)
        writing = _publish(network, host, lambda: [DOOR])
        await asyncio.sleep(5)
        guest.add_contacts(network.contacts[:5])
        began_s = asyncio.get_running_loop().time()
        assert await _first(KEY, guest, guest.time.unix_s) == DOOR
        assert asyncio.get_running_loop().time() - began_s < 3.0
        assert guest.time.turns_wrong()
        await _end(writing)

    _in_network(test)


@pytest.mark.parametrize("wrong_by_s", [-86_400, 86_400])
def test_a_room_of_a_host_with_a_wrong_clock_is_found(wrong_by_s):
    async def test(network):
        host, _ = network.add(server=False, unix=lambda: network.unix() + wrong_by_s)
        await host.start(network.contacts[:5])
        writing = _publish(network, host, lambda: [DOOR], unix=host.time.unix_s)
        await asyncio.sleep(5)
        guest = await _client(network)
        assert await _first(KEY, guest, guest.time.unix_s) == DOOR
        await _end(writing)

    _in_network(test)


def test_two_of_five_entry_nodes_that_lie_about_the_time_change_nothing():
    async def test(network):
        host = await _client(network)
        writing = _publish(network, host, lambda: [DOOR])
        await asyncio.sleep(5)
        liars = [Hostile(network, lambda _: ([], []), wrong_by_s=86_400).contact for _ in range(2)]
        guest, _ = network.add(server=False)
        guest.add_contacts([*liars, *network.contacts[:3]])
        assert await _first(KEY, guest, guest.time.unix_s) == DOOR
        assert guest.time.unix_s() == network.unix()
        assert not guest.time.turns_wrong()
        await _end(writing)

    _in_network(test)


def test_two_doors_that_publish_at_the_same_time_are_both_found_a_little_later():
    async def test(network):
        one, two, guest = [await _client(network) for _ in range(3)]
        writing = [_publish(network, one, lambda: [DOOR]), _publish(network, two, lambda: [RELAY])]
        await asyncio.sleep(45)
        assert set(await _all(KEY, guest, network.unix)) == {DOOR, RELAY}
        await _end(*writing)

    _in_network(test)


def _forged(network, count: int, seq: int):
    """Items of a stranger who holds the words: twelve doors of its own in each of the slots."""
    unix_s = network.unix()
    hour = hour_of(unix_s)
    doors = [Door(network.rng(32), ("13.0.0.1", 4000 + n), "door") for n in range(12)]
    return [
        seal_record(KEY, hour, slot, doors, seq, expiry_of(hour), network.rng)
        for slot in range(count)
    ]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("seq", [2**63 - 1, START_UNIX_S + 3500])
def test_who_holds_the_words_hides_no_door_by_writing_over_the_records(first, seq):
    async def test(network):
        host, stranger, guest = [await _client(network) for _ in range(3)]

        async def forge():
            for item in _forged(network, 4, seq):
                await stranger.put(item)

        if first:
            await forge()
        writing = _publish(network, host, lambda: [DOOR])
        await asyncio.sleep(30)
        if not first:
            await forge()
        await asyncio.sleep(30)
        assert DOOR in await _all(KEY, guest, network.unix)
        await _end(writing)

    _in_network(test)


def test_twenty_nets_of_one_who_holds_the_words_do_not_hide_a_door():
    async def test(network):
        host, guest = await _client(network), await _client(network)
        writing = _publish(network, host, lambda: [DOOR])
        await asyncio.sleep(5)
        for number in range(20):
            stranger = await _client(network)
            for item in _forged(network, 4, network.unix() + 3000 + number):
                await stranger.put(item)
        doors = await _all(KEY, guest, network.unix)
        assert DOOR in doors
        await _end(writing)

    _in_network(test)


@pytest.mark.slow
def test_a_room_is_found_hours_later_and_not_two_hours_after_its_last_door_left():
    async def test(network):
        host, guest = await _client(network), await _client(network)
        writing = _publish(network, host, lambda: [DOOR])
        for _ in range(3):
            await asyncio.sleep(2000)
            assert await _first(KEY, guest, network.unix) == DOOR
        await _end(writing)
        await asyncio.sleep(2.2 * 3600)
        assert await _first(KEY, guest, network.unix) is None

    _in_network(test)


def test_a_door_that_changes_its_address_is_found_at_the_new_one():
    async def test(network):
        host, guest = await _client(network), await _client(network)
        doors = [DOOR]
        writing = _publish(network, host, lambda: doors)
        await asyncio.sleep(5)
        doors[0] = Door(DOOR.dh, ("11.0.0.9", 4000), "door")
        await asyncio.sleep(5)
        assert await _all(KEY, guest, network.unix) == doors
        await _end(writing)

    _in_network(test)


def test_doors_that_change_all_the_time_do_not_make_a_storm():
    async def test(network):
        host = await _client(network)
        put, count = host.put, []

        async def counted(item):
            count.append(item)
            return await put(item)

        host.put = counted
        flicker = [DOOR, RELAY]

        def doors():
            flicker.reverse()
            return flicker[: 1 + len(count) % 2]

        writing = _publish(network, host, doors)
        await asyncio.sleep(30)
        assert len(count) <= 4 * 7
        await _end(writing)

    _in_network(test, nodes=10)


def test_private_addresses_are_not_written_into_a_global_network():
    async def test(network):
        host, guest = await _client(network), await _client(network)
        at_home = Door(b"h" * 32, ("192.168.1.4", 4000), "door")
        writing = _publish(network, host, lambda: [at_home])
        await asyncio.sleep(5)
        assert await _all(KEY, guest, network.unix) == []
        await _end(writing)

    _in_network(test, nodes=10)


def test_doors_are_filtered_by_the_scope_of_the_network():
    doors = [Door(b"a" * 32, (ip, 4000), "door") for ip in ("127.0.0.1", "10.0.0.1", "11.0.0.1")]
    assert fitting(doors, Scope.GLOBAL) == doors[2:]
    assert fitting(doors, Scope.PRIVATE) == doors[1:]
    assert fitting(doors, Scope.LOOPBACK) == fitting(doors, None) == doors


def test_leaving_a_search_early_leaves_no_task_behind():
    async def test(network):
        guest = await _client(network)
        search = find(KEY, guest, unix=network.unix)
        waiting = asyncio.ensure_future(anext(search))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await search.aclose()

    _in_network(test, nodes=10)
