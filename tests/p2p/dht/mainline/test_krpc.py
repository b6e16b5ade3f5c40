"""Messages of the Mainline DHT; what nodes say is written here by hand, as they write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import RemoteError
from crypto.ids import SignKey
from crypto.mutable_item import MutableItem
from p2p.dht.mainline.krpc import (
    NODES_MAX,
    Answer,
    FindNode,
    Get,
    Node,
    Put,
    Refusal,
    question,
    read_answer,
)
from tests.crypto.test_mutable_item import SIGNATURE, SIGNER

OWN = b"abcdefghij0123456789"
THEIRS = b"mnopqrstuvwxyz123456"
TARGET = b"t" * 20
ITEM = b"1:k32:" + SIGNER + b"3:seqi1e3:sig64:" + SIGNATURE
V = b"1:v12:Hello World!"


def said(inside, before=b""):
    return b"d" + before + b"1:rd2:id20:" + THEIRS + inside + b"e1:t4:TTTT1:y1:re"


def test_questions_are_written_as_the_standards_have_them():
    assert question(FindNode(TARGET, 4), b"TTTT", OWN) == (
        b"d1:ad2:id20:abcdefghij01234567896:target20:tttttttttttttttttttt4:wantl2:n4ee"
        b"1:q9:find_node2:roi1e1:t4:TTTT1:y1:qe"
    )
    assert question(Get(TARGET, 6), b"TTTT", OWN) == (
        b"d1:ad2:id20:abcdefghij01234567896:target20:tttttttttttttttttttt4:wantl2:n6ee"
        b"1:q3:get2:roi1e1:t4:TTTT1:y1:qe"
    )
    assert b"3:seqi7e6:target" in question(Get(TARGET, 4, 7), b"TTTT", OWN)
    item = MutableItem(SignKey(SIGNER), 1, b"Hello World!", SIGNATURE)
    assert question(Put(item, b"secret"), b"TTTT", OWN) == (
        b"d1:ad2:id20:abcdefghij0123456789" + ITEM + b"5:token6:secret" + V + b"e"
        b"1:q3:put2:roi1e1:t4:TTTT1:y1:qe"
    )


def test_an_answer_is_read_with_all_that_stands_in_it():
    nodes = b"n" * 20 + bytes((11, 0, 0, 7, 0x1A, 0xE1))
    data = said(
        ITEM.replace(b"3:seq", b"5:nodes26:" + nodes + b"3:seq") + b"5:token4:abcd" + V,
        b"2:ip6:" + bytes((11, 0, 0, 1, 0x10, 0)),
    )
    item = MutableItem(SignKey(SIGNER), 1, b"Hello World!", SIGNATURE)
    assert read_answer(data, 4) == Answer(
        b"TTTT", THEIRS, (Node(b"n" * 20, ("11.0.0.7", 6881)),), b"abcd", item, ("11.0.0.1", 4096)
    )


def test_an_answer_with_nothing_in_it_is_one_too():
    assert read_answer(said(b""), 4) == Answer(b"TTTT", THEIRS, (), b"", None, None)


def test_where_we_are_seen_may_stand_inside():
    data = b"d1:rd2:id20:" + THEIRS + b"2:ip6:" + bytes((11, 0, 0, 1, 0x10, 0)) + b"e"
    answer = read_answer(data + b"1:t4:TTTT1:y1:re", 4)
    assert isinstance(answer, Answer)
    assert answer.seen == ("11.0.0.1", 4096)


def test_nodes_of_the_wide_family_are_read_when_they_were_asked_for():
    packed = b"n" * 20 + bytes.fromhex("26000001000200000000000000000001") + b"\x1a\xe1"
    data = said(b"6:nodes638:" + packed)
    answer = read_answer(data, 6)
    assert isinstance(answer, Answer)
    assert answer.nodes == (Node(b"n" * 20, ("2600:1:2::1", 6881)),)
    assert read_answer(data, 4) == Answer(b"TTTT", THEIRS, (), b"", None, None)


def test_a_refusal_is_read():
    assert read_answer(b"d1:eli302e9:seq lowere1:t4:TTTT1:y1:ee", 4) == Refusal(b"TTTT")


def test_places_where_nobody_can_be_are_left_out_and_many_are_cut():
    nobody = [(0, 0, 0, 0, 1, 1), (11, 0, 0, 7, 0, 0), (224, 0, 0, 1, 1, 1), (255,) * 6]
    packed = b"".join(b"n" * 20 + bytes(each) for each in nobody)
    answer = read_answer(said(b"5:nodes%d:" % len(packed) + packed), 4)
    assert isinstance(answer, Answer)
    assert answer.nodes == ()
    many = b"".join(b"n" * 20 + bytes((11, 0, 0, n + 1, 9, 9)) for n in range(30))
    answer = read_answer(said(b"5:nodes%d:" % len(many) + many), 4)
    assert isinstance(answer, Answer)
    assert len(answer.nodes) == NODES_MAX


@pytest.mark.parametrize("value", [b"1:vi5e", b"1:vle", b"1:vd1:ai1ee"])
def test_items_of_others_that_are_no_bytes_are_passed_over(value):
    answer = read_answer(said(ITEM + value), 4)
    assert isinstance(answer, Answer)
    assert answer.item is None


def test_what_was_kept_immutable_is_passed_over():
    answer = read_answer(said(V), 4)
    assert isinstance(answer, Answer)
    assert answer.item is None


@pytest.mark.parametrize(
    "data",
    [
        b"le",
        b"de",
        b"d1:t4:TTTT1:y1:qe",
        b"d1:rle1:t4:TTTT1:y1:re",
        b"d1:rde1:t4:TTTT1:y1:re",
        b"d1:ti4e1:y1:ee",
        b"d1:rd2:id19:mnopqrstuvwxyz12345e1:t4:TTTT1:y1:re",
        said(b"5:nodes25:" + bytes(25)),
        said(b"5:token65:" + bytes(65)),
        said(b"5:nodesi4e"),
        said(ITEM.replace(b"i1e", b"i2e") + V),
        said(ITEM.replace(b"i1e", b"1:a") + V),
        said(ITEM + b"1:v12:Hello World?"),
        said(b"1:k4:abcd" + V),
        said(ITEM + b"1:v997:" + bytes(997)),
    ],
)
def test_answers_with_something_wrong_in_them_are_refused(data):
    with pytest.raises(RemoteError):
        read_answer(data, 4)


@given(st.data())
def test_a_byte_that_changed_never_brings_in_another_item(data):
    good = bytearray(said(ITEM + b"5:token4:abcd" + V))
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        answer = read_answer(bytes(good), 4)
    except RemoteError:
        return
    if isinstance(answer, Answer) and answer.item is not None:
        assert (answer.item.signer, answer.item.seq) == (SIGNER, 1)
        assert answer.item.value == b"Hello World!"
