import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import RemoteError
from crypto.genesis import MAX_GENESIS_BYTES, Genesis, commit_members_secret

FIELDS = [2, b"s" * 32, b"d" * 32, "open", 1_700_000_000, b"n" * 32]


def _genesis(**changes):
    names = ("version", "sign", "dh", "entry", "created_s", "commit")
    return Genesis(**(dict(zip(names, FIELDS, strict=True)) | changes))


def _with(index, value):
    return msgspec.msgpack.encode([*FIELDS[:index], value, *FIELDS[index + 1 :]])


def test_a_genesis_comes_back_from_its_bytes():
    genesis = _genesis()
    assert Genesis.decode(genesis.encode()) == genesis


def test_the_format_does_not_drift():
    encoded = bytes.fromhex("9602c420") + b"s" * 32 + bytes.fromhex("c420") + b"d" * 32
    encoded += b"\xa4open\xce" + (1_700_000_000).to_bytes(4, "big") + b"\xc4\x20" + b"n" * 32
    assert _genesis().encode() == encoded


def test_the_room_id_is_the_hash_of_the_bytes():
    genesis = _genesis()
    assert genesis.room_id == hashlib.blake2b(genesis.encode(), digest_size=32).digest()
    assert _genesis(created_s=1_700_000_001).room_id != genesis.room_id


def test_the_longest_genesis_is_within_the_limit():
    assert len(_genesis(created_s=(1 << 40) - 1).encode()) <= MAX_GENESIS_BYTES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        msgspec.msgpack.encode(FIELDS[:-1]),
        msgspec.msgpack.encode([*FIELDS, 0]),
        msgspec.msgpack.encode(dict(enumerate(FIELDS))),
        _genesis().encode() + b"\x00",
        _with(0, 0),
        _with(0, 1),
        _with(0, True),
        _with(1, b"s" * 31),
        _with(1, b"s" * 33),
        _with(1, "s" * 32),
        _with(2, b""),
        _with(3, "locked"),
        _with(3, b"open"),
        _with(4, -1),
        _with(4, 1 << 40),
        _with(4, 1.0),
        _with(5, b"n" * 16),
        _with(5, b"n" * 4096),
        b"\x91" * 150,
        b"\xdd\xff\xff\xff\xff",
        _genesis().encode().replace(b"\xa4open", b"\xa4op\xff\xff"),
    ],
)
def test_a_malformed_genesis_is_refused(data):
    with pytest.raises(RemoteError):
        Genesis.decode(data)


def test_a_second_spelling_of_the_same_genesis_is_refused():
    longer_array = b"\xdc\x00\x06" + _genesis().encode()[1:]
    longer_integer = _genesis().encode().replace(b"\x96\x02", b"\x96\xcc\x02")
    for data in (longer_array, longer_integer):
        with pytest.raises(RemoteError):
            Genesis.decode(data)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(data):
    with pytest.raises(RemoteError):
        Genesis.decode(data)


@given(st.integers(0, 146), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_makes_another_room(position, value):
    genesis = _genesis()
    data = bytearray(genesis.encode())
    data[position % len(data)] = value
    try:
        other = Genesis.decode(bytes(data))
    except RemoteError:
        return
    assert (other.room_id == genesis.room_id) == (bytes(data) == genesis.encode())


def test_the_members_secret_is_the_one_that_was_committed_to() -> None:
    secret = b"a" * 32
    genesis = _genesis(commit=commit_members_secret(secret))
    genesis.check_members_secret(secret)
    for other in (b"b" * 32, b"a" * 31, b""):
        with pytest.raises(RemoteError):
            genesis.check_members_secret(other)
    assert secret not in genesis.encode()
    digest = hashlib.blake2b(secret, digest_size=32, person=b"teahouse/members").digest()
    assert genesis.commit == digest
