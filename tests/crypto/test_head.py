"""Epoch heads and what is derived from a set of them."""

import math

import pytest

from crypto.errors import LocalError
from crypto.head import MAX_STEP, Head, Held, frontier_tag, pass_of, room_key, step_at
from crypto.kdf import hkdf

ID = b"\x01" * 16
SECRET = b"\x02" * 32


def test_a_step_forward_is_the_hash_of_the_one_before() -> None:
    head = Head(ID, SECRET, 7)
    held = head.secret
    head.forward()
    assert (bytes(head.secret), head.step) == (hkdf(SECRET, b"step"), 8)
    assert head.secret is held


def test_a_copy_is_erased_by_itself() -> None:
    head = Head(ID, SECRET, 7)
    copy = head.copy()
    copy.erase()
    assert not any(copy.secret)
    assert bytes(head.secret) == SECRET


def test_fresh_heads_take_all_their_bytes_from_the_source() -> None:
    asked: list[int] = []

    def rng(length: int) -> bytes:
        asked.append(length)
        return bytes((len(asked),)) * length

    head = Head.create(rng, step=3)
    assert (head.epoch_id, bytes(head.secret), head.step) == (b"\x01" * 16, b"\x02" * 32, 3)
    assert asked == [16, 32]


@pytest.mark.parametrize(
    ("epoch_id", "secret", "step"),
    [(b"", SECRET, 0), (ID, b"", 0), (ID, SECRET, -1), (ID, SECRET, MAX_STEP + 1)],
)
def test_misshapen_heads_are_refused(epoch_id: bytes, secret: bytes, step: int) -> None:
    with pytest.raises(LocalError):
        Head(epoch_id, secret, step)


def test_the_room_key_needs_all_secrets_in_any_order_and_zeroes_them() -> None:
    one, two = bytearray(SECRET), bytearray(b"\x03" * 32)
    key = room_key([one, two], 5)
    assert not any(one)
    assert not any(two)
    again = [bytearray(b"\x03" * 32), bytearray(SECRET)]
    assert room_key(again, 5) == key
    assert room_key([bytearray(SECRET)], 5) != key
    assert room_key([bytearray(b"\x03" * 32), bytearray(SECRET)], 6) != key


def test_the_frontier_tag_names_the_set_in_18_bits() -> None:
    ids = [bytes((number,)) * 16 for number in range(50)]
    assert frontier_tag(ids) == frontier_tag(ids[::-1])
    tags = {frontier_tag([epoch_id]) for epoch_id in ids}
    assert len(tags) == 50
    assert all(0 <= tag < 2**18 for tag in tags)
    assert max(tags) > 2**17


@pytest.mark.parametrize(
    ("room_time_s", "step"), [(0.0, 0), (9.99, 0), (10.0, 1), (432_000.0, 43_200), (-3.0, 0)]
)
def test_a_step_takes_ten_seconds(room_time_s: float, step: int) -> None:
    assert step_at(room_time_s) == step


@pytest.mark.parametrize("room_time_s", [math.nan, math.inf, -math.inf, 1e15])
def test_times_that_are_no_times_are_refused(room_time_s: float) -> None:
    with pytest.raises(LocalError):
        step_at(room_time_s)


def test_on_to_a_later_step_and_never_back() -> None:
    head, stepwise = Head(ID, SECRET, 2), Head(ID, SECRET, 2)
    head.forward_to(5)
    for _ in range(3):
        stepwise.forward()
    assert (head.secret, head.step) == (stepwise.secret, 5)
    head.forward_to(1)
    assert head.step == 5


def test_the_pass_is_not_the_secret_nor_a_step_of_it() -> None:
    assert pass_of(SECRET) == hkdf(SECRET, b"pass")
    assert pass_of(SECRET) not in (SECRET, hkdf(SECRET, b"step"))


def test_a_held_epoch_keeps_one_step_back_if_it_is_told_to() -> None:
    held = Held(Head(ID, SECRET, 0), SECRET, 0.0)
    held.forward_to(3, keep_old=True)
    assert (held.oldest_step, held.head.step) == (2, 3)
    assert held.at(2) == held.old.copy().secret
    ahead = Head(ID, SECRET, 0)
    ahead.forward_to(4)
    assert held.at(4) == ahead.secret
    old = held.old
    held.forward_to(4, keep_old=False)
    assert not any(old.secret)
    assert (held.oldest_step, held.old) == (4, None)
    held.forward_to(4, keep_old=True)
    assert held.old is None
    held.erase()
    assert not any(held.head.secret)
    assert not any(held.pass_)
