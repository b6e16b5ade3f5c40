"""Seekers write themselves down, doors read it and send openings; on real sockets."""

import asyncio
import contextlib
import os
import time

from crypto.ids import DhKey
from crypto.mainline_record import SEEKERS, mainline_slot, open_mainline, seal_mainline
from crypto.mutable_item import MAX_SEQ, MutableItem
from crypto.record import Door, hour_of
from crypto.roomkey import RoomKey
from crypto.veil import Veil
from lab.sim.mainline_nodes import hand_nodes
from p2p.dht.mainline.client import Mainline
from p2p.dht.mainline.entry_points import EntryPoints
from p2p.dht.mainline.seeking import (
    OPENED_FOR_S,
    OPENING_BELOW,
    OPENING_BYTES,
    OPENINGS,
    SEEKERS_MAX,
    Ground,
    Openings,
    let_in,
    seek,
)
from p2p.link.mux import Mux

KEY = RoomKey(b"k" * 16)
NOW_S = 472_222 * 3600
HERE, THERE = ("11.0.5.5", 4000), ("11.0.6.6", 4001)


def item_of(*addresses, seq=NOW_S, key=KEY):
    doors = [Door(os.urandom(32), address) for address in addresses]
    return seal_mainline(key, hour_of(NOW_S), SEEKERS, doors, seq, os.urandom)


def held(item):
    return {b"k": item.signer, b"seq": item.seq, b"sig": item.signature, b"v": item.value}


def test_a_seeker_is_sent_openings_for_a_while():
    openings = Openings(0.0)
    openings.read(item_of(HERE), [HERE], 0.0)
    assert openings.due(0.0) == [HERE]
    assert openings.due(OPENED_FOR_S - 1) == [HERE]
    assert openings.due(OPENED_FOR_S) == []


def test_the_same_item_read_again_begins_nothing_anew_and_a_new_one_does():
    openings, item = Openings(0.0), item_of(HERE)
    openings.read(item, [HERE], 0.0)
    openings.read(item, [HERE], 15.0)
    assert openings.due(OPENED_FOR_S) == []
    openings.read(item_of(HERE), [HERE], 30.0)
    assert openings.due(30.0) == [HERE]


def test_who_writes_thousands_of_addresses_gets_a_bounded_rate_of_small_datagrams():
    openings, sent = Openings(0.0), 0
    for second in range(100):
        for n in range(20):
            addresses = [(f"11.{second}.{n}.{k + 1}", 4000) for k in range(12)]
            openings.read(item_of(*addresses), addresses, float(second))
        sent += len(openings.due(float(second)))
    assert sent <= OPENINGS.burst + 100 * OPENINGS.per_s
    assert len(openings._until_s) <= SEEKERS_MAX


@contextlib.asynccontextmanager
async def grounds(count=2, nodes=8, unix=lambda: NOW_S):
    """So many members of one room among nodes of the network, with their sockets."""
    async with hand_nodes(nodes) as hands, contextlib.AsyncExitStack() as stack:
        entry = f"{hands[0].address[0]}:{hands[0].address[1]}"
        made = []
        for _ in range(count):
            mux = await Mux.open(("127.0.0.1", 0), own=Veil(DhKey(os.urandom(32))))
            stack.callback(mux.close)
            mainline = Mainline(mux, EntryPoints([entry]), os.urandom, time.monotonic)
            mux.on_noise = mainline.receive
            stack.callback(mainline.close)
            made.append((Ground(KEY, mainline, os.urandom, time.monotonic, unix), mux))
        yield hands, made


@contextlib.asynccontextmanager
async def running(*coroutines):
    tasks = [asyncio.ensure_future(each) for each in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true, limit_s=20.0):
    async with asyncio.timeout(limit_s):
        while not true():  # noqa: ASYNC110  they tell nobody
            await asyncio.sleep(0.02)


def written(hands):
    """Where those stand whom the nodes have written down, by node."""
    found = []
    for node in hands:
        for kept in node.kept.values():
            fields = (kept[name] for name in (b"k", b"seq", b"v", b"sig"))
            item = MutableItem.checked(*fields)
            found.append({door.address for door in open_mainline(KEY, hour_of(NOW_S), item)})
    return found


async def test_a_door_sends_an_opening_to_who_seeks_it(monkeypatch):
    monkeypatch.setattr("p2p.dht.mainline.seeking.LOOK_EVERY_S", 0.2)
    async with grounds() as (_, [(door, door_mux), (seeker, seeker_mux)]):
        got = []
        mainline = seeker_mux.on_noise

        def receive(data, source):
            (mainline if data[:1] == b"d" else lambda *each: got.append(each))(data, source)

        seeker_mux.on_noise = receive
        own = ("127.0.0.1", seeker_mux.local_port)
        async with running(let_in(door, door_mux.send, lambda: 1), seek(seeker, lambda: [own])):
            await until(lambda: got)
        data, source = got[0]
        assert OPENING_BYTES <= len(data) < OPENING_BELOW
        assert source == ("127.0.0.1", door_mux.local_port)


async def test_while_a_relay_passes_knocks_on_nobody_looks():
    async with grounds(1) as (hands, [(door, mux)]):
        async with running(let_in(door, mux.send, lambda: 0)):
            await asyncio.sleep(0.5)
        assert all(node.asked == [] for node in hands)


async def test_who_does_not_know_where_it_is_seen_writes_nothing():
    async with grounds(1) as (hands, [(seeker, _)]):
        async with running(seek(seeker, list)):
            await until(lambda: hands[1].count(b"get") >= 1)
            await asyncio.sleep(0.5)
        assert all(node.count(b"put") == 0 for node in hands)


async def test_two_that_seek_at_once_both_stand_there_in_the_end(monkeypatch):
    monkeypatch.setattr("p2p.dht.mainline.seeking._LOOK_AGAIN_S", 0.3)
    async with grounds() as (hands, [(one, one_mux), (two, two_mux)]):
        places = [("127.0.0.1", mux.local_port) for mux in (one_mux, two_mux)]
        async with running(seek(one, lambda: places[:1]), seek(two, lambda: places[1:])):
            await until(lambda: any(each >= set(places) for each in written(hands)))


async def test_an_item_that_nobody_can_read_is_written_over(monkeypatch):
    async with grounds(1) as (hands, [(seeker, _)]):
        spoiled = MutableItem.create(KEY.mainline_seed(hour_of(NOW_S), SEEKERS), NOW_S + 50, b"x")
        for node in hands:
            node.kept[spoiled.target] = held(spoiled)
        async with running(seek(seeker, lambda: [("127.0.0.1", 4000)])):
            await until(lambda: all(node.count(b"put") for node in hands[1:]))
        assert {node.kept[spoiled.target][b"seq"] for node in hands[1:]} == {NOW_S + 51}


async def test_a_number_that_nothing_can_outdo_does_not_make_a_door_deaf(monkeypatch):
    monkeypatch.setattr("p2p.dht.mainline.seeking.LOOK_EVERY_S", 0.1)
    async with grounds(1) as (hands, [(door, _)]):
        sent = []
        for node in hands:
            node.item = held(item_of(("127.0.0.1", 4001), seq=MAX_SEQ))
        async with running(let_in(door, lambda _, to: sent.append(to), lambda: 1)):
            await until(lambda: ("127.0.0.1", 4001) in sent)
            for node in hands:
                node.item = held(item_of(("127.0.0.1", 4002), seq=NOW_S))
            await until(lambda: ("127.0.0.1", 4002) in sent)


async def test_with_a_new_hour_doors_look_in_another_place(monkeypatch):
    monkeypatch.setattr("p2p.dht.mainline.seeking.LOOK_EVERY_S", 0.05)
    hour = [hour_of(NOW_S)]
    async with grounds(1, unix=lambda: hour[0] * 3600) as (hands, [(door, mux)]):
        targets = [mainline_slot(KEY, hour[0] + n, SEEKERS).target for n in range(2)]

        def asked(target):
            return any(target in each.data for node in hands for each in node.asked)

        async with running(let_in(door, mux.send, lambda: 1)):
            await until(lambda: asked(targets[0]))
            assert not asked(targets[1])
            hour[0] += 1
            await until(lambda: asked(targets[1]))


async def test_a_door_that_reached_nobody_at_first_looks_again_soon(monkeypatch):
    monkeypatch.setattr("p2p.dht.mainline.seeking.LOOK_EVERY_S", 0.1)
    monkeypatch.setattr("p2p.dht.mainline.seeking._NOBODY_AGAIN_S", 0.2)
    async with grounds(1) as (hands, [(door, _)]):
        sent = []
        for node in hands:
            node.item = held(item_of(("127.0.0.1", 4005)))
            node.answer = lambda node, asked: []
        async with running(let_in(door, lambda _, to: sent.append(to), lambda: 1)):
            await until(lambda: len(hands[0].asked) >= 2)
            assert sent == []
            for node in hands:
                node.answer = None
            await until(lambda: sent)


async def test_only_doors_on_ports_and_nets_that_may_be_written_to_are_sent_anything(monkeypatch):
    monkeypatch.setattr("p2p.dht.mainline.seeking.LOOK_EVERY_S", 0.1)
    async with grounds(1) as (hands, [(door, _)]):
        sent = []
        name_server, fine = ("127.0.0.1", 53), ("127.0.0.1", 4005)
        for node in hands:
            node.item = held(item_of(name_server, fine))
        async with running(let_in(door, lambda _, to: sent.append(to), lambda: 1)):
            await until(lambda: len(sent) >= 3)
        assert set(sent) == {fine}
