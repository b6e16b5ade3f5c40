import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as encrypt

from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.item import MAX_LIFETIME_S, Item
from crypto.kdf import hkdf
from crypto.lasting_sign import sign_lasting, signer_of
from crypto.relay_record import (
    LIFETIME_S,
    VALUE_BYTES,
    open_relay_record,
    relay_target,
    seal_relay_record,
)

SECRET, NOW = b"s" * 32, 1_800_000_000
DH = KeyPair(SECRET).public
OTHER = KeyPair(b"o" * 32).public
PLACES = (("192.0.2.1", 4433), ("2600::1", 443), ("10.0.0.1", 1), ("198.51.100.1", 65535))


@given(st.integers(1, 4))
def test_what_a_relay_says_of_itself_is_read_by_whoever_has_its_line(count: int) -> None:
    item = Item.decode(seal_relay_record(SECRET, PLACES[:count], NOW, os.urandom).encode())
    assert open_relay_record(DH, item) == PLACES[:count]
    assert item.target == relay_target(DH)
    item.check_time(NOW)
    item.check_time(NOW + LIFETIME_S - 1)
    assert LIFETIME_S <= MAX_LIFETIME_S
    assert len(item.value) == VALUE_BYTES


def test_who_has_not_the_line_reads_nothing_in_it() -> None:
    item = seal_relay_record(SECRET, PLACES, NOW, os.urandom)
    for said in (DH, bytes((192, 0, 2, 1)), (4433).to_bytes(2, "big")):
        assert said not in item.encode()
    again = seal_relay_record(SECRET, PLACES, NOW, os.urandom)
    assert item.value[:40] != again.value[:40]


@pytest.mark.parametrize("places", [(), (*PLACES, PLACES[0]), (("0.0.0.0", 1),), (("name", 1),)])
def test_what_nobody_could_use_is_our_own_mistake(places) -> None:
    with pytest.raises(LocalError):
        seal_relay_record(SECRET, places, NOW, os.urandom)


def forged(plain: bytes, *, secret: bytes = SECRET, key: bytes = b"") -> Item:
    """A record with anything in it, signed by whoever has the secret."""
    dh = KeyPair(secret).public
    nonce = bytes(24)
    key = key or hkdf(DH, b"relay address")
    value = nonce + encrypt(plain.ljust(96, b"\0"), relay_target(dh), nonce, key)
    return Item.signed(
        signer_of(dh),
        lambda context, data: sign_lasting(secret, context, data, os.urandom),
        (NOW, NOW + 1),
        value,
    )


def said(*record: object) -> bytes:
    body = msgspec.msgpack.encode(list(record))
    return len(body).to_bytes(2, "big") + body


GOOD = bytes((192, 0, 2, 1, 17, 81))


def test_the_forger_of_the_next_tests_would_be_believed_if_it_said_something_good() -> None:
    assert open_relay_record(DH, forged(said(1, [GOOD]))) == (("192.0.2.1", 4433),)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        said(2, [GOOD]),
        said(1, []),
        said(1, [GOOD] * 5),
        said(1, [b"short"]),
        said(1, [bytes(6)]),
        said(1, [bytes(10) + b"\xff\xff" + GOOD + b"name.example:1"]),
        said(1, [GOOD], 3),
        said(1, [GOOD]) + b"\1",
        b"\xff\xff" + said(1, [GOOD])[2:],
    ],
)
def test_a_relay_that_says_something_else_is_not_heeded(plain: bytes) -> None:
    with pytest.raises(RemoteError):
        open_relay_record(DH, forged(plain))


def test_what_others_write_is_not_the_relay_s() -> None:
    with pytest.raises(RemoteError):
        open_relay_record(DH, forged(said(1, [GOOD]), secret=b"o" * 32))
    with pytest.raises(RemoteError):
        open_relay_record(DH, forged(said(1, [GOOD]), key=bytes(32)))
    good = seal_relay_record(SECRET, PLACES[:1], NOW, os.urandom)
    for changed in (
        msgspec.structs.replace(good, seq=NOW + 1),
        msgspec.structs.replace(good, signer=signer_of(OTHER)),
        msgspec.structs.replace(good, value=good.value + b"\0"),
        msgspec.structs.replace(good, signature=bytes(64)),
    ):
        with pytest.raises(RemoteError):
            open_relay_record(DH, changed)
