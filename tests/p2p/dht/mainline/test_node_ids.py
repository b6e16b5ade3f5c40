"""Ids bound to addresses, against the examples of BEP 42."""

import os

import pytest

from p2p.dht.mainline.node_ids import crc32c, fits, make_id

EXAMPLES = [
    ("124.31.75.21", 1, "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"),
    ("21.75.31.124", 86, "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"),
    ("65.23.51.170", 22, "a5d43220bc8f112a3d426c84764f8c2a1150e616"),
    ("84.124.73.14", 65, "1b0321dd1bb1fe518101ceef99462b947a01ff41"),
    ("43.213.53.83", 90, "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"),
]


def test_the_checksum_is_that_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720 §B.4


@pytest.mark.parametrize(("ip", "last", "text"), EXAMPLES)
def test_ids_of_the_standard_fit_their_addresses_and_no_others(ip, last, text):
    node_id = bytes.fromhex(text)
    assert node_id[-1] == last
    assert fits(node_id, ip)
    assert [other for other, _, _ in EXAMPLES if fits(node_id, other)] == [ip]


@pytest.mark.parametrize(("ip", "last", "text"), EXAMPLES)
def test_an_id_is_made_as_in_the_standard(ip, last, text):
    want = bytes.fromhex(text)
    made = make_id(ip, lambda count: want[:count])
    assert made == want
    scrambled = bytes((0xFF, 0xFF, want[2] | 0xF8)) + want[3:]
    assert make_id(ip, lambda count: scrambled[:count]) == want


@pytest.mark.parametrize("ip", ["11.0.3.2", "2600:1:2::a"])
def test_what_is_made_fits_and_is_another_each_time(ip):
    made = {make_id(ip, os.urandom) for _ in range(50)}
    assert len(made) == 50
    assert all(fits(each, ip) for each in made)


def test_of_a_wide_address_the_upper_half_counts():
    made = make_id("2600:1:2::a", os.urandom)
    assert fits(made, "2600:1:2::b")
    assert not fits(made, "2601:1:2::a")


@pytest.mark.parametrize("ip", ["127.0.0.1", "192.168.1.4", "::1", "fd00::1"])
def test_at_home_every_id_fits(ip):
    assert fits(bytes(20), ip)


@pytest.mark.parametrize("ip", [None, "10.0.0.1"])
def test_without_a_public_address_an_id_is_all_random(ip):
    assert make_id(ip, lambda count: b"\x07" * count) == b"\x07" * 20
