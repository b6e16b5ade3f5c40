"""Signed operations: one value, one encoding, one author, one room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.room_people import People, identity
from p2p.errors import LocalError, RemoteError
from p2p.room.ops import kinds
from p2p.room.ops.canonical import pack
from p2p.room.ops.ids import NONE, op_id, short
from p2p.room.ops.kinds import KINDS, NUMBERS, Body, HandRef
from p2p.room.ops.op import (
    OP_BYTES_MAX,
    Pen,
    UnknownVersionError,
    decode_op,
    verify_join,
    verify_op,
)

ROOM = b"R" * 32
ME = identity(1)
ID = b"m" * 16

KEY = b"k" * 32
OVER = (ID,) * kinds.OVER_MAX
PARENTS = (kinds.Parent(ID, 2**32 - 1),) * kinds.PARENTS_MAX
STAGE = tuple(kinds.StageEntry(63, ID, ID, bytes(8), True) for _ in range(kinds.STAGE_ENTRIES_MAX))

EVERY_KIND = [
    (kinds.Leave, ()),
    (kinds.Hand, (True,)),
    (kinds.Take, (ID,)),
    (kinds.Decline, (ID, True)),
    (kinds.Audience, ()),
    (kinds.Grant, (ID, 63, ID, ID)),
    (kinds.Mute, (ID, ID, ID, False, (ID,) * kinds.LIFTS_MAX)),
    (kinds.Down, (ID, ID, ID, ID, True)),
    (kinds.Remove, (ID, ID, ID, True, (ID,) * kinds.KEEPS_MAX, (ID,) * kinds.KNOWS_MAX)),
    (kinds.Lock, (True, OVER)),
    (kinds.Topic, ("茶" * kinds.TOPIC_CHARS_MAX, OVER)),
    (kinds.Order, (2**32 - 1, tuple(HandRef(ID, 2**32 - 1) for _ in range(32)))),
    (
        kinds.Rank,
        (ME.member_id, 4, ME.sign_key, ME.dh, OVER, ID, (ID,) * kinds.KEEPS_MAX),
    ),
    (kinds.Epoch, (PARENTS, 2**32 - 1, 4, KEY, KEY, KEY, 2**16 - 1, KEY, STAGE, (ID,) * 2)),
    (kinds.Epoch, (PARENTS, 2**32 - 1, 4, KEY, KEY, KEY, 2**16 - 1, KEY, STAGE[:9], (ID,) * 16)),
    (kinds.Entry, ("invited", OVER)),
    (kinds.Let, (ID, True)),
    (kinds.Ask, (b"x" * kinds.ASK_BYTES_MAX,)),
    (kinds.Admit, (b"x" * kinds.ASK_BYTES_MAX,)),
    (kinds.Roster, ((ID,) * kinds.ROSTER_MAX,)),
    (kinds.Invite, (KEY, 2**16 - 1, 2**32 - 1)),
    (kinds.Uninvite, (ID,)),
    (kinds.Recv, (KEY,)),
    (kinds.Profile, (1, OVER)),
    (kinds.Carriers, (tuple(kinds.Carrier(KEY, b"i" * 16, 2**16 - 1) for _ in range(8)), OVER)),
]


def joined_pen() -> Pen:
    pen = Pen(ME, ROOM)
    pen.write(kinds.Join, ME.sign_key, ME.dh, bytes(32), "x")
    return pen


def signed(body: object) -> bytes:
    raw = pack(body)
    return raw + ME.sign(b"op", raw)


def front(kind: int, seq: int = 1, prev: bytes = ID, version: int = 1) -> list[object]:
    return [version, ROOM, ME.member_id, seq, prev, NONE, kind]


@pytest.mark.parametrize(("kind", "fields"), EVERY_KIND, ids=lambda x: getattr(x, "__name__", ""))
def test_every_kind_survives_and_proves_its_author(kind, fields):
    op = joined_pen().write(kind, *fields)
    again = decode_op(op.data, ROOM)
    assert again == op
    assert again.body == op.body
    assert again.id == op_id(op.data)
    assert short(again.id) == again.id[:8]
    assert len(op.data) <= OP_BYTES_MAX
    verify_op(again, ME.sign_key)
    with pytest.raises(RemoteError):
        verify_op(again, identity(2).sign_key)


def test_the_longest_join_fits():
    op = Pen(ME, ROOM).write(kinds.Join, ME.sign_key, ME.dh, b"\xff" * 32, "𐍈" * 64)
    assert len(op.data) <= OP_BYTES_MAX
    assert isinstance(op.body, kinds.Join)
    verify_join(op, op.body)


def test_each_kind_has_a_number_of_its_own():
    assert {NUMBERS[kind] for kind in KINDS.values()} == set(KINDS)
    assert {kind for kind, _ in EVERY_KIND} | {kinds.Join} == set(KINDS.values())


def test_what_is_never_forgotten_of_an_author_forms_a_chain():
    pen = Pen(ME, ROOM)
    join = pen.write(kinds.Join, ME.sign_key, ME.dh, bytes(32), "x")
    hand = pen.write(kinds.Hand, True)
    lock = pen.write(kinds.Lock, True)
    topic = pen.write(kinds.Topic, "tea")
    entry = pen.write(kinds.Entry, "ask")
    assert [op.seq for op in (join, hand, lock, topic, entry)] == [0, 1, 2, 3, 4]
    assert join.body.prev == NONE
    assert hand.body.prev == lock.body.prev == join.id
    assert topic.body.prev == entry.body.prev == lock.id


def test_a_join_under_somebody_elses_id_is_forged():
    pen = Pen(ME, ROOM)
    pen.author = identity(2).member_id
    op = pen.write(kinds.Join, ME.sign_key, ME.dh, bytes(32), "x")
    with pytest.raises(RemoteError, match="forged"):
        verify_join(op, op.body)


def test_every_changed_bit_is_noticed():
    op = joined_pen().write(kinds.Grant, ID, 5, ID, ID)
    for position in range(len(op.data)):
        changed = bytearray(op.data)
        changed[position] ^= 1
        with pytest.raises(RemoteError):
            verify_op(decode_op(bytes(changed), ROOM), ME.sign_key)


def test_an_operation_of_another_room_is_refused():
    with pytest.raises(RemoteError, match="wrong_room"):
        decode_op(joined_pen().write(kinds.Hand, True).data, b"Q" * 32)


def test_another_version_is_told_apart():
    with pytest.raises(UnknownVersionError):
        decode_op(signed([*front(1, version=2), {"anything": 1}]), ROOM)


def test_an_unknown_kind_of_this_version_is_kept_as_it_is():
    data = signed([*front(99), [1, "two", {"three": b"3"}], None, 1.5])
    op = decode_op(data, ROOM)
    assert type(op.body) is Body
    assert op.body.kind == 99
    verify_op(op, ME.sign_key)


@pytest.mark.parametrize(
    "body",
    [
        [*front(3, seq=0, prev=NONE), True],
        [*front(3, seq=1, prev=NONE), True],
        [*front(1, seq=1), ME.sign_key, ME.dh, bytes(32), "x"],
        [*front(1, seq=0), ME.sign_key, ME.dh, bytes(32), "x"],
        front(99, seq=0, prev=NONE),
        [*front(3), 1],
        [*front(3)],
        [*front(3), True, True],
        [*front(7), ID, 1, ID, ID],
        [*front(7), ID, 64, ID, ID],
        [*front(7), ID, 2, ID[1:], ID],
        [*front(12), "x" * 121, []],
        [*front(13), 0, []],
        [*front(13), 0, [[ID, 1]] * 33],
        [*front(13), -1, [[ID, 1]]],
        [*front(1, seq=0, prev=NONE), ME.sign_key, ME.dh, KEY, "x", ID, b"short"],
        [*front(1, seq=0, prev=NONE), ME.sign_key, ME.dh, KEY, "x", NONE, b"p" * 64],
        [*front(14), ID, 2, ME.sign_key, ME.dh, [], ID, []],
        [*front(14), ME.member_id, 0, ME.sign_key, ME.dh, [], ID, []],
        [*front(14), ME.member_id, 5, ME.sign_key, ME.dh, [], ID, []],
        [*front(16), "shut", []],
        [*front(22), 2, []],
        [*front(23), [[KEY, b"12345", 1]], []],
        [*front(23), [[KEY, b"1234", 0]], []],
        [*front(18), b"j" * 701],
        [*front(0)],
        [*front(0x10000)],
        [*front(3, seq=2**32), True],
        [*front(3, seq=-1), True],
        [*front(3)[:6]],
        [1, ROOM, ID[:15], 1, ID, NONE, 99],
        {"version": 1},
        7,
    ],
)
def test_what_is_out_of_bounds_or_place_is_refused(body):
    with pytest.raises(RemoteError):
        decode_op(signed(body), ROOM)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x91" * 900,
        pack(front(99))[:-1] + b"\xcc\x63",
        pack([*front(99), 0])[:-1] + b"\xca\x00\x00\x00\x00",
        pack([*front(99), 0])[:-1] + b"\xa1\xff",
        pack([*front(12), "x"])[:-1] + b"\xff",
        b"\x98" + pack(front(99))[1:] + b"\x91" * 700,
        pack([*front(3), True]) + b"\x00",
        pack([*front(99), b"x" * 1200]),
    ],
    ids=[
        "empty",
        "deep",
        "long int",
        "short float",
        "bad text",
        "bad topic",
        "deep end",
        "rest",
        "big",
    ],
)
def test_malformed_or_second_encodings_are_refused(raw):
    with pytest.raises(RemoteError):
        decode_op(raw + bytes(64), ROOM)


@given(st.binary(max_size=1400))
def test_random_bytes_raise_nothing_but_a_remote_error(data):
    with pytest.raises(RemoteError):
        decode_op(data, ROOM)


@given(st.binary(max_size=200))
def test_random_ends_raise_nothing_but_a_remote_error(data):
    try:
        op = decode_op(b"\x98" + pack(front(3))[1:] + data + bytes(64), ROOM)
    except RemoteError:
        return
    assert data in (b"\xc2", b"\xc3")
    assert isinstance(op.body, kinds.Hand)


def test_a_pen_writes_nothing_that_others_would_refuse():
    pen = Pen(ME, ROOM)
    with pytest.raises(LocalError):
        pen.write(kinds.Hand, True)
    with pytest.raises(LocalError):
        joined_pen().write(kinds.Topic, "x" * 121)
    with pytest.raises(LocalError):
        Pen(ME, b"short")


def test_an_operation_shows_nothing_of_itself():
    people = People(1)
    assert "member 1" not in repr(people.ops)
    assert "member 1" not in repr([op.body for op in people.ops])
