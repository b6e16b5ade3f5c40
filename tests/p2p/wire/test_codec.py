"""Messages on data channels: bounded, typed, cut into pages."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.wrap import WRAP_BYTES
from p2p.errors import LocalError, RemoteError
from p2p.room.ops.canonical import pack
from p2p.wire import messages as m
from p2p.wire import relay_messages as r
from p2p.wire.codec import decode, encode, have_messages, pages

SEALED = bytes(131)
WORD = [bytes(16), bytes(16), 5000, (bytes(16),), bytes(32), bytes(64)]
EVERY_MESSAGE = [
    m.Join(b"op", bytes(64)),
    m.Admit(bytes(16), 1, 2, SEALED, bytes(32), (b"a", b"b"), bytes(64)),
    m.Refuse("locked"),
    m.Ops((b"op",)),
    m.Have((bytes(8),)),
    m.Carry(bytes(16), b"f" * 16, b"sealed"),
    m.Near(7, (m.NearMember(bytes(16), 2),)),
    m.Bye(),
    m.Wraps(bytes(16), (bytes(52),)),
    m.AskKeys((bytes(16),)),
    m.GiveKeys(2, SEALED),
    m.Wait(),
    m.Compare(bytes(16), b"f" * 16, 0, bytes(36)),
    m.Fresh(*WORD),
    m.Admit(bytes(16), 1, 2, SEALED, bytes(32), (b"a", b"b"), bytes(64), m.Fresh(*WORD)),
    m.Doors(bytes(16)),
    m.Cards(bytes(16), (b"card",)),
    m.DoorUp(bytes(16), b"card"),
    m.CarryDoor(bytes(16), b"sealed"),
    m.Resolve(bytes(20)),
    m.Resolved(bytes(20), (b"item",)),
    m.Items((b"item",)),
    r.Open(b"genesis", (b"op",)),
    r.Pass(*(bytes(32),) * 4, bytes(64), bytes(64)),
    r.Passed(bytes(32), (bytes(16),)),
    r.Present(bytes(32), (bytes(16),) * 400, (bytes(16),) * 400),
    r.Floor(bytes(32), (b"op",)),
    r.FloorHave(bytes(32), (bytes(8),) * m.IDS_PER_MESSAGE),
    r.Gossip(bytes(32), r.EVERYBODY, bytes(16), bytes(r.GOSSIP_BYTES_MAX)),
    r.RelayWraps(bytes(32), bytes(16), (bytes(52),) * 256),
    r.Route(bytes(32), 63, 1, bytes(32), bytes(32), bytes(32), bytes(64)),
    r.Moving(60),
    r.RelayRefuse("bad_pass"),
    r.JoinTree(bytes(32)),
    r.Tune(bytes(32), True),
    r.AskWrap(bytes(32), bytes(16), b"f" * 16, b"e" * 16),
]


@pytest.mark.parametrize("message", EVERY_MESSAGE, ids=lambda message: type(message).__name__)
def test_every_message_survives_the_wire(message):
    again = decode(encode(message))
    assert again == message
    assert type(again) is type(message)


def test_no_message_shows_its_content():
    assert repr(EVERY_MESSAGE[1]) == "<Admit>"


@pytest.mark.parametrize(
    "body",
    [
        [99],
        ["Bye"],
        [8, 1],
        [1],
        [1, b""],
        [1, b"x" * 1345],
        [2, bytes(16), 0, 0, b"", [], bytes(64), None],
        [2, bytes(16), -1, 0, SEALED, [], bytes(64), None],
        [2, bytes(16), 0, 2**32, SEALED, [], bytes(64), None],
        [2, bytes(16), 0, 0, bytes(63), [], bytes(64), None],
        [2, bytes(16), 0, 0, bytes(1537), [], bytes(64), None],
        [2, bytes(16), 0, 0, SEALED, [], bytes(64), [13, *WORD]],
        [2, bytes(16), 0, 0, SEALED, [], bytes(64)],
        [14, *WORD[:3], (), *WORD[4:]],
        [14, *WORD[:3], (bytes(16),) * 17, *WORD[4:]],
        [14, *WORD[:2], 2**48, *WORD[3:]],
        [14, *WORD[:5], bytes(63)],
        [3, "Locked!"],
        [3, "x" * 25],
        [4, [b"x"] * 257],
        [5, [b"1234567"], bytes(8), bytes(8)],
        [6, bytes(16), bytes(16), b"x" * 1101],
        [7, [bytes(16)] * 65],
        [9, bytes(16), []],
        [9, bytes(16), [bytes(51)]],
        [9, bytes(16), [bytes(52)] * 257],
        [10, []],
        [10, [bytes(16)] * 9],
        [11, 0, []],
        [13, bytes(16), bytes(16), 3, bytes(32)],
        [13, bytes(16), bytes(16), 0, bytes(65)],
        [38, []],
        {"tag": 1},
        None,
    ],
)
def test_a_message_out_of_bounds_is_refused(body):
    with pytest.raises(RemoteError):
        decode(pack(body))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x91" * 16_000, b"\x92\x03\xa1\xff", b"\x91\xcc\x08", b"x" * 16_385, b"\xc1"],
    ids=["empty", "nested", "bad text", "not canonical", "too long", "unused code"],
)
def test_malformed_bytes_are_refused(data):
    with pytest.raises(RemoteError):
        decode(data)


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_a_remote_error(data):
    try:
        message = decode(data)
    except RemoteError:
        return
    assert encode(message) == data


def test_a_message_that_a_peer_would_refuse_is_not_sent():
    with pytest.raises(LocalError):
        encode(m.Ops((b"x" * 1024,) * 17))


@given(st.lists(st.binary(min_size=1, max_size=1024), max_size=60), st.integers(0, 400))
def test_pages_keep_the_order_and_fit(ops, small):
    ops += [b"s"] * small
    cut = list(pages(ops))
    assert [op for page in cut for op in page] == ops
    for page in cut:
        assert page
        heads = bytes(m.SEALED_HEADS_BYTES_MAX)
        word = m.Fresh(*WORD[:3], (bytes(16),) * m.HEADS_MAX, *WORD[4:])
        admit = m.Admit(bytes(16), 1, 2, heads, bytes(32), page, bytes(64), word)
        assert decode(encode(admit)) == admit


def test_as_many_wraps_as_a_message_may_hold_fit_into_it():
    full = m.Wraps(bytes(16), (bytes(WRAP_BYTES),) * m.WRAPS_PER_MESSAGE)
    assert decode(encode(full)) == full


@given(st.sets(st.integers(0, 2**64 - 1), max_size=50))
def test_ranges_of_have_cover_every_id_once(numbers):
    ids = sorted(n.to_bytes(8, "big") for n in numbers)
    said = have_messages(ids)
    assert said[0].first == m.FIRST_ID
    assert said[-1].last == m.LAST_ID
    assert [i for have in said for i in have.ids] == ids


def test_many_ids_are_said_in_several_messages_without_a_gap():
    ids = [n.to_bytes(8, "big") for n in range(5, 4005)]
    said = have_messages(ids)
    assert len(said) == 3
    for before, after in pairwise(said):
        assert int.from_bytes(before.last, "big") + 1 == int.from_bytes(after.first, "big")
        assert before.ids[-1] <= before.last < after.ids[0]
        encode(before)
