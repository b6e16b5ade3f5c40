import os

from crypto.dh import KeyPair
from crypto.relay_record import seal_relay_record
from p2p.dht.relay_finder import addresses_said

SECRET, NOW = b"s" * 32, 1_800_000_000
DH = KeyPair(SECRET).public
FAR, FARTHER, HOME = ("11.0.0.1", 4433), ("2600::1", 4433), ("192.168.1.1", 4433)


def record(*addresses, seq=NOW, secret=SECRET) -> bytes:
    return seal_relay_record(secret, addresses, seq, os.urandom).encode()


def test_the_newest_of_all_that_was_found_counts() -> None:
    found = [record(FAR, seq=NOW - 9), record(FARTHER, FAR), record(HOME, seq=NOW - 1)]
    assert addresses_said(DH, found, []) == (FARTHER, FAR)
    assert addresses_said(DH, found[::-1], []) == (FARTHER, FAR)


def test_rubbish_and_the_records_of_others_are_passed_over() -> None:
    others = record(FARTHER, seq=NOW + 9, secret=b"o" * 32)
    found = [b"", os.urandom(200), others, record(FAR), record(FAR)[:-1] + b"\0"]
    assert addresses_said(DH, found, [FAR]) == (FAR,)
    assert addresses_said(DH, [others], [FAR]) == ()
    assert addresses_said(DH, [], [FAR]) == ()


def test_no_relay_sends_people_into_their_own_network_unless_it_was_there() -> None:
    found = [record(HOME, ("127.0.0.1", 22), FAR)]
    assert addresses_said(DH, found, [FARTHER]) == (FAR,)
    assert addresses_said(DH, found, [("192.168.7.7", 1)]) == (HOME, FAR)
    assert addresses_said(DH, found, [("127.0.0.1", 1)]) == (("127.0.0.1", 22), FAR)
