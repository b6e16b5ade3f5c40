import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import RemoteError
from p2p.dht.contact import NodeContact
from p2p.dht.messages import (
    Find,
    Found,
    Introduce,
    Peer,
    Ping,
    Pong,
    Reach,
    Store,
    Stored,
    decode,
    encode,
    family_of,
    to_contact,
    to_peer,
)

TX = b"12345678"
PEER = Peer(bytes(32), b"\x0b\0\0\1", 4000)
ALL = [
    Ping(TX, True),
    Pong(TX, False),
    Find(TX, True, 3, bytes(20)),
    Found(TX, TX, (PEER,) * 16, (b"item",), 30_000_000),
    Store(TX, False, TX, b"item"),
    Stored(TX, 5),
    Reach(TX),
    Introduce(TX, PEER),
]


@pytest.mark.parametrize("message", ALL, ids=lambda each: type(each).__name__)
def test_every_message_reads_back(message):
    assert decode(encode(message)) == message


BAD = [
    b"",
    b"\xc0",
    b"\x80",
    b"\x91" * 5000,
    b"\xdd\xff\xff\xff\xff",
    b"\xc7\x01\x05\x00",
    msgspec.msgpack.encode([9, TX, True]),
    msgspec.msgpack.encode([-1, TX, True]),
    msgspec.msgpack.encode(["1", TX, True]),
    msgspec.msgpack.encode([1, "12345678", True]),
    msgspec.msgpack.encode([1, TX[:7], True]),
    msgspec.msgpack.encode([1, TX, 1]),
    msgspec.msgpack.encode([1, TX, True, None]),
    msgspec.msgpack.encode([1, TX]),
    msgspec.msgpack.encode({"type": 1, "tx": TX, "serving": True}),
    msgspec.msgpack.encode([3, TX, True, 0, bytes(20)]),
    msgspec.msgpack.encode([3, TX, True, 4, bytes(20)]),
    msgspec.msgpack.encode([3, TX, True, float("nan"), bytes(20)]),
    *(msgspec.msgpack.encode([3, TX, True, 3, bytes(n)]) for n in (0, 1, 19, 21, 32)),
    msgspec.msgpack.encode([4, TX, TX, [[bytes(32), b"\x0b\0\0\1", 4000]] * 17, []]),
    msgspec.msgpack.encode([4, TX, TX, [[bytes(32), b"\x0b\0\0\1", 4000]] * 1000, []]),
    msgspec.msgpack.encode([4, TX, TX, [], [b"a", b"b"]]),
    msgspec.msgpack.encode([4, TX, TX, [], [{}]]),
    msgspec.msgpack.encode([4, TX, TX, {}, []]),
    *(
        msgspec.msgpack.encode([8, TX, [bytes(32), b"\x0b\0\0\1", port]])
        for port in (-1, 0, 65536, 2**63)
    ),
    msgspec.msgpack.encode([8, TX, [bytes(31), b"\x0b\0\0\1", 4000]]),
    msgspec.msgpack.encode([8, TX, [bytes(32), b"\x0b\0\0", 4000]]),
    msgspec.msgpack.encode([5, TX, True, TX, bytes(1001)]),
    msgspec.msgpack.encode([6, TX, 8]),
    encode(Ping(TX, True)) + b"\0",
    b"\xdc\x00\x03" + encode(Ping(TX, True))[1:],
]  # fmt: skip


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_what_is_not_exactly_a_message_is_refused(body):
    with pytest.raises(RemoteError):
        decode(body)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_are_a_message(data):
    with contextlib.suppress(RemoteError):
        assert encode(decode(data)) == data


def test_contacts_travel_and_those_of_nobody_are_refused():
    for address in (("11.0.0.1", 4000), ("2600:1::a", 443)):
        contact = NodeContact(address, bytes(32))
        assert to_contact(to_peer(contact)) == contact
    assert family_of(("11.0.0.1", 1)) != family_of(("2600:1::a", 1))
    for peer in (
        Peer(bytes(32), b"\x0b\0\0\1", 80),
        Peer(bytes(32), bytes(4), 4000),
        Peer(bytes(32), b"12345", 4000),
    ):
        with pytest.raises(RemoteError):
            to_contact(peer)
