import os
from types import SimpleNamespace

import pytest

from crypto.contact import Contact
from crypto.dh import KeyPair
from crypto.relay_record import relay_target, seal_relay_record
from p2p.errors import RemoteError
from p2p.node.relays.moved_relays import NEWS_EVERY_S, MovedRelays
from p2p.node.relays.relay_map import RelayMap
from p2p.room.ops.kinds import Carrier
from p2p.wire.messages import Resolve, Resolved

SECRETS = [bytes([number]) * 32 for number in (1, 2)]
NAMED, OTHER = (KeyPair(secret).public for secret in SECRETS)
OLD, NEW = ("203.0.114.7", 4433), ("203.0.115.8", 4433)


def contact(dh: bytes) -> Contact:
    return Contact(dh, OLD, "relay")


def told(number: int = 0, *, at_s: int = 1_800_000_000, port: int = 4433) -> Resolved:
    address = (NEW[0], port)
    item = seal_relay_record(SECRETS[number], [address], at_s, os.urandom)
    return Resolved(item.target, (item.encode(),))


class Place:
    """A member that uses some relays, in a room that names one and a line that is no key."""

    def __init__(self, *used: bytes) -> None:
        carriers = (Carrier(NAMED, bytes([203, 0, 114, 7]), 4433), Carrier(bytes(32), b"????", 1))
        self.map = RelayMap({})
        links = SimpleNamespace(map=self.map, uses=lambda dh: contact(dh) if dh in used else None)
        room = SimpleNamespace(state=SimpleNamespace(carriers=carriers))
        self.moved = MovedRelays(room, links)


def test_a_word_goes_from_member_to_member_and_the_relay_is_looked_for_there():
    teller, asker = Place(), Place(NAMED)
    word = told()
    assert teller.moved.take(word, 10.0)
    question = asker.moved.question(contact(NAMED))
    assert question == Resolve(relay_target(NAMED))
    assert teller.moved.answer(question) == word == teller.moved.news(contact(NAMED))
    assert asker.moved.take(word, 10.0)
    assert asker.map.of(contact(NAMED)).addresses == (NEW, OLD)
    assert not asker.moved.take(word, 20.0), "it is passed on once"


def test_nobody_learns_of_a_relay_that_the_room_does_not_name():
    place = Place(OTHER)
    place.map.hear(contact(OTHER), told(1).items, ours=True)
    assert place.moved.question(contact(OTHER)) is None
    assert place.moved.news(contact(OTHER)) is None
    assert place.moved.answer(Resolve(relay_target(OTHER))) is None
    assert not place.moved.take(told(1, at_s=1_800_000_009, port=5), 10.0)
    assert place.map.of(contact(OTHER)).addresses == (NEW, OLD)


def test_a_relay_that_signs_ever_new_places_is_passed_on_now_and_then():
    place = Place(NAMED)
    passed_on = [
        n
        for n in range(100)
        if place.moved.take(told(at_s=1_800_000_000 + n, port=5000 + n), n / 10)
    ]
    assert passed_on == [0, 50]
    assert NEWS_EVERY_S == 5.0


def test_more_than_one_record_is_a_breach():
    word = told()
    with pytest.raises(RemoteError):
        Place().moved.take(Resolved(word.target, word.items * 2), 10.0)
