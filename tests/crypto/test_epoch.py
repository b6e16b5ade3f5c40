"""The keyring of a room: steps, hand-over, erasure."""

import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import epoch
from crypto.epoch import MAX_HEADS, MAX_JUMP_STEPS, Keyring
from crypto.errors import LocalError, RemoteError
from crypto.head import Head
from crypto.kdf import hkdf

MEMBER = b"\x0a" * 16
OTHER = b"\x0b" * 16
EPOCH = b"\x01" * 16
SECRET = b"\x02" * 32
PASS = b"\x03" * 32


def keyring(step: int = 0) -> Keyring:
    return Keyring([Head(EPOCH, SECRET, step)], PASS)


def test_base_keys_are_derived_exactly_as_written_down() -> None:
    ring = keyring()
    ring.advance(10.0)
    at_step_1 = hkdf(SECRET, b"step")
    room = hkdf(at_step_1, b"room" + (1).to_bytes(8, "big"))
    assert bytes(ring.base_key(MEMBER, 1)) == hkdf(room, b"sframe" + MEMBER)


def test_the_pass_comes_from_the_fresh_secret() -> None:
    ring = Keyring.create(lambda length: SECRET[:1] * length)
    assert bytes(ring.pass_) == hkdf(SECRET, b"pass")
    ring.advance(100.0)
    assert bytes(ring.pass_) == hkdf(SECRET, b"pass")


def test_two_rings_agree_and_members_and_steps_differ() -> None:
    first, second = keyring(), keyring()
    assert first.base_key(MEMBER, 0) == second.base_key(MEMBER, 0)
    keys = {bytes(first.base_key(member, step)) for member in (MEMBER, OTHER) for step in (0, 1)}
    assert len(keys) == 4


def test_one_step_back_lives_for_two_seconds_and_one_ahead_always() -> None:
    ring = keyring()
    past = ring.base_key(MEMBER, 0)
    ring.advance(10.0)
    assert ring.base_key(MEMBER, 0) == past
    assert (ring.step, ring.oldest_step) == (1, 0)
    ring.advance(11.99)
    assert ring.live_step(0) == 0
    ring.advance(12.0)
    assert ring.oldest_step == 1
    for gone in (lambda: ring.base_key(MEMBER, 0), lambda: ring.live_step(0)):
        with pytest.raises(RemoteError):
            gone()
    ahead = ring.base_key(MEMBER, 2)
    with pytest.raises(RemoteError):
        ring.base_key(MEMBER, 3)
    ring.advance(20.0)
    assert ring.base_key(MEMBER, 2) == ahead


def test_looking_ahead_moves_nothing() -> None:
    ring = keyring()
    ring.base_key(MEMBER, 1)
    assert ring.step == 0
    assert bytes(ring.heads[0].secret) == SECRET


def test_time_that_runs_backwards_moves_nothing() -> None:
    ring = keyring()
    ring.advance(10.5)
    ring.advance(9.9)
    assert (ring.step, ring.oldest_step) == (1, 0)
    ring.advance(13.0)
    ring.advance(9.9)
    assert (ring.step, ring.oldest_step) == (1, 1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 400), max_size=12), st.floats(400, 500))
def test_any_way_to_the_same_time_gives_the_same_keys(times: list[float], end: float) -> None:
    wandering, straight = keyring(), keyring()
    for room_time_s in times:
        wandering.advance(room_time_s)
    wandering.advance(end)
    straight.advance(end)
    assert wandering.step == straight.step
    for step in (straight.step, straight.step + 1):
        assert wandering.base_key(MEMBER, step) == straight.base_key(MEMBER, step)


def test_erased_bytes_are_zero() -> None:
    ring = keyring()
    ring.advance(10.0)
    (old,) = ring._old_heads
    ring.frame_key(1, MEMBER, 0)
    ring.advance(12.0)
    assert not any(old.secret)
    assert not ring._keys
    ring.frame_key(1, MEMBER, 1)
    ring.erase()
    assert not any(ring.heads[0].secret)
    assert not any(ring.pass_)
    assert not ring._keys


def test_a_long_sleep_is_caught_up_and_leaves_only_the_step_before() -> None:
    ring = keyring()
    ring.frame_key(1, MEMBER, 0)
    ring.advance(86_400.5)
    assert (ring.step, ring.oldest_step) == (8_640, 8_639)
    assert not ring._keys
    stepwise = keyring()
    for step in range(8_641):
        stepwise.advance(step * 10.0)
    assert ring.base_key(MEMBER, 8_639) == stepwise.base_key(MEMBER, 8_639)
    assert ring.base_key(MEMBER, 8_640) == stepwise.base_key(MEMBER, 8_640)


def test_a_jump_that_would_take_forever_is_refused() -> None:
    ring = keyring()
    with pytest.raises(LocalError):
        ring.advance((MAX_JUMP_STEPS + 1) * 10.0)
    with pytest.raises(LocalError):
        ring.advance(math.nan)
    assert ring.step == 0


@pytest.mark.parametrize("step", [255, 256, 511, 65_536])
def test_eight_bits_find_the_step_around_every_wrap(step: int) -> None:
    ring = keyring(step - 1)
    ring.advance(step * 10.0)
    for near in (step - 1, step, step + 1):
        assert ring.live_step(near % 256) == near
    for far in (step - 2, step + 2, step + 128):
        with pytest.raises(RemoteError):
            ring.live_step(far % 256)


def test_nothing_lies_before_the_first_step() -> None:
    with pytest.raises(RemoteError):
        keyring().live_step(255)


def test_who_is_admitted_computes_the_same_keys_and_none_of_the_past() -> None:
    host = Keyring.create(os.urandom)
    earlier = host.base_key(MEMBER, 0)
    host.advance(25.0)
    guest = Keyring.import_(host.export(host.step), host.step, 25.0, bytes(host.pass_))
    assert guest.base_key(MEMBER, 2) == host.base_key(MEMBER, 2)
    assert guest.frontier_tag == host.frontier_tag
    assert guest.pass_ == host.pass_
    with pytest.raises(RemoteError):
        guest.base_key(MEMBER, 1)
    assert earlier != guest.base_key(MEMBER, 2)
    with pytest.raises(LocalError):
        host.export(1)


def test_an_admission_that_arrives_late_is_caught_up_at_once() -> None:
    host = Keyring.create(os.urandom)
    guest = Keyring.import_(host.export(0), 0, 10.5, bytes(host.pass_))
    host.advance(10.5)
    assert guest.step == 1
    assert guest.base_key(MEMBER, 1) == host.base_key(MEMBER, 1)


@pytest.mark.parametrize(
    ("heads", "step", "room_time_s", "pass_"),
    [
        ([], 0, 0.0, PASS),
        ([(EPOCH, SECRET)] * 2, 0, 0.0, PASS),
        ([(bytes((n,)) * 16, SECRET) for n in range(MAX_HEADS + 1)], 0, 0.0, PASS),
        ([(EPOCH[:15], SECRET)], 0, 0.0, PASS),
        ([(EPOCH, SECRET + b"x")], 0, 0.0, PASS),
        ([(EPOCH, SECRET)], 0, 0.0, b"short"),
        ([(EPOCH, SECRET)], -1, 0.0, PASS),
        ([(EPOCH, SECRET)], 2, 0.0, PASS),
        ([(EPOCH, SECRET)], 0, 1e9, PASS),
        ([(EPOCH, SECRET)], 0, math.nan, PASS),
        ([(EPOCH, SECRET)], 0, math.inf, PASS),
        ([(EPOCH, SECRET)], 2**32, 2.0**32 * 10, PASS),
    ],
)
def test_a_misshapen_admission_is_refused(
    heads: list[tuple[bytes, bytes]], step: int, room_time_s: float, pass_: bytes
) -> None:
    with pytest.raises(RemoteError):
        Keyring.import_(heads, step, room_time_s, pass_)


def test_heads_at_different_steps_do_not_go_together() -> None:
    with pytest.raises(LocalError):
        Keyring([Head(EPOCH, SECRET, 0), Head(OTHER, SECRET, 1)], PASS)


def test_with_two_heads_both_secrets_are_needed() -> None:
    both = Keyring([Head(EPOCH, SECRET, 0), Head(OTHER, PASS, 0)], PASS)
    swapped = Keyring([Head(OTHER, PASS, 0), Head(EPOCH, SECRET, 0)], PASS)
    for ring in (both, swapped):
        ring.advance(30.0)
    assert both.base_key(MEMBER, 3) == swapped.base_key(MEMBER, 3)
    assert both.frontier_tag == swapped.frontier_tag
    for lone in (Head(EPOCH, SECRET, 0), Head(OTHER, PASS, 0)):
        ring = Keyring([lone], PASS)
        ring.advance(30.0)
        assert ring.base_key(MEMBER, 3) != both.base_key(MEMBER, 3)
        assert ring.frontier_tag != both.frontier_tag


def test_frame_keys_are_made_once_and_their_number_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(epoch, "_MAX_KEYS", 4)
    ring = keyring()
    assert ring.frame_key(1, MEMBER, 0) is ring.frame_key(1, MEMBER, 0)
    for slot in range(1, 64):
        ring.frame_key(slot, MEMBER, 0)
        assert len(ring._keys) <= 4


def test_a_base_key_is_zeroed_once_the_frame_key_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bytearray] = []
    genuine = Keyring.base_key

    def watched(ring: Keyring, member_id: bytes, step: int) -> bytearray:
        held.append(genuine(ring, member_id, step))
        return held[-1]

    monkeypatch.setattr(Keyring, "base_key", watched)
    keyring().frame_key(1, MEMBER, 0)
    assert [bytes(base) for base in held] == [bytes(32)]


def test_a_member_id_of_a_wrong_length_is_our_own_fault() -> None:
    with pytest.raises(LocalError):
        keyring().base_key(b"short", 0)
