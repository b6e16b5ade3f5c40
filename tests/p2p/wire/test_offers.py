"""Handshake payloads: they fit their datagrams, and hostile ones are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.genesis import MAX_GENESIS_BYTES
from crypto.knock import MAX_ANSWER_BYTES, MAX_QUESTION_BYTES
from p2p.errors import LocalError, RemoteError
from p2p.room.ops.canonical import pack
from p2p.wire.offers import (
    Candidate,
    CandidateKind,
    Endpoint,
    Hello,
    HelloAck,
    Knock,
    LinkOffer,
    Welcome,
)
from p2p.wire.version import PROTOCOL_VERSION, VersionMismatchError

BIGGEST = LinkOffer(
    "abcdefgh",
    "p" * 22,
    b"\xff" * 32,
    tuple(Candidate.of((f"2001:db8::{i + 1:x}", 65535), CandidateKind.SRFLX) for i in range(8)),
)
SEEN = Endpoint.of(("2001:db8::1", 65535))


def test_the_largest_call_fits_its_datagram():
    for greeting in (Knock(PROTOCOL_VERSION, BIGGEST), Hello(PROTOCOL_VERSION, BIGGEST)):
        assert len(greeting.encode()) <= MAX_QUESTION_BYTES
        assert type(greeting).decode(greeting.encode()) == greeting


def test_the_largest_answer_fits_its_datagram():
    for greeting in (
        Welcome(PROTOCOL_VERSION, SEEN, BIGGEST, b"g" * MAX_GENESIS_BYTES, b"r" * 16),
        HelloAck(PROTOCOL_VERSION, SEEN, BIGGEST),
    ):
        assert len(greeting.encode()) <= MAX_ANSWER_BYTES
        assert type(greeting).decode(greeting.encode()) == greeting


def test_a_greeting_too_large_for_its_datagram_is_our_own_bug():
    huge = Welcome(PROTOCOL_VERSION, SEEN, BIGGEST, b"g" * 2000, b"r" * 16)
    with pytest.raises(LocalError):
        huge.encode()


def test_addresses_come_back_as_they_were_given():
    for address in (("192.0.2.7", 4433), ("2001:db8::7", 1)):
        assert Endpoint.of(address).address == address
        assert Candidate.of(address, CandidateKind.HOST).address == address


@pytest.mark.parametrize(
    "ip", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:192.0.2.1"]
)
def test_what_is_not_one_host_is_no_candidate(ip):
    with pytest.raises(ValueError):
        Candidate.of((ip, 9), CandidateKind.HOST)
    with pytest.raises(ValueError):
        Endpoint.of((ip, 9))


@pytest.mark.parametrize(
    "offer",
    [
        ["abc", "p" * 22, bytes(32), []],
        ["abcdefghi", "p" * 22, bytes(32), []],
        ["abcd\n", "p" * 22, bytes(32), []],
        ["abcd", "p" * 21, bytes(32), []],
        ["abcd", "p" * 21 + " ", bytes(32), []],
        ["abcd", "p" * 22, bytes(31), []],
        ["abcd", "p" * 22, bytes(32), [[b"\x7f\0\0\1", 1, 0]] * 9],
        ["abcd", "p" * 22, bytes(32), [[b"\x7f\0\0\1", 0, 0]]],
        ["abcd", "p" * 22, bytes(32), [[b"\x7f\0\0\1", 65536, 0]]],
        ["abcd", "p" * 22, bytes(32), [[b"\x7f\0\0\1", 1, 2]]],
        ["abcd", "p" * 22, bytes(32), [[b"\x7f\0\0\1\0", 1, 0]]],
        ["abcd", "p" * 22, bytes(32), [[b"\xe0\0\0\1", 1, 0]]],
        ["abcd", "p" * 22, bytes(32), [], 1],
        ["abcd", "p" * 22, bytes(32)],
        ["abcd", 7, bytes(32), []],
    ],
)
def test_an_offer_out_of_bounds_is_refused(offer):
    with pytest.raises(RemoteError):
        Knock.decode(pack([PROTOCOL_VERSION, offer]))


def test_another_version_is_told_apart_from_noise():
    with pytest.raises(VersionMismatchError) as caught:
        Knock.decode(pack([PROTOCOL_VERSION + 1, "what comes next is not for us to know", None]))
    assert caught.value.theirs == PROTOCOL_VERSION + 1


@pytest.mark.parametrize("data", [b"", b"\x92", b"\x80\x01", b"\x92\xcc\xff", b"\xa2\x01\x01"])
def test_noise_has_no_version(data):
    with pytest.raises(RemoteError) as caught:
        Knock.decode(data)
    assert not isinstance(caught.value, VersionMismatchError)


@given(st.binary(max_size=500))
def test_random_bytes_never_raise_anything_but_a_remote_error(data):
    with pytest.raises(RemoteError):
        Welcome.decode(b"\x95\x01" + data)


@given(st.integers(0, 253), st.integers(1, 255))
def test_a_flipped_byte_is_refused_or_read_as_another_value(position, flip):
    data = bytearray(Knock(PROTOCOL_VERSION, BIGGEST).encode())
    data[position] ^= flip
    try:
        changed = Knock.decode(bytes(data))
    except RemoteError:
        return
    assert changed != Knock(PROTOCOL_VERSION, BIGGEST)
    assert changed.encode() == bytes(data)


def test_an_offer_shows_nothing_of_itself():
    assert "abcdefgh" not in repr(Knock(PROTOCOL_VERSION, BIGGEST))
    assert "2001" not in repr(BIGGEST)
    assert BIGGEST.__rich_repr__() == []


@pytest.mark.parametrize("ip", [b"\xf0\0\0\1", b"\0\1\2\3", b"\xff" * 4, b"\xe0\0\0\1", bytes(4)])
def test_an_address_that_no_node_can_have_is_refused(ip: bytes) -> None:
    offer = [BIGGEST.ufrag, BIGGEST.pwd, BIGGEST.fingerprint, [[ip, 5000, 0]]]
    with pytest.raises(RemoteError):
        Knock.decode(pack([PROTOCOL_VERSION, offer]))
