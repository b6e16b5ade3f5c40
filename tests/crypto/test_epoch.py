"""The keyring of a room: steps, hand-over, erasure."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto import step_keys
from crypto.epoch import MAX_JUMP_STEPS, Keyring
from crypto.errors import LocalError, RemoteError
from crypto.frontier import Frontier
from crypto.head import MAX_IDLE, Head, frontier_tag
from crypto.kdf import hkdf
from tests.rings import adopt

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
    assert ring.export(0) == [(EPOCH, SECRET, PASS)]


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
    held = ring._held[EPOCH]
    old = held.old
    ring.frame_key(1, MEMBER, 0)
    ring.advance(12.0)
    assert not any(old.secret)
    assert not ring.keys
    ring.frame_key(1, MEMBER, 1)
    ring.erase()
    assert not any(held.head.secret)
    assert not any(held.pass_)
    assert not ring.keys


def test_a_long_sleep_is_caught_up_and_leaves_only_the_step_before() -> None:
    ring = keyring()
    ring.frame_key(1, MEMBER, 0)
    ring.advance(86_400.5)
    assert (ring.step, ring.oldest_step) == (8_640, 8_639)
    assert not ring.keys
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


def test_heads_at_different_steps_or_without_a_pass_do_not_go_together() -> None:
    with pytest.raises(LocalError):
        Keyring([Head(EPOCH, SECRET, 0), Head(OTHER, SECRET, 1)], PASS, PASS)
    with pytest.raises(LocalError):
        Keyring([Head(EPOCH, SECRET, 0), Head(OTHER, SECRET, 0)], PASS)


def test_with_two_heads_both_secrets_are_needed() -> None:
    both = Keyring([Head(EPOCH, SECRET, 0), Head(OTHER, PASS, 0)], PASS, PASS)
    swapped = Keyring([Head(OTHER, PASS, 0), Head(EPOCH, SECRET, 0)], PASS, PASS)
    for ring in (both, swapped):
        ring.advance(30.0)
    assert both.base_key(MEMBER, 3) == swapped.base_key(MEMBER, 3)
    assert both.frontier_tag == swapped.frontier_tag
    for lone in (Head(EPOCH, SECRET, 0), Head(OTHER, PASS, 0)):
        ring = Keyring([lone], PASS)
        ring.advance(30.0)
        assert ring.base_key(MEMBER, 3) != both.base_key(MEMBER, 3)
        assert ring.frontier_tag != both.frontier_tag


# --- epochs that follow one another ---------------------------------------------------------------

NEXT, THIRD = b"\x04" * 16, b"\x05" * 16
FRESH = b"\x06" * 32


def test_an_adopted_epoch_is_sealed_under_at_once_and_replaces_its_parents() -> None:
    ring = keyring()
    adopt(ring, NEXT, FRESH, 0, [EPOCH])
    assert ring.frontier.ids == (NEXT,)
    assert (ring.knows(NEXT), ring.knows(EPOCH), ring.knows(THIRD)) == (True, True, False)
    assert ring.base_key(MEMBER, 0) == Keyring([Head(NEXT, FRESH, 0)], PASS).base_key(MEMBER, 0)
    assert bytes(ring.pass_) == hkdf(FRESH, b"pass")


def test_an_epoch_beside_another_joins_it_and_a_merge_replaces_both() -> None:
    ring = keyring()
    adopt(ring, NEXT, FRESH, 0)
    assert ring.frontier.ids == (EPOCH, NEXT)
    adopt(ring, THIRD, PASS, 0, [EPOCH, NEXT])
    assert ring.frontier.ids == (THIRD,)


def test_what_is_held_already_is_not_taken_again() -> None:
    ring = keyring()
    adopt(ring, EPOCH, FRESH, 0)
    ring.hold(EPOCH, FRESH, 0)
    assert ring.export(0) == [(EPOCH, SECRET, PASS)]


def test_the_heads_of_the_room_decide_what_is_sealed_under() -> None:
    ring = keyring()
    adopt(ring, NEXT, FRESH, 0, [EPOCH])
    ring.set_heads([EPOCH])
    assert ring.frontier.ids == (EPOCH,)
    ring.set_heads([THIRD, NEXT])
    assert ring.missing == (THIRD,)
    assert ring.frontier.ids == (EPOCH,)
    adopt(ring, THIRD, PASS, 0, [NEXT, EPOCH])
    ring.set_heads([THIRD, NEXT])
    assert ring.frontier.ids == (NEXT, THIRD)
    assert ring.missing == ()
    with pytest.raises(LocalError):
        ring.set_heads([])


def test_what_somebody_holds_who_was_shut_out_is_private_no_more() -> None:
    ring = keyring()
    first = ring.frontier
    assert ring.is_private(first)
    ring.set_heads([NEXT], shut=True)
    assert not ring.is_private(first), "the new one is on its way"
    ring.hold(NEXT, FRESH, 0)
    ring.set_heads([NEXT], shut=True)
    second = ring.frontier
    assert (ring.is_private(first), ring.is_private(second)) == (False, True)
    ring.set_heads([NEXT], shut=True)
    ring.hold(THIRD, PASS, 0)
    ring.set_heads([THIRD])
    assert ring.is_private(second), "nobody was shut out between the two"
    assert ring.is_private(ring.frontier)
    alone = ring.frontier_of(Frontier.of([NEXT]).tag)
    ring.set_heads([NEXT, THIRD])
    ring.set_heads([THIRD], shut=True)
    assert not ring.is_private(alone)


def test_who_is_shut_out_without_a_new_key_makes_nothing_less_private() -> None:
    ring = keyring()
    ring.set_heads([EPOCH], shut=True)
    assert ring.is_private(ring.frontier)


def test_who_waits_no_longer_seals_under_the_heads_that_are_here() -> None:
    ring = keyring()
    ring.set_heads([NEXT, THIRD], part=True)
    assert ring.frontier.ids == (EPOCH,), "of the heads none is here"
    ring.hold(NEXT, FRESH, 0)
    ring.set_heads([NEXT, THIRD])
    assert ring.frontier.ids == (EPOCH,)
    ring.set_heads([NEXT, THIRD], part=True)
    assert ring.frontier.ids == (NEXT,)
    assert ring.missing == (THIRD,)
    ring.hold(THIRD, PASS, 0)
    ring.set_heads([NEXT, THIRD])
    assert ring.frontier.ids == tuple(sorted((NEXT, THIRD)))


def test_old_frontiers_open_for_twenty_seconds_and_are_zeroed_then() -> None:
    ring = keyring()
    old, tag = ring._held[EPOCH], ring.frontier_tag
    ring.advance(5.0)
    adopt(ring, NEXT, FRESH, 0, [EPOCH])
    assert ring.frontier_of(tag).ids == (EPOCH,)
    key = ring.frame_key(1, MEMBER, 0, ring.frontier_of(tag))
    assert key is ring.frame_key(1, MEMBER, 0, ring.frontier_of(tag))
    ring.advance(24.9)
    assert ring.base_key(MEMBER, 2, ring.frontier_of(tag))
    ring.advance(25.0)
    with pytest.raises(RemoteError):
        ring.frontier_of(tag)
    assert not any(old.head.secret)
    assert not any(old.pass_)
    assert not ring.knows(EPOCH)
    assert not ring.keys


def test_what_replaced_epochs_are_kept_is_bounded() -> None:
    ring = keyring()
    last = EPOCH
    for number in range(100):
        epoch = bytes((100 + number,)) * 16
        adopt(ring, epoch, FRESH, 0, [last])
        last = epoch
    assert len(ring._held) == MAX_IDLE + 1
    assert ring.knows(last)


def test_a_single_epoch_and_a_part_of_the_frontier_can_be_opened() -> None:
    ring = keyring()
    adopt(ring, NEXT, FRESH, 0)
    adopt(ring, THIRD, PASS, 0)
    for part in ([EPOCH], [THIRD], [EPOCH, THIRD], [EPOCH, NEXT, THIRD]):
        frontier = ring.frontier_of(frontier_tag(part))
        assert frontier.ids == tuple(sorted(part))
        heads = [
            Head(*{EPOCH: (EPOCH, SECRET), NEXT: (NEXT, FRESH), THIRD: (THIRD, PASS)}[one], 0)
            for one in part
        ]
        alone = Keyring(heads, *[PASS] * len(heads))
        assert ring.base_key(MEMBER, 0, frontier) == alone.base_key(MEMBER, 0)


def test_an_epoch_that_began_ahead_of_our_clock_is_sealed_under_from_its_step_on() -> None:
    ring = keyring()
    adopt(ring, NEXT, FRESH, 1, [EPOCH])
    assert (ring.step, ring.seal_step) == (0, 1)
    with pytest.raises(RemoteError):
        ring.live_step(0)
    early = ring.base_key(MEMBER, 1)
    assert ring.export(1) == [(NEXT, FRESH, hkdf(FRESH, b"pass"))]
    ring.advance(10.0)
    assert (ring.step, ring.seal_step, ring.oldest_step) == (1, 1, 0)
    assert ring.base_key(MEMBER, 1) == early
    with pytest.raises(RemoteError):
        ring.base_key(MEMBER, 0)


def test_an_epoch_of_the_step_before_is_hashed_on_and_still_opens_what_lags() -> None:
    ring = keyring()
    ring.advance(10.5)
    adopt(ring, NEXT, FRESH, 0, [EPOCH])
    assert ring.live_step(0) == 0
    assert ring.base_key(MEMBER, 0) == Keyring([Head(NEXT, FRESH, 0)], PASS).base_key(MEMBER, 0)
    ring.advance(12.5)
    with pytest.raises(RemoteError):
        ring.live_step(0)
    adopt(ring, THIRD, PASS, 0, [NEXT])
    with pytest.raises(RemoteError):
        ring.base_key(MEMBER, 0)
    assert ring.export(1) == [(THIRD, hkdf(PASS, b"step"), hkdf(PASS, b"pass"))]


def test_a_given_epoch_brings_its_pass() -> None:
    ring = keyring()
    adopt(ring, NEXT, FRESH, 0, [EPOCH], pass_=SECRET)
    assert bytes(ring.pass_) == SECRET


@pytest.mark.parametrize(
    ("epoch_id", "secret", "step", "pass_"),
    [
        (NEXT, FRESH, 2, None),
        (NEXT, FRESH, -MAX_JUMP_STEPS - 1, None),
        (NEXT, FRESH, -1, None),
        (NEXT, FRESH[:31], 0, None),
        (NEXT[:15], FRESH, 0, None),
        (NEXT, FRESH, 0, b"short"),
    ],
)
def test_a_misshapen_epoch_changes_nothing(
    epoch_id: bytes, secret: bytes, step: int, pass_: bytes | None
) -> None:
    ring = keyring()
    with pytest.raises(RemoteError):
        adopt(ring, epoch_id, secret, step, [EPOCH], pass_)
    assert ring.export(0) == [(EPOCH, SECRET, PASS)]


def test_only_what_is_held_is_handed_over() -> None:
    ring = keyring()
    adopt(ring, NEXT, FRESH, 0)
    assert ring.export(0, [NEXT]) == [(NEXT, FRESH, hkdf(FRESH, b"pass"))]
    with pytest.raises(LocalError):
        ring.export(0, [THIRD])


def test_the_authenticator_is_that_of_the_key_we_seal_under_and_of_the_step() -> None:
    first, second = keyring(), keyring()
    assert first.authenticator(0) == second.authenticator(0)
    assert first.authenticator(1) != first.authenticator(0)
    assert first.authenticator(0) != first.base_key(MEMBER, 0)
    adopt(second, NEXT, FRESH, 0, [EPOCH])
    assert first.authenticator(0) != second.authenticator(0)
    with pytest.raises(RemoteError):
        first.authenticator(2)


def test_frame_keys_are_made_once_and_their_number_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(step_keys, "MAX_KEYS", 4)
    ring = keyring()
    assert ring.frame_key(1, MEMBER, 0) is ring.frame_key(1, MEMBER, 0)
    for slot in range(1, 64):
        ring.frame_key(slot, MEMBER, 0)
        assert len(ring.keys) <= 4


def test_a_base_key_is_zeroed_once_the_frame_key_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bytearray] = []
    genuine = Keyring.base_key

    def watched(ring: Keyring, member_id: bytes, step: int, frontier: Frontier) -> bytearray:
        held.append(genuine(ring, member_id, step, frontier))
        return held[-1]

    monkeypatch.setattr(Keyring, "base_key", watched)
    keyring().frame_key(1, MEMBER, 0)
    assert [bytes(base) for base in held] == [bytes(32)]


def test_a_member_id_of_a_wrong_length_is_our_own_fault() -> None:
    with pytest.raises(LocalError):
        keyring().base_key(b"short", 0)


def test_another_secret_takes_the_place_of_one_that_was_handed_over() -> None:
    ring, true = keyring(), Keyring([Head(EPOCH, FRESH, 0)], PASS)
    ring.trial.begin(EPOCH, OTHER)
    false_key = ring.frame_key(1, MEMBER, 0)
    ring.replace(EPOCH, FRESH, 0, PASS, giver=MEMBER)
    assert ring.frame_key(1, MEMBER, 0) is not false_key
    assert ring.base_key(MEMBER, 0) == true.base_key(MEMBER, 0)
    assert ring.trial.giver(EPOCH) == MEMBER
    ring.replace(EPOCH, FRESH, 0, PASS)
    assert ring.trial.giver(EPOCH) is None


def test_a_secret_of_another_time_takes_nothings_place() -> None:
    ring = keyring()
    ring.trial.begin(EPOCH, OTHER)
    before = ring.base_key(MEMBER, 0)
    with pytest.raises(RemoteError):
        ring.replace(EPOCH, FRESH, 7, PASS, giver=MEMBER)
    assert ring.base_key(MEMBER, 0) == before
    assert ring.trial.giver(EPOCH) == OTHER


def test_the_trial_of_an_epoch_ends_with_it() -> None:
    ring = keyring()
    ring.trial.begin(EPOCH, OTHER)
    ring.trial.failed((EPOCH,), 0.0)
    adopt(ring, NEXT, FRESH, 0, [EPOCH])
    ring.advance(1.0)
    ring.trial.failed((EPOCH,), 1.0)
    assert ring.doubted == (EPOCH,)
    ring.advance(30.0)
    assert ring.trial.giver(EPOCH) is None


# --- a wrong time ---------------------------------------------------------------------------------


def test_a_time_that_was_too_late_is_put_back_and_what_was_hashed_too_far_is_named() -> None:
    ring = keyring(step=9)
    ring.advance(93.0)
    ring.correct(35.0)
    assert (ring.step, ring.oldest_step, ring.ahead) == (3, 3, (EPOCH,))
    with pytest.raises(RemoteError):
        ring.base_key(MEMBER, 3)
    ring.replace(EPOCH, SECRET, 3, PASS)
    assert ring.ahead == ()
    assert bytes(ring.base_key(MEMBER, 3)) == bytes(keyring(step=3).base_key(MEMBER, 3))
    ring.advance(45.0)
    assert ring.step == 4


def test_a_time_that_was_too_early_is_caught_up() -> None:
    ring = keyring(step=3)
    ring.correct(95.0)
    assert (ring.step, ring.ahead) == (9, ())


def test_what_was_held_besides_is_forgotten_in_time_after_the_clock_was_put_back() -> None:
    ring = keyring(step=9)
    ring.hold(NEXT, FRESH, 9)
    ring.set_heads([NEXT])
    ring.correct(35.0)
    ring.advance(35.0 + 21.0)
    assert not ring.knows(EPOCH)


def test_only_while_its_time_is_on_trial_a_ring_is_out_of_step() -> None:
    ring = keyring()
    for at_s in (1.0, 2.5):
        ring.advance(at_s)
        with pytest.raises(RemoteError):
            ring.base_key(MEMBER, 30)
    assert not ring.is_out_of_step
    ring.trial.time_from = b"d" * 16
    assert ring.is_out_of_step
