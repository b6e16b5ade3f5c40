"""KNOCK / WELCOME and HELLO / HELLO-ACK."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import knock, questions
from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.knock import (
    HELLO,
    HELLO_ACK_BYTES,
    KNOCK,
    KNOCK_BYTES,
    MAX_ANSWER_BYTES,
    MAX_HELLO_ACK_BYTES,
    MAX_QUESTION_BYTES,
    NO_PSK,
    WELCOME_BYTES,
    Called,
    Caller,
    Responder,
    answer_tag,
)

PSK = b"\x07" * 32
OURS = b"\x01" * 32
THEIRS = b"\x02" * 32
THEIR_PUBLIC = KeyPair(THEIRS).public


def caller(
    payload: bytes = b"question",
    *,
    psk: bytes = PSK,
    purpose: bytes = KNOCK,
    rng: Callable[[int], bytes] = os.urandom,
) -> Caller:
    return Caller(OURS, THEIR_PUBLIC, psk, purpose, payload, rng)


def responder(*, psk: bytes = PSK, purpose: bytes = KNOCK) -> Responder:
    return Responder(THEIRS, psk, purpose, os.urandom)


def round_trip() -> tuple[Caller, Called, bytes]:
    ours = caller()
    called = responder().accept(ours.datagram)
    return ours, called, called.answer(b"answer")


@pytest.mark.parametrize(
    ("purpose", "psk", "first_bytes"), [(KNOCK, PSK, (0xC0, 0xC1)), (HELLO, NO_PSK, (0xC2, 0xC3))]
)
def test_one_round_trip_carries_both_payloads_and_leaves_a_channel(
    purpose: bytes, psk: bytes, first_bytes: tuple[int, int]
) -> None:
    ours = caller(psk=psk, purpose=purpose)
    called = responder(psk=psk, purpose=purpose).accept(ours.datagram)
    assert called.payload == b"question"
    assert called.initiator_dh == KeyPair(OURS).public
    answer = called.answer(b"answer")
    assert (ours.datagram[0], answer[0]) == first_bytes
    assert answer_tag(answer) == ours.tag == called.tag
    assert ours.open_answer(answer) == b"answer"
    assert called.transport.decrypt(ours.transport.encrypt(b"there")) == b"there"
    assert ours.transport.decrypt(called.transport.encrypt(b"back")) == b"back"
    assert ours.transport.handshake_hash == called.transport.handshake_hash


@given(question=st.binary(max_size=MAX_QUESTION_BYTES), answer=st.binary(max_size=MAX_ANSWER_BYTES))
@settings(max_examples=30, deadline=None)
def test_every_datagram_has_its_one_size(question: bytes, answer: bytes) -> None:
    ours = caller(question)
    called = responder().accept(ours.datagram)
    reply = called.answer(answer)
    assert (len(ours.datagram), len(reply)) == (KNOCK_BYTES, WELCOME_BYTES) == (512, 1024)
    assert called.payload == question
    assert ours.open_answer(reply) == answer


def test_the_answer_to_a_hello_is_not_longer_than_the_hello() -> None:
    ours = caller(purpose=HELLO)
    called = responder(purpose=HELLO).accept(ours.datagram)
    with pytest.raises(LocalError):
        called.answer(bytes(MAX_HELLO_ACK_BYTES + 1))
    reply = called.answer(b"\xff" * MAX_HELLO_ACK_BYTES)
    assert len(reply) == len(ours.datagram) == HELLO_ACK_BYTES
    assert ours.open_answer(reply) == b"\xff" * MAX_HELLO_ACK_BYTES


def test_the_payload_limits_are_exact() -> None:
    assert (MAX_QUESTION_BYTES, MAX_ANSWER_BYTES) == (381, 965)
    ours = caller(b"\xff" * 381)
    called = responder().accept(ours.datagram)
    with pytest.raises(LocalError):
        caller(bytes(382))
    with pytest.raises(LocalError):
        called.answer(bytes(966))
    assert ours.open_answer(called.answer(b"\xff" * 965)) == b"\xff" * 965


def test_a_wrong_room_key_gets_silence_before_any_curve_arithmetic(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    door = responder()
    datagram = caller(psk=b"\x08" * 32).datagram

    def never(*_: object) -> bytes:
        raise AssertionError("mac1 must have stopped this")

    monkeypatch.setattr(KeyPair, "exchange", never)
    with pytest.raises(RemoteError, match="mac1"):
        door.accept(datagram)


def test_a_question_for_another_door_gets_silence() -> None:
    other = Responder(b"\x03" * 32, PSK, KNOCK, os.urandom)
    with pytest.raises(RemoteError, match="mac1"):
        other.accept(caller().datagram)


def test_a_hello_is_no_knock_even_under_the_same_psk() -> None:
    hello = caller(purpose=HELLO).datagram
    with pytest.raises(RemoteError, match="type"):
        responder().accept(hello)
    with pytest.raises(RemoteError, match="mac1"):
        responder().accept(bytes((0xC0,)) + hello[1:])


def test_the_purpose_is_bound_by_the_handshake_itself() -> None:
    hello = caller(purpose=HELLO).datagram
    head, message = bytes((0xC0,)), hello[33:]
    mac = knock._mac1(knock._mac_key(PSK, THEIR_PUBLIC), head + message)
    with pytest.raises(RemoteError, match="authentic"):
        responder().accept(head + mac + bytes(16) + message)


def test_a_replayed_question_gets_silence() -> None:
    door = responder()
    datagram = caller().datagram
    door.accept(datagram)
    with pytest.raises(RemoteError, match="before"):
        door.accept(datagram)
    door.accept(caller().datagram)


def test_a_forged_question_does_not_lock_out_the_genuine_one() -> None:
    door = responder()
    datagram = caller().datagram
    forged = bytearray(datagram)
    forged[-1] ^= 1
    covered = bytes(forged[:1] + forged[33:])
    forged[1:17] = knock._mac1(knock._mac_key(PSK, THEIR_PUBLIC), covered)
    with pytest.raises(RemoteError, match="authentic"):
        door.accept(bytes(forged))
    assert door.accept(datagram).payload == b"question"


def test_whoever_holds_the_words_can_not_make_a_door_forget_what_a_member_has_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(questions, "MAX_REMEMBERED", 5)
    door = responder()
    door.questions.members = lambda: {KeyPair(OURS).public}
    recorded = caller().datagram
    door.accept(recorded)
    for _ in range(10):
        stranger = Caller(os.urandom(32), THEIR_PUBLIC, PSK, KNOCK, b"question", os.urandom)
        door.accept(stranger.datagram)
    with pytest.raises(RemoteError, match="before"):
        door.accept(recorded)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_mutated_datagrams_raise_nothing_but_a_remote_error(data: st.DataObject) -> None:
    ours, called, answer = round_trip()
    del called
    for genuine, read in ((ours.datagram, responder().accept), (answer, ours.open_answer)):
        # mac2 says nothing about the question but where it came from; see test_cookie.
        mac2 = range(17, 33) if read != ours.open_answer else range(0)
        place = data.draw(st.sampled_from([n for n in range(len(genuine)) if n not in mac2]))
        flip = data.draw(st.integers(1, 255))
        mutated = genuine[:place] + bytes((genuine[place] ^ flip,)) + genuine[place + 1 :]
        cut = genuine[: data.draw(st.integers(0, len(genuine) - 1))]
        for bad in (mutated, cut, genuine + b"\0", bytes(len(genuine))):
            with pytest.raises(RemoteError):
                read(bad)
    assert ours.open_answer(answer) == b"answer"


def test_an_answer_opens_once_and_only_for_who_asked() -> None:
    ours, _, answer = round_trip()
    other = caller()
    with pytest.raises(RemoteError, match="another"):
        other.open_answer(answer)
    ours.open_answer(answer)
    with pytest.raises(RemoteError, match="another"):
        ours.open_answer(answer)


def test_only_the_holder_of_the_responder_key_can_answer() -> None:
    ours = caller()
    with pytest.raises(RemoteError):
        ours.open_answer(bytes((0xC1,)) + ours.tag + os.urandom(1015))
    impostor = Responder(b"\x03" * 32, PSK, KNOCK, os.urandom)
    asked_of_impostor = Caller(OURS, KeyPair(b"\x03" * 32).public, PSK, KNOCK, b"", os.urandom)
    answer = impostor.accept(asked_of_impostor.datagram).answer(b"")
    with pytest.raises(RemoteError):
        ours.open_answer(answer[:1] + ours.tag + answer[9:])


@pytest.mark.parametrize(
    "padded",
    [
        (384).to_bytes(2, "big") + bytes(381),
        (0).to_bytes(2, "big") + bytes(380) + b"\1",
        b"\xff" * 383,
    ],
)
def test_padding_that_is_not_zeros_or_lies_about_the_length_is_refused(
    padded: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(knock, "_pad", lambda body, size: padded)
        datagram = caller().datagram
    with pytest.raises(RemoteError, match="padding"):
        responder().accept(datagram)


def test_a_low_order_responder_key_from_a_record_is_a_remote_error() -> None:
    with pytest.raises(RemoteError):
        Caller(OURS, bytes(32), PSK, KNOCK, b"", os.urandom)


def test_misuse_is_our_own_fault() -> None:
    ours = caller()
    called = responder().accept(ours.datagram)
    for early in (lambda: ours.transport, lambda: called.transport):
        with pytest.raises(LocalError):
            early()
    called.answer(b"")
    with pytest.raises(LocalError):
        called.answer(b"")
    with pytest.raises(LocalError):
        caller(purpose=b"other")
    with pytest.raises(LocalError):
        responder(purpose=b"other")


def test_nothing_of_a_key_is_in_the_question() -> None:
    datagram = caller().datagram
    assert KeyPair(OURS).public not in datagram
    assert THEIR_PUBLIC not in datagram
    assert PSK not in datagram
