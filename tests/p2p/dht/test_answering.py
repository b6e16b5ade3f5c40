import hashlib
import os

from crypto.record import Item
from p2p.dht.answering import REQUEST_BYTES, Answering
from p2p.dht.contact import NodeContact
from p2p.dht.messages import (
    PEERS_PER_ANSWER,
    WANT_V4,
    WANT_V6,
    Find,
    Ping,
    Pong,
    Reach,
    Store,
    Stored,
    encode,
    to_contact,
)
from p2p.dht.seal import OVERHEAD_BYTES
from p2p.dht.storage import ItemStorage, Outcome
from p2p.dht.tokens import Tokens

NOON_S = 1_800_000_000
TX = b"12345678"
ASKER = NodeContact(("11.9.9.9", 4000), b"a" * 32)
BOTH = WANT_V4 | WANT_V6


def _contact(ip: str, number: int = 0) -> NodeContact:
    return NodeContact((ip, 4000), number.to_bytes(32, "big"))


def _answering(neighbours=()) -> tuple[Answering, ItemStorage]:
    storage = ItemStorage(bytes(20), bytes(32))
    return Answering(storage, Tokens(os.urandom, 0.0), lambda _: neighbours), storage


def _item(value: bytes = b"v" * 870) -> Item:
    return Item.create(hashlib.sha256(b"seed").digest(), 1, NOON_S + 3600, value)


def _find(answering, target, want=BOTH, size=REQUEST_BYTES, asker=ASKER):
    return answering.answer(Find(TX, False, want, target), asker, size, 0.0, NOON_S)


def test_a_ping_is_answered_and_a_message_without_an_answer_is_not():
    answering, _ = _answering()
    assert answering.answer(Ping(TX, True), ASKER, 100, 0.0, NOON_S) == Pong(TX, True)
    assert answering.answer(Reach(TX), ASKER, 100, 0.0, NOON_S) is None


def test_a_store_needs_the_token_of_its_find_and_then_the_item_is_found():
    answering, storage = _answering()
    item = _item()
    token = _find(answering, item.target).token

    def store(token, data):
        return answering.answer(Store(TX, False, token, data), ASKER, 1100, 0.0, NOON_S)

    assert store(bytes(8), item.encode()) == Stored(TX, Outcome.TOKEN)
    assert store(token, b"junk") == Stored(TX, Outcome.BAD)
    assert len(storage) == 0
    assert store(token, item.encode()) == Stored(TX, Outcome.KEPT)
    assert _find(answering, item.target).items == (item.encode(),)


def test_contacts_that_do_not_fit_the_asker_are_left_out():
    public, private = _contact("11.0.0.1", 1), _contact("10.0.0.1", 2)
    loopback, six = _contact("127.0.0.1", 3), _contact("2600:1::1", 4)
    answering, _ = _answering([public, private, loopback, six, ASKER])

    def named(asker_ip, want=BOTH):
        found = _find(answering, bytes(20), want, asker=NodeContact((asker_ip, 1), ASKER.key))
        return [to_contact(each) for each in found.peers]

    assert named("11.9.9.9") == [public, six]
    assert named("192.168.1.1") == [public, private, six]
    assert named("127.0.0.1") == [public, private, loopback, six]
    assert named("11.9.9.9", WANT_V4) == [public]
    assert named("11.9.9.9", WANT_V6) == [six]


def test_an_answer_names_few_nodes_and_is_at_most_twice_as_long_as_the_request():
    answering, storage = _answering([_contact(f"2600:{n:x}::1", n) for n in range(1, 30)])
    item = _item()
    storage.offer(item, ASKER.address, NOON_S)
    for target in (item.target, bytes(20)):
        for size in range(OVERHEAD_BYTES, 1200, 37):
            answer = _find(answering, target, size=size)
            assert len(answer.peers) <= PEERS_PER_ANSWER
            least = len(encode(answer)) if not answer.peers and not answer.items else 0
            assert len(encode(answer)) <= max(2 * size - OVERHEAD_BYTES, least)
    assert len(_find(answering, bytes(20)).peers) == PEERS_PER_ANSWER
    assert _find(answering, item.target, size=300).items == ()
    assert _find(answering, item.target).items == (item.encode(),)
