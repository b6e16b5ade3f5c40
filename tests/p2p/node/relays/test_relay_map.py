import os

import pytest

from crypto.contact import Contact
from crypto.dh import KeyPair
from crypto.relay_record import seal_relay_record
from p2p.link.dial import Ways
from p2p.node.relays.relay_map import WORDS_MAX, RelayMap
from p2p.node.relays.trusted import RelayPlaces
from p2p.wire.web_place import WebPlace

SECRET = bytes(range(32))
OLD, NEW, NEWER = ("203.0.114.7", 4433), ("203.0.115.8", 4433), ("203.0.116.9", 4434)
RELAY = Contact(KeyPair(SECRET).public, OLD, "relay")


def record(*addresses, secret=SECRET, at_s=1_800_000_000) -> bytes:
    return seal_relay_record(secret, addresses, at_s, os.urandom).encode()


@pytest.fixture
def relays() -> RelayMap:
    return RelayMap({})


def test_a_relay_that_has_moved_is_looked_for_there_first_and_who_is_calling_it_at_once(relays):
    ways = Ways(OLD)
    with relays.trying(RELAY, ways):
        assert relays.hear(RELAY, [record(NEW)], ours=True)
    assert relays.of(RELAY).addresses == (NEW, OLD)
    assert ways.all == [OLD, NEW]
    assert relays.hear(RELAY, [record(NEWER, at_s=1_800_000_001)], ours=True)
    assert ways.all == [OLD, NEW], "it is not called any more"


def test_that_it_is_where_it_was_or_an_old_word_is_no_news_but_the_newest_is_kept(relays):
    same, newer = record(OLD), record(OLD, at_s=1_800_000_009)
    assert not relays.hear(RELAY, [same], ours=True)
    assert not relays.hear(RELAY, [newer], ours=True)
    assert not relays.hear(RELAY, [record(NEW)], ours=True)
    assert relays.word(RELAY.dh) == (newer,)
    assert relays.of(RELAY).addresses == (OLD,)


@pytest.mark.parametrize(
    "forged",
    [
        record(NEW, secret=bytes(32)),
        record(NEW)[:-1] + bytes([record(NEW)[-1] ^ 1]),
        b"",
        os.urandom(300),
    ],
)
def test_what_the_relay_has_not_signed_changes_nothing(relays, forged):
    assert not relays.hear(RELAY, [forged], ours=True)
    assert relays.word(RELAY.dh) == ()
    assert relays.of(RELAY).addresses == (OLD,)


def test_a_relay_sends_nobody_into_their_own_network(relays):
    assert not relays.hear(RELAY, [record(("192.168.1.1", 4433))], ours=True)
    assert relays.of(RELAY).addresses == (OLD,)


def test_a_relay_that_we_do_not_use_is_remembered_for_others_and_looked_for_by_nobody(relays):
    news = record(NEW)
    assert relays.hear(RELAY, [news], ours=False)
    assert relays.word(RELAY.dh) == (news,)
    assert relays.of(RELAY).addresses == (OLD,)


def test_a_relay_that_is_known_by_the_web_alone_gets_no_address_from_anybody(relays):
    web = RelayPlaces((), (WebPlace("relay.example.org", 443, "/tea"),))
    relays.put(RELAY, web)
    relays.hear(RELAY, [record(NEW)], ours=True)
    assert relays.of(RELAY) == web


def test_ever_new_relays_fill_no_memory(relays):
    first = record(NEW)
    relays.hear(RELAY, [first], ours=False)
    for _ in range(WORDS_MAX):
        secret = os.urandom(32)
        other = Contact(KeyPair(secret).public, OLD, "relay")
        relays.hear(other, [record(NEW, secret=secret)], ours=False)
    assert relays.word(RELAY.dh) == ()
