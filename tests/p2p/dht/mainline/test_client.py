"""Reading and writing items: with nodes written by hand, good and bad, and with libtorrent's."""

import asyncio
import contextlib
import hashlib
import os
import time

import pytest

from crypto.ids import DhKey
from crypto.mutable_item import MutableItem
from crypto.veil import Veil
from lab.programs.mainline_swarm import swarm
from lab.sim.mainline_nodes import hand_nodes
from p2p.dht.mainline.calls import READ_MAX
from p2p.dht.mainline.client import Mainline
from p2p.dht.mainline.entry_points import EntryPoints
from p2p.link.mux import Mux
from p2p.wire.addresses import Scope

SEED, VALUE = b"s" * 32, b"v" * 872


def line(address):
    return f"{address[0]}:{address[1]}"


@contextlib.asynccontextmanager
async def client(*entries):
    """Somebody with a real socket."""
    mux = await Mux.open(("127.0.0.1", 0), own=Veil(DhKey(os.urandom(32))))
    made = Mainline(mux, EntryPoints(entries), os.urandom, time.monotonic)
    mux.on_noise = made.receive
    try:
        yield made
    finally:
        made.close()
        mux.close()


@contextlib.asynccontextmanager
async def among(count):
    """Nodes, the first of which is the entry, and two clients."""
    async with hand_nodes(count) as nodes:
        entry = line(nodes[0].address)
        async with client(entry) as one, client(entry) as other:
            yield nodes, one, other


async def test_before_it_is_asked_for_something_nobody_hears_of_it():
    async with among(3) as (nodes, _, _):
        await asyncio.sleep(0.3)
        assert [node.asked for node in nodes] == [[], [], []]


async def test_what_one_writes_another_reads():
    async with among(12) as (nodes, one, other):
        item = MutableItem.create(SEED, 7, VALUE)
        assert await other.get(item.target) == []
        assert await one.put(item) >= 8
        assert await other.get(item.target) == [item]
        assert [found async for found in other.items(item.target, 5.0)] == [item]
        assert nodes[0].asked[0].name == b"find_node"  # an entry may know nothing else
        assert {each.name for node in nodes[1:] for each in node.asked} == {b"get", b"put"}


async def test_the_highest_number_comes_first_and_each_item_once():
    async with among(6) as (nodes, one, _):
        old, new = (MutableItem.create(SEED, seq, VALUE) for seq in (7, 8))
        for node, item in zip(nodes, [old, old, new, old, old, old], strict=True):
            node.item = {b"k": item.signer, b"seq": item.seq, b"sig": item.signature, b"v": VALUE}
        assert await one.get(old.target) == [new, old]


async def test_nobody_who_refuses_or_gives_no_token_counts_as_keeping_it():
    async with among(6) as (nodes, one, _):
        nodes[1].answer = lambda node, asked: (
            [node.refuses(asked)] if asked.name == b"put" else node.honest(asked)
        )
        nodes[2].answer = lambda node, asked: [node.says(asked, {})]
        assert await one.put(MutableItem.create(SEED, 7, VALUE)) == 3
        assert one.counts["refused"] == 1
        assert nodes[2].count(b"put") == 0


async def test_a_node_that_is_slow_to_keep_is_asked_once_more():
    async with among(4) as (nodes, one, _):
        heard = []

        def forgetful(node, asked):
            if asked.name == b"put":
                heard.append(asked)
                return [] if len(heard) == 1 else node.honest(asked)
            return node.honest(asked)

        nodes[1].answer = forgetful
        assert await one.put(MutableItem.create(SEED, 7, VALUE)) == 3
        assert len(heard) == 2


def forged(item):
    good = {b"k": item.signer, b"seq": item.seq, b"sig": item.signature, b"v": item.value}
    other = MutableItem.create(b"o" * 32, 9, VALUE)
    return {
        "another value": good | {b"v": b"w" * 872},
        "a higher number": good | {b"seq": 9},
        "a signature of zeros": good | {b"sig": bytes(64)},
        "a signature too short": good | {b"sig": bytes(63)},
        "no signature": {key: good[key] for key in (b"k", b"seq", b"v")},
        "a value too long": good | {b"v": bytes(997)},
        "somebody else's": {
            b"k": other.signer,
            b"seq": 9,
            b"sig": other.signature,
            b"v": other.value,
        },
    }


@pytest.mark.parametrize("name", forged(MutableItem.create(SEED, 7, VALUE)))
async def test_forged_items_change_nothing_and_are_counted(name):
    async with among(6) as (nodes, one, other):
        item = MutableItem.create(SEED, 7, VALUE)
        assert await one.put(item) == 5
        bad = forged(item)[name]
        for node in nodes[1:5]:
            node.item = bad
            node.names = [(node.id, node.address) for node in nodes]
        assert await other.get(item.target) == [item]
        assert other.counts["bad"] + other.counts["bad items"] >= 1


async def test_answers_to_no_question_are_dropped_and_a_flood_is_not_even_read():
    async with among(3) as (nodes, one, _):
        item = MutableItem.create(SEED, 9, VALUE)
        forged_tx = {b"k": item.signer, b"seq": 9, b"sig": item.signature, b"v": VALUE}

        def flood(node, asked):
            wrong = node.says(asked, forged_tx).replace(b"1:t4:" + asked.tx, b"1:t4:XXXX")
            return [wrong] * 60

        nodes[1].answer = flood
        assert await one.get(item.target) == []
        asked = len(nodes[1].asked)
        assert 1 <= one.counts["answer without a question"] <= READ_MAX * asked
        assert one.counts["not asked"] >= 60 * asked - READ_MAX * asked


async def test_what_comes_from_another_place_than_was_asked_is_no_answer():
    async with among(3) as (nodes, one, _):
        nodes[1].answer = lambda node, asked: (
            nodes[2].transport.sendto(node.says(asked, {}), asked.source) or []
        )
        await one.get(b"t" * 20)
        assert one.nodes == 2
        assert one.counts["not asked"] + one.counts["answer without a question"] >= 1


async def test_rubbish_leaves_it_as_it_was():
    async with among(3) as (nodes, one, other):
        item = MutableItem.create(SEED, 7, VALUE)
        nodes[1].answer = lambda node, asked: [b"d", b"de", b"d" * 1400, node.says(asked, {})[:-1]]
        assert await one.put(item) == 1
        assert await other.get(item.target) == [item]
        assert other.counts["bad"] >= 3


async def test_a_node_that_names_thousands_wastes_a_bounded_number_of_questions():
    async with among(2) as (nodes, one, _):
        nodes[1].answer = lambda node, asked: [
            node.says(
                asked,
                {
                    b"nodes": b"".join(
                        os.urandom(20) + b"\x7f" + os.urandom(3) + b"\x1a\xe1" for _ in range(40)
                    )
                },
            )
        ]
        assert await one.get(b"t" * 20) == []
        assert one.counts["asked"] <= 80


async def test_where_it_is_seen_is_told_once_three_agree():
    async with among(5) as (nodes, one, _):
        told = []
        one.on_seen = told.append
        for node in nodes:
            node.sees = ("11.0.5.5", 4444)
        nodes[4].sees = ("66.6.6.6", 1)
        await one.get(b"t" * 20)
        assert set(told) == {("11.0.5.5", 4444)}
        one.address_changed()
        told.clear()
        nodes[0].sees = nodes[1].sees = nodes[2].sees = None
        await one.get(b"t" * 20)
        assert ("11.0.5.5", 4444) not in told


async def test_a_peek_asks_a_few_that_are_known_and_only_for_what_is_new():
    async with among(12) as (nodes, one, other):
        item = MutableItem.create(SEED, 7, VALUE)
        assert await one.peek(item.target, None) == []
        assert [node.asked for node in nodes] == [[]] * 12
        await one.put(item)
        await other.get(item.target)
        before = sum(len(node.asked) for node in nodes)
        assert await other.peek(item.target, 6) == [item]
        asked = [each for node in nodes for each in node.asked]
        assert len(asked) - before == 4
        assert sum(b"3:seqi6e" in each.data for each in asked) == 4


async def test_when_its_own_line_is_cut_it_still_knows_them_all_when_that_is_whole():
    async with among(12) as (nodes, one, _):
        item = MutableItem.create(SEED, 7, VALUE)
        await one.put(item)
        known = one.nodes
        for node in nodes:
            node.answer = lambda node, asked: []
        assert await one.peek(item.target, None) == []
        assert await one.get(item.target) == []
        assert one.nodes == known
        nodes[0].answer = None
        assert await one.get(b"t" * 20) == []
        assert one.nodes < known


async def test_every_walk_shows_another_id_and_no_question_asks_to_be_remembered():
    async with among(4) as (nodes, one, _):
        for target in (b"a" * 20, b"b" * 20, b"c" * 20):
            await one.get(target)
        datagrams = [asked.data for node in nodes for asked in node.asked]
        ids = {data.partition(b"2:id20:")[2][:20] for data in datagrams}
        assert len(ids) == 3
        assert all(b"2:roi1e" in data for data in datagrams)


async def test_once_closed_nothing_hangs_and_nothing_goes_out():
    async with among(3) as (nodes, one, _):
        nodes[0].answer = lambda node, asked: []
        walking = asyncio.ensure_future(one.get(b"t" * 20))
        await asyncio.sleep(0.1)
        one.close()
        assert await walking == []
        asked = len(nodes[0].asked)
        assert await one.put(MutableItem.create(SEED, 7, VALUE)) == 0
        assert len(nodes[0].asked) == asked


async def test_without_any_answer_a_walk_ends_by_itself():
    async with client("127.0.0.1:9") as alone:
        assert await alone.get(b"t" * 20) == []
        assert (alone.nodes, alone.scope) == (0, None)


async def test_it_knows_how_far_its_network_reaches():
    async with among(3) as (_, one, _):
        await one.get(b"t" * 20)
        assert (one.nodes, one.scope) == (3, Scope.LOOPBACK)


@pytest.fixture(scope="module")
def entries():
    pytest.importorskip("libtorrent")
    with swarm(40) as found:
        yield found


async def test_libtorrents_nodes_keep_what_we_write_and_give_it_back(entries):
    async with client(*entries) as one, client(*entries) as other:
        item = MutableItem.create(os.urandom(32), 7, VALUE)
        assert await one.put(item) >= 5
        assert await other.get(item.target) == [item]
        newer = MutableItem.create(b"n" * 32, 8, b"w" * 872)
        assert await one.put(newer) >= 5
        assert await one.put(MutableItem.create(b"n" * 32, 7, VALUE)) == 0  # older
        assert one.counts["refused"] >= 5
        assert (await other.get(newer.target))[0] == newer


async def test_libtorrents_own_reader_finds_what_we_write(entries):
    import libtorrent

    item = MutableItem.create(os.urandom(32), 7, VALUE)
    async with client(*entries) as one:
        assert await one.put(item) >= 5
        session = libtorrent.session(
            {
                "listen_interfaces": "127.99.0.1:0",
                "enable_lsd": False,
                "enable_upnp": False,
                "enable_natpmp": False,
                "dht_bootstrap_nodes": ",".join(entries),
                "alert_mask": libtorrent.alert.category_t.dht_notification,
            }
        )
        for entry in entries:
            host, _, port = entry.partition(":")
            session.add_dht_node((host, int(port)))
        found = await asyncio.to_thread(_found_by, session, item)
        del session
    assert found == (VALUE, 7)


def _found_by(session, item):
    import libtorrent

    until_s = time.monotonic() + 60
    while time.monotonic() < until_s:
        session.dht_get_mutable_item(bytes(item.signer), b"")
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, libtorrent.dht_mutable_item_alert) and alert.seq:
                return alert.item, alert.seq
    return None


async def test_what_libtorrent_writes_we_read(entries):
    import libtorrent
    from nacl.bindings import crypto_sign_seed_keypair

    seed = os.urandom(32)
    public, _ = crypto_sign_seed_keypair(seed)
    expanded = bytearray(hashlib.sha512(seed).digest())
    expanded[0] &= 248
    expanded[31] = expanded[31] & 63 | 64
    session = libtorrent.session(
        {"listen_interfaces": "127.98.0.1:0", "enable_lsd": False, "dht_bootstrap_nodes": ""}
    )
    for entry in entries:
        host, _, port = entry.partition(":")
        session.add_dht_node((host, int(port)))
    target = hashlib.sha1(public).digest()
    async with client(*entries) as one:
        found = []
        for _ in range(20):
            session.dht_put_mutable_item(bytes(expanded), public, b"hello from elsewhere", b"")
            await asyncio.sleep(1)
            found = await one.get(target)
            if found:
                break
    del session
    assert found[0].value == b"hello from elsewhere"
