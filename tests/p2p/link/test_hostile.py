"""What strangers, and peers that hold the right keys, can not do to a socket and its links."""

import asyncio
import os
import random
import socket
import struct
import time
import tracemalloc

import pytest
from aioice import stun
from aiortc.rtcsctptransport import Chunk, DataChunk, serialize_packet

from p2p.link import channel, checks, ice
from p2p.link.demux import KINDS, Kind
from p2p.link.ice import MAX_PAIRS
from p2p.link.link import LinkFailed
from p2p.link.mux import PUT_OFF_MAX
from p2p.link.routes import MAX_TRANSACTIONS
from tests.p2p.link.conftest import VEIL, covered

STRANGER = ("127.0.0.1", 9)


def check_of(end, *, ufrag=None, key=None, method=stun.Method.BINDING, drop=(), **more):
    """A connectivity check for ``end``, as its peer would make it, with one thing wrong."""
    offer = end.link.offer
    peer = end.link._ice.remote_username or "peer"
    attributes = {"USERNAME": ufrag or f"{offer.ufrag}:{peer}", "PRIORITY": 1}
    attributes["ICE-CONTROLLED" if end.link._ice.ice_controlling else "ICE-CONTROLLING"] = 1
    attributes |= more
    for name in drop:
        del attributes[name]
    message = stun.Message(method, stun.Class.REQUEST, os.urandom(12), attributes)
    if key is not False:
        message.add_message_integrity((key or offer.pwd).encode())
    return bytes(message)


async def test_a_correct_check_is_answered(bench):
    a, _ = await bench.pair()
    sent = a.mux.counters["sent"]
    a.mux.datagram_received(covered(check_of(a)), STRANGER)
    assert a.mux.counters["sent"] > sent


@pytest.mark.parametrize(
    "fault",
    [
        {"key": "wrong password of some length"},
        {"key": False},
        {"ufrag": "nobody:peer"},
        {"drop": ("PRIORITY",)},
        {"method": stun.Method.ALLOCATE},
    ],
)
async def test_a_check_with_a_fault_gets_silence_and_binds_nothing(bench, fault):
    a, _ = await bench.pair()
    before = a.mux.counters.copy()
    a.mux.datagram_received(covered(check_of(a, **fault)), STRANGER)
    new = a.mux.counters - before
    assert new["sent"] == 0
    assert new["stun_refused"] + new["stun_stranger"] == 1
    assert a.mux.routes.of_address(STRANGER) is None


async def test_the_wrong_peer_name_gets_silence(bench):
    a, _ = await bench.pair()
    sent = a.mux.counters["sent"]
    a.mux.datagram_received(covered(check_of(a, ufrag=f"{a.link.offer.ufrag}:other")), STRANGER)
    assert a.mux.counters["sent"] == sent


async def test_malformed_attributes_are_counted(bench):
    a, _ = await bench.pair()
    body = struct.pack("!HH", 0x0006, len(a.link.offer.ufrag) + 4)
    body += f"{a.link.offer.ufrag}:xyz".encode() + struct.pack("!HHH", 0x0024, 2, 7) + bytes(2)
    head = struct.pack("!HH", 1, len(body)) + b"\x21\x12\xa4\x42" + bytes(12)
    a.mux.datagram_received(covered(head + body), STRANGER)
    assert a.mux.counters["stun_malformed"] == 1


async def test_a_peer_checking_from_everywhere_fills_no_table(bench):
    a, b = await bench.pair()
    for port in range(2000, 2500):
        a.mux.datagram_received(covered(check_of(a)), ("127.0.0.1", port))
        await asyncio.sleep(0)
    assert len(a.link._ice._check_list) <= ice.MAX_PAIRS
    assert len(a.link._ice._remote_candidates) <= ice.MAX_PAIRS
    assert a.mux.routes.sizes()["addresses"] <= 4
    assert a.mux.counters["stun_refused"] > 400
    await bench.talks(a, b)


async def test_checks_that_came_to_nothing_make_way_for_new_ones(bench, monkeypatch):
    monkeypatch.setattr(checks, "CHECK_LIMIT_S", 0.05)
    a, b = await bench.pair()
    for port in range(2000, 2030):
        a.mux.datagram_received(covered(check_of(a)), ("127.0.0.1", port))
    await asyncio.sleep(0.3)
    a.mux.datagram_received(covered(check_of(a)), ("127.0.0.1", 3000))
    assert any(pair.remote_addr[1] == 3000 for pair in a.link._ice._check_list)
    await bench.talks(a, b)


async def test_a_peer_can_not_take_the_address_of_another(bench):
    hub = await bench.mux()
    victim, v = await bench.pair(hub)
    thief, t = await bench.pair(hub)
    address = ("127.0.0.1", v.mux.local_port)
    for _ in range(20):
        hub.datagram_received(covered(check_of(thief, **{"USE-CANDIDATE": None})), address)
        await asyncio.sleep(0.01)
    assert hub.routes.of_address(address) is victim.link
    await bench.talks(victim, v)
    await bench.talks(thief, t)


async def test_an_endless_role_conflict_ends(bench):
    mux = await bench.mux()
    end = bench.end(mux, controlling=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hostile:
        hostile.bind(("127.0.0.1", 0))
        hostile.setblocking(False)
        pwd, requests = "p" * 22, []

        def conflict():
            data, address = hostile.recvfrom(2000)
            data = VEIL.lift(data)
            requests.append(data)
            message = stun.Message(stun.Method.BINDING, stun.Class.ERROR, data[8:20])
            message.attributes["ERROR-CODE"] = (487, "Role Conflict")
            message.add_message_integrity(pwd.encode())
            hostile.sendto(covered(bytes(message)), address)

        loop = asyncio.get_running_loop()
        loop.add_reader(hostile, conflict)
        where = type(end.link.offer.candidates[0]).of(hostile.getsockname(), 0)
        offer = type(end.link.offer)("hostile1", pwd, bytes(32), (where,))
        with pytest.raises(LinkFailed):
            await end.link.connect(offer, 0.5)
        loop.remove_reader(hostile)
    assert len(requests) < 20


async def test_answers_nobody_asked_for_are_a_strangers(bench):
    a, _ = await bench.pair()
    before = a.mux.counters["stun_stranger"]
    answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, os.urandom(12))
    answer.add_message_integrity(b"x")
    a.mux.datagram_received(covered(bytes(answer)), ("127.0.0.1", 9))
    assert a.mux.counters["stun_stranger"] == before + 1


async def test_a_forged_answer_proves_nothing(bench):
    a, b = await bench.pair()
    b.mux.close()
    a.link._ice.probe()
    transaction = next(iter(a.link._ice._stuns[0]._checks))
    heard_s = a.link.last_heard_s
    answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction)
    answer.add_message_integrity(b"not the password")
    a.mux.datagram_received(covered(bytes(answer)), a.link.remote_address)
    assert a.link.last_heard_s == heard_s
    assert a.mux.counters["stun_refused"] > 0


async def test_unanswered_consent_checks_are_forgotten(bench, monkeypatch):
    monkeypatch.setattr(checks, "PROBE_ANSWER_LIMIT_S", 0.02)
    a, b = await bench.pair()
    b.mux.close()
    for _ in range(20):
        a.link._ice.probe()
        await asyncio.sleep(0.005)
    assert a.mux.routes.sizes()["transactions"] < 10 < MAX_TRANSACTIONS


async def test_a_flood_of_records_is_bounded(bench):
    a, b = await bench.pair()
    for _ in range(1500):
        a.mux.datagram_received(covered(b"\x17\xfe\xfd" + bytes(40)), a.link.remote_address)
    assert a.mux.counters["messages_dropped"] == 1500 - PUT_OFF_MAX
    await bench.talks(a, b)


async def send_chunk(end, chunk, *, tag=None):
    sctp = end.link._association.channel
    tag = sctp._remote_verification_tag if tag is None else tag
    data = serialize_packet(5000, 5000, tag, chunk)
    await end.link._association._dtls._send_data(data)


class Raw(Chunk):
    def __init__(self, kind, body, length=None):
        self.kind, self.raw, self.length = kind, body, length

    def __bytes__(self):
        length = len(self.raw) + 4 if self.length is None else self.length
        return struct.pack("!BBH", self.kind, 0, length) + self.raw


def data_chunk(tsn, *, stream=0, protocol=53, flags=3, content=b"x"):
    chunk = DataChunk(flags)
    chunk.tsn, chunk.stream_id, chunk.protocol = tsn % (1 << 32), stream, protocol
    chunk.user_data = content
    return chunk


@pytest.mark.parametrize(
    "chunk",
    [
        Raw(4, struct.pack("!HH", 1, 0)),  # a parameter of no length: an endless loop
        Raw(3, struct.pack("!LLHHHH", 0, 0, 1, 0, 1, 65535)),
        Raw(3, struct.pack("!LLHH", 0, 0, 9, 9)),
        Raw(192, bytes(9)),
        Raw(130, bytes(16)),
        Raw(1, bytes(16)),
        Raw(0, b"", length=2),
    ],
)
async def test_a_peers_broken_chunk_is_refused_and_the_link_lives(bench, chunk):
    a, b = await bench.pair()
    await send_chunk(a, chunk)
    await bench.until(lambda: b.link.counters["sctp_refused"])
    await bench.talks(a, b)


async def test_only_binary_messages_on_the_one_stream_are_taken(bench):
    a, b = await bench.pair()
    tsn = a.link._association.channel._local_tsn
    await send_chunk(a, data_chunk(tsn, protocol=50, content=b"\x03" + bytes(11)))
    await bench.until(lambda: b.link.counters["message_refused"])
    await send_chunk(a, data_chunk(tsn + 1, stream=4))
    await bench.until(lambda: b.link.counters["sctp_refused"])
    assert b.messages == []


async def test_what_the_guard_overlooks_ends_nothing(bench, monkeypatch):
    a, b = await bench.pair()
    monkeypatch.setattr(channel, "check_packet", lambda *_args, **_more: None)
    await send_chunk(a, Raw(192, bytes(9)))
    await bench.until(lambda: b.link.counters["sctp_failed"])
    await bench.talks(a, b)


async def test_a_message_without_end_ends_the_link(bench):
    a, b = await bench.pair()
    tsn = a.link._association.channel._local_tsn
    for n in range(600):
        flags = 2 if n == 0 else 0
        await send_chunk(a, data_chunk(tsn + n, flags=flags, content=bytes(1100)))
        await asyncio.sleep(0)
        if b.closed:
            break
    await bench.until(lambda: b.closed == ["peer"])
    assert b.link.counters["sctp_flood"]


CHECKS_OF_A_PAIR_MAX = 14  # in the ten seconds that one is checked


class Fuzz:
    """Mutates datagrams that were really exchanged, and makes others up."""

    def __init__(self, seed, corpus):
        self.chance, self.corpus = random.Random(seed), corpus

    def next(self):
        chance = self.chance
        data = bytearray(chance.choice(self.corpus))
        match chance.randrange(9):
            case 0:
                for _ in range(chance.randrange(1, 6)):
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            case 1:
                del data[chance.randrange(len(data)) :]
            case 2:
                data += chance.randbytes(chance.randrange(1600))
            case 3:
                data = bytearray(chance.randbytes(chance.choice((1, 12, 13, 20, 100, 1500))))
            case 4:
                data[0] = chance.randrange(256)
            case 5:
                other = chance.choice(self.corpus)
                data[chance.randrange(len(data)) :] = other[chance.randrange(len(other)) :]
            case 6:
                at = chance.randrange(len(data))
                data[at : at + 2] = chance.choice((b"\x00\x00", b"\xff\xff", b"\x7f\xff"))
            case 7:
                data[1:3] = b"\xfe\xfd"
            case 8:
                pass  # a replay
        return bytes(data)


@pytest.mark.parametrize("count", [5_000, pytest.param(100_000, marks=pytest.mark.slow)])
async def test_mutated_datagrams_leave_socket_and_links_as_they_were(bench, count):
    a, b, *weathers = await fuzz_pair(bench)
    corpus = weathers[0]
    fuzz = Fuzz(count, [data for data in corpus if data])
    peer = a.link.remote_address
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own = []
    a.mux.on_datagram = lambda data, _sender: own.append(len(data))
    tracemalloc.start()
    before = None
    for n in range(count):
        data = fuzz.next()
        if n % 3 and data:
            data = covered(data[:1400])
        if n % 20 == 0:
            stranger.sendto(data[:1400], ("127.0.0.1", a.mux.local_port))
        else:
            a.mux.datagram_received(data, peer if n % 2 else ("192.0.2.1", n % 60_000 + 1))
        if n % 50 == 0:
            await asyncio.sleep(0)
            own.clear()
        if n % 2_500 == 1_250:
            await asyncio.sleep(0.01)  # the flood's rest is read before the next frame comes
            await bench.talks(a, b, 10.0)
        if n == count // 4:
            before = tracemalloc.take_snapshot()
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()
    stranger.close()
    grown = sum(stat.size_diff for stat in after.compare_to(before, "filename"))
    assert grown < 3_000_000
    sizes = a.mux.routes.sizes()
    assert sizes.pop("transactions") <= MAX_PAIRS * CHECKS_OF_A_PAIR_MAX
    assert all(size < 50 for size in sizes.values())
    await asyncio.sleep(0.1)
    await bench.talks(a, b)
    assert a.link.is_up


async def fuzz_pair(bench):
    """A pair, and every datagram its first end received from set-up to a talk."""
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    corpus, received = [b"\xc0" + bytes(511)], a.mux._take

    def record(kind, data, address, at_s):
        if len(corpus) < 200:
            corpus.append(data)
        received(kind, data, address, at_s)

    a.mux._take = record
    await bench.up(a, b)
    for _ in range(10):
        await bench.talks(a, b)
    b.link._ice.probe()
    a.link._ice.probe()
    await asyncio.sleep(0.05)
    assert {KINDS[data[0]] for data in corpus} == {Kind.OWN, Kind.STUN, Kind.DTLS, Kind.MEDIA}
    a.mux._take = received
    return a, b, corpus


async def test_a_flood_of_strangers_costs_little(bench):
    mux = await bench.mux()
    began_s = time.process_time()
    for n in range(5_000):
        mux.datagram_received(covered(b"\x00\x01" + bytes(18)), ("192.0.2.1", n + 1))
    assert time.process_time() - began_s < 1.0
