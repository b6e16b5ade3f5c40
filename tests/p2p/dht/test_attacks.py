"""What hostile nodes have done to DHTs, tried on this one, in virtual time.

The attacks are those that a stock Kademlia falls to: forged ids, junk values, sinks, floods,
sybils, reflection.
"""

import asyncio
import random
import statistics

import pytest

from crypto.record import Item
from lab.sim.clock import run
from lab.sim.dht_hostile import Hostile, distance, fake_peers, secret_near
from lab.sim.dht_network import DhtNetwork
from p2p.dht.contact import NodeContact
from p2p.dht.messages import (
    Find,
    Found,
    Introduce,
    Ping,
    Pong,
    Reach,
    Store,
    Stored,
    decode,
    encode,
    to_peer,
)
from p2p.dht.seal import MAX_DATAGRAM_BYTES, Sealer


def _in_network(test, nodes=30, **options):
    async def main():
        network = DhtNetwork(**options)
        network.contacts = await network.grow(nodes)
        try:
            await test(network)
        finally:
            await network.close()

    run(main())


def _item(network, seq=1) -> Item:
    return Item.create(network.rng(32), seq, network.unix() + 3600, b"v" * 800)


async def _client(network, entries=5):
    node, contact = network.add(server=False)
    await node.start(network.random.sample(network.contacts, entries))
    return node, contact


async def _timed(waiting):
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    return await waiting, loop.time() - began_s


def _count_finds(node) -> list[NodeContact]:
    asked, find = [], node._exchange.find

    def counted(contact, target, want):
        asked.append(contact)
        return find(contact, target, want)

    node._exchange.find = counted
    return asked


def test_pings_with_made_up_ids_never_enter_a_table_or_slow_a_walk():
    async def test(network):
        item = _item(network)
        host, _ = await _client(network)
        await host.put(item)
        victim, contact = network.nodes[network.contacts[0].address], network.contacts[0]
        known = victim.peers
        for _ in range(60):
            liar = Hostile(network, lambda _: None, pongs=False)
            liar.visit([contact])
            await asyncio.sleep(0.05)
        await asyncio.sleep(3)
        assert victim.peers == known
        found, took_s = await _timed(victim.get(item.target))
        assert found == [item]
        assert took_s < 1.0

    _in_network(test)


def test_junk_values_and_bad_nodes_from_a_fifth_of_the_network_change_nothing():
    def junk(network):
        chance = random.Random(5)

        def answer(find):
            peers = fake_peers(network, find.target, 3, tries=1)
            bad = [b"\0\0\0\0", b"\x7f\0\0\1", b"\xe0\0\0\1", b"\xff" * 4, bytes(16), b"12345"]
            peers += [type(peers[0])(network.rng(32), ip, 4000) for ip in chance.sample(bad, 3)]
            peers += [type(peers[0])(network.rng(32), b"\x0b\0\0\1", 53)]
            return peers, chance.choice([[], [b"\x80"], [b"\x90"], [network.rng(600)]])

        return answer

    async def test(network):
        for _ in range(10):
            liar = Hostile(network, junk(network))
            liar.visit(network.contacts)
        await asyncio.sleep(3)
        for _ in range(10):
            host, guest = (await _client(network))[0], (await _client(network))[0]
            item = _item(network)
            await host.put(item)
            assert await guest.get(item.target) == [item]

    _in_network(test)


def test_twenty_sybils_around_a_key_can_not_pass_off_another_value():
    async def test(network):
        item, forged = _item(network), _item(network)
        spoiled = Item(
            item.signer, item.seq + 1, item.expires_s, forged.value, forged.signature
        ).encode()
        nearest = min(distance(each.id, item.target) for each in network.contacts)
        for _ in range(20):
            secret = secret_near(network, item.target, nearest * 4)
            sybil = Hostile(network, lambda _: ([], [spoiled]), secret=secret)
            sybil.visit(network.contacts)
        await asyncio.sleep(3)
        host, _ = await _client(network)
        await host.put(item)
        for _ in range(10):
            guest, _ = await _client(network)
            assert await guest.get(item.target) == [item]

    _in_network(test)


def test_nodes_that_always_name_closer_ones_can_not_hold_a_walk():
    async def test(network):
        sinks = [
            Hostile(network, lambda find: (fake_peers(network, find.target), [])) for _ in range(4)
        ]
        for sink in sinks:
            sink.visit(network.contacts)
        await asyncio.sleep(3)
        item = _item(network)
        host, _ = await _client(network)
        await host.put(item)
        took = []
        for _ in range(10):
            guest, _ = await _client(network)
            found, took_s = await _timed(guest.get(item.target))
            assert found == [item]
            took.append(took_s)
            await asyncio.sleep(6)
            asked = _count_finds(guest)
            found, took_s = await _timed(guest.get(network.rng(20)))
            assert found == []
            assert took_s <= 6.0
            assert len(asked) <= 60
        assert statistics.median(took) < 1.5
        assert sum(sink.asked for sink in sinks) > 10

    _in_network(test)


def test_a_network_of_nothing_but_sinks_ends_a_walk_in_time():
    async def test(network):
        sink = Hostile(network, lambda find: (fake_peers(network, find.target, tries=1), []))
        guest, _ = network.add(server=False)
        _, took_s = await _timed(guest.start([sink.contact]))
        assert took_s <= 6.0
        found, took_s = await _timed(guest.get(network.rng(20)))
        assert (found, took_s <= 6.0) == ([], True)

    _in_network(test, nodes=0)


def test_answers_that_come_just_in_time_can_not_stretch_a_walk_beyond_its_deadline():
    async def test(network):
        slow = []

        def late(find):
            return [to_peer(each.contact) for each in slow[-8:]], []

        for _ in range(30):
            node = Hostile(network, late)
            receive = network.taps[node.address]

            def delayed(data, source, receive=receive):
                asyncio.get_running_loop().call_later(0.9, receive, data, source)

            network.taps[node.address] = delayed
            slow.append(node)
        guest, _ = network.add(server=False)
        await guest.start([each.contact for each in slow[:8]])
        found, took_s = await _timed(guest.get(network.rng(20)))
        assert (found, took_s <= 6.0) == ([], True)

    _in_network(test, nodes=0, rtt_s=(0.02, 0.04))


def test_eight_sybils_placed_before_publishing_do_not_hide_a_key():
    async def test(network):
        for _ in range(3):
            item = _item(network)
            nearest = min(distance(each.id, item.target) for each in network.contacts)
            for _ in range(8):
                secret = secret_near(network, item.target, nearest)
                sybil = Hostile(network, lambda _: ([], []), secret=secret)
                sybil.visit(network.contacts)
            await asyncio.sleep(2)
            await (await _client(network))[0].put(item)
            guest, _ = await _client(network)
            assert await guest.get(item.target) == [item]

    _in_network(test, nodes=40)


def test_twenty_sybils_of_one_owner_placed_after_publishing_do_not_hide_a_key():
    async def test(network):
        item = _item(network)
        await (await _client(network))[0].put(item)
        nearest = min(distance(each.id, item.target) for each in network.contacts)
        for number in range(20):
            secret = secret_near(network, item.target, nearest)
            address = ("66.6.6.1", 4000 + number)
            sybil = Hostile(network, lambda _: ([], []), secret=secret, address=address)
            sybil.visit(network.contacts)
        await asyncio.sleep(3)
        for _ in range(10):
            guest, _ = await _client(network)
            assert await guest.get(item.target) == [item]
        for node in network.nodes.values():
            owned = [c for c in node._table.closest(bytes(20), 500) if c.address[0] == "66.6.6.1"]
            assert len(owned) <= 2

    _in_network(test)


def test_a_forged_source_is_sent_at_most_twice_what_the_attacker_spent():
    async def test(network):
        item = _item(network)
        await (await _client(network))[0].put(item)
        victim = ("99.9.9.9", 9999)
        got = []
        network.taps[victim] = lambda data, _: got.append(len(data))
        attacker = Hostile(network, lambda _: None)
        for size in (0, 200, 616, 1232):
            for contact in network.contacts[:20]:
                got.clear()
                find = Find(network.rng(8), False, 3, item.target)
                spent = attacker.send(find, contact, source=victim, padded_to=size)
                await asyncio.sleep(1)
                assert sum(got) <= 2 * spent
        got.clear()
        spent = 0
        for contact in network.contacts[:20]:
            spent += attacker.send(Reach(network.rng(8)), contact, victim, padded_to=616)
        await asyncio.sleep(3)
        assert sum(got) <= spent

    _in_network(test)


def test_a_store_without_a_token_of_that_asker_place_and_target_is_refused():
    async def test(network):
        contact = network.contacts[0]
        node = network.nodes[contact.address]
        asker, _ = network.add(server=False)
        await asker.start([contact])
        mine, other = _item(network), _item(network)
        found = await asker._exchange.find(contact, mine.target, 3)
        token = found.token
        attacker = Hostile(network, lambda _: None)
        attacker.send(Store(network.rng(8), False, token, mine.encode()), contact)
        await asyncio.sleep(1)
        assert len(node.storage) == 0
        stored = await asker._exchange.store(contact, token, other.encode())
        assert (stored.outcome, len(node.storage)) == (4, 0)
        stored = await asker._exchange.store(contact, token, mine.encode())
        assert (stored.outcome, len(node.storage)) == (0, 1)
        await asyncio.sleep(601)
        stored = await asker._exchange.store(contact, token, mine.encode())
        assert stored.outcome == 4

    _in_network(test, nodes=1)


def test_a_flood_from_one_source_is_met_with_silence_and_others_are_still_answered():
    async def test(network):
        contact = network.contacts[0]
        attacker = Hostile(network, lambda _: None)
        before = network.sent[contact.address]
        for _ in range(50):
            for _ in range(100):
                attacker.send(Ping(network.rng(8), serving=False), contact)
            await asyncio.sleep(0.02)
        await asyncio.sleep(1)
        assert network.sent[contact.address] - before <= 100 + 2 * 50 + 10
        assert network.nodes[contact.address].counts["too fast"] > 4000
        guest, _ = await _client(network)
        assert guest.peers > 0

    _in_network(test, nodes=10)


def test_a_hundred_ids_at_one_address_get_two_places_in_a_table():
    async def test(network):
        contact = network.contacts[0]
        node = network.nodes[contact.address]
        for number in range(100):
            Hostile(network, lambda _: None, address=("66.6.6.6", 5000 + number)).visit([contact])
            await asyncio.sleep(0.05)
        await asyncio.sleep(2)
        table = node._table.closest(bytes(20), 500)
        assert sum(1 for each in table if each.address[0] == "66.6.6.6") == 2

    _in_network(test, nodes=5)


def test_answers_nobody_asked_for_or_from_elsewhere_or_given_twice_are_dropped():
    async def test(network):
        contact = network.contacts[0]
        node = network.nodes[contact.address]
        answerer = Hostile(network, lambda _: ([], []))
        asking = node._exchange.find(answerer.contact, bytes(20), 3)
        await asking
        assert asking.result() is not None
        counted = node.counts["bad"]
        for message in (Pong(bytes(8), True), Found(bytes(8), bytes(8), (), (), 0)):
            answerer.send(message, contact)
        captured = []
        asked = node._exchange.ping(answerer.contact)
        network.taps[answerer.address] = lambda data, source: captured.append(data)
        await asyncio.sleep(0.2)
        ping = decode(answerer.sealer.open(captured[0])[1])
        answerer.send(Pong(ping.tx, True), contact, source=("11.200.0.1", 4000))
        Hostile(network, lambda _: None).send(Pong(ping.tx, True), contact, answerer.address)
        await asyncio.sleep(0.3)
        assert not asked.done()
        answerer.send(Pong(ping.tx, True), contact)
        answerer.send(Pong(ping.tx, True), contact)
        await asyncio.sleep(0.3)
        assert asked.result() == Pong(ping.tx, True)
        assert node.counts["bad"] == counted + 5

    _in_network(test, nodes=1)


def test_a_private_contact_from_a_public_node_is_neither_believed_nor_handed_out():
    async def test(network):
        inside = NodeContact(("192.168.1.7", 4000), network.rng(32))
        liar = Hostile(network, lambda _: ([to_peer(inside)], []))
        touched = []
        network.taps[inside.address] = lambda data, source: touched.append(data)
        guest, _ = network.add(server=False)
        await guest.start([liar.contact])
        await guest.get(bytes(20))
        assert touched == []

    _in_network(test, nodes=0)


def test_introductions_by_strangers_or_to_private_addresses_send_nothing():
    async def test(network):
        contact = network.contacts[0]
        touched = []
        places = [("88.8.8.8", 4000), ("10.0.0.8", 4000), ("127.0.0.1", 4000)]
        for place in places:
            network.taps[place] = lambda data, source: touched.append(source)
        stranger = Hostile(network, lambda _: None)
        friend = Hostile(network, lambda _: None)
        friend.visit([contact])
        await asyncio.sleep(1)
        for place in places:
            peer = to_peer(NodeContact(place, bytes(range(32))))
            stranger.send(Introduce(network.rng(8), peer), contact)
            if place[0] != "88.8.8.8":
                friend.send(Introduce(network.rng(8), peer), contact)
        await asyncio.sleep(1)
        assert touched == []
        peer = to_peer(NodeContact(places[0], bytes(range(32))))
        for _ in range(20):
            friend.send(Introduce(network.rng(8), peer), contact)
        await asyncio.sleep(1)
        assert len(touched) == 1

    _in_network(test, nodes=3)


def test_a_node_that_asks_for_strangers_is_pinged_by_two_and_others_pay_nothing():
    async def test(network):
        home = Hostile(network, lambda _: None)
        heard = []
        network.taps[home.address] = lambda data, source: heard.append(source)
        for _ in range(5):
            home.send(Reach(network.rng(8)), network.contacts[0], padded_to=616)
        await asyncio.sleep(1)
        assert len(heard) == 2
        assert network.contacts[0].address not in heard
        at_home = Hostile(network, lambda _: None, address=("192.168.1.1", 4000))
        at_home.send(Reach(network.rng(8)), network.contacts[0], padded_to=616)
        own = to_peer(network.contacts[0])
        for contact in network.contacts[1:]:
            node = network.nodes[contact.address]
            node._exchange._send(Introduce(network.rng(8), own), network.contacts[0])
        await asyncio.sleep(1)
        assert len(heard) == 2

    _in_network(test, nodes=8)


def test_more_newcomers_than_can_be_met_at_once_are_left_for_later():
    async def test(network):
        contact = network.contacts[0]
        for _ in range(60):
            Hostile(network, lambda _: None, pongs=False).visit([contact])
        await asyncio.sleep(0.5)
        node = network.nodes[contact.address]
        assert len(node._exchange._meetings) == 32
        assert node.counts["meetings refused"] == 28
        await asyncio.sleep(2)
        assert len(node._exchange._meetings) == 0

    _in_network(test, nodes=2)


def test_a_socket_that_fails_and_a_contact_without_a_real_key_are_survived():
    async def test(network):
        def broken(data, to):
            raise OSError

        node, _ = network.add(server=False)
        node._exchange._around = type(node._exchange._around)(
            broken, network.rng, asyncio.get_running_loop().time, network.unix
        )
        bad_key = NodeContact(("11.0.0.1", 4000), bytes(32))
        _, took_s = await _timed(node.start([bad_key, network.contacts[0]]))
        assert took_s <= 6
        assert await node.get(bytes(20)) == []

    _in_network(test, nodes=1)


@pytest.mark.slow
def test_a_reachable_home_becomes_a_server_and_a_home_behind_a_router_never_does():
    async def test(network):
        home, _ = network.add(server=False)
        await home.start(network.random.sample(network.contacts, 5))
        behind, hidden = network.add(server=False)
        written = set()
        carry, receive = network.carry, behind.receive

        def through_router(data, source, to):
            if source == hidden.address:
                written.add(to)
            carry(data, source, to)

        network.carry = through_router
        behind.receive = lambda data, source: source in written and receive(data, source)
        await behind.start(network.random.sample(network.contacts, 5))
        await asyncio.sleep(1900)
        now = asyncio.get_running_loop().time()
        assert home._reachable.serves("77.7.7.7", now)
        assert not behind._reachable.serves("77.7.7.7", now)
        home.address_changed()
        assert not home._reachable.serves("77.7.7.7", now)
        known = [
            each for node in network.nodes.values() for each in node._table.closest(b"0" * 20, 99)
        ]
        assert hidden not in known

    _in_network(test, nodes=60)


@pytest.mark.parametrize("count", [3000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_mutated_datagrams_change_nothing_and_raise_nothing(count):
    async def test(network):
        contact = network.contacts[0]
        node = network.nodes[contact.address]
        chance = random.Random(11)
        sealer = Sealer(network.rng(32), network.rng)
        item = _item(network)
        peers = tuple(fake_peers(network, item.target, 8, tries=1))
        bodies = [
            encode(message)
            for message in (
                Ping(bytes(8), True),
                Pong(bytes(8), True),
                Find(bytes(8), True, 3, item.target),
                Found(bytes(8), bytes(8), peers, (), 0),
                Store(bytes(8), True, bytes(8), item.encode()),
                Stored(bytes(8), 0),
                Reach(bytes(8)),
                Introduce(bytes(8), peers[0]),
            )
        ]
        bodies += [b"\x91" * 1100, b"\xdd\xff\xff\xff\xff", b"\x80", b"\xc7\x01\x05\x00", b""]
        for number in range(count):
            body = bytearray(chance.choice(bodies))
            for _ in range(chance.randrange(3)):
                place = chance.randrange(len(body) + 1)
                body[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(4))
            if chance.random() < 0.5:
                data = sealer.seal(bytes(body[:1000]), contact.key, chance.choice((0, 616)))
            else:
                sealed = bytearray(sealer.seal(bytes(body[:1000]), contact.key))
                sealed[chance.randrange(len(sealed))] ^= 1 << chance.randrange(8)
                data = bytes(sealed[: chance.randrange(len(sealed) + 1)])
            source = f"66.{number >> 12 & 255}.{number >> 4 & 255}.{number & 15}", 4000
            node.receive(data, source)
            if number % 500 == 0:
                await asyncio.sleep(2)
        for data in (b"", b"\xd0", bytes(57), bytes(1401), bytes(65507)):
            node.receive(b"\xd0" + data[1:], ("66.0.0.1", 4000))
        node.receive(b"\xd0" * 200, ("not an address", 4000))
        assert len(node.storage) == 0
        assert len(node._exchange.calls) <= 512
        assert len(node._exchange._rate) <= 4096
        assert node.peers == 2
        assert node.counts["bad"] > count / 4

    _in_network(test, nodes=3)


def test_the_right_datagram_at_the_wrong_receiver_or_a_second_time_gets_silence():
    async def test(network):
        one, two = network.contacts
        asker = Sealer(network.rng(32), network.rng)
        data = asker.seal(encode(Ping(bytes(8), False)), one.key)
        assert len(data) <= MAX_DATAGRAM_BYTES
        before = network.sent.copy()
        network.nodes[two.address].receive(data, ("66.0.0.1", 4000))
        assert network.sent == before
        for _ in range(3):
            network.nodes[one.address].receive(data, ("66.0.0.1", 4000))
        assert network.sent.total() == before.total() + 1

    _in_network(test, nodes=2)
