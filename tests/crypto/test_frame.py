"""Sealed audio frames from one member to another."""

import os
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.epoch import Keyring
from crypto.errors import LocalError, RemoteError
from crypto.frame import (
    COUNTER_LIMIT,
    FIRST_COUNTER,
    HEADER_BYTES,
    MAX_FRAME_BYTES,
    MAX_PLAINTEXT_BYTES,
    OVERHEAD_BYTES,
    FrameError,
    FrameOpener,
    FrameSealer,
    Reason,
)
from crypto.genesis import Genesis
from crypto.handover import keyring_from
from crypto.kid import pack_kid, split_kid
from crypto.knock import KNOCK, Caller, Responder
from crypto.roomkey import RoomKey
from crypto.sframe import Key, encode_header, parse_header
from tests.rings import adopt

SPEAKER = b"\x0a" * 16
OTHER = b"\x0b" * 16
SLOTS = {1: SPEAKER, 2: OTHER}
PAYLOAD = b"opus" * 40


def room() -> tuple[Keyring, Keyring]:
    host = Keyring.create(os.urandom)
    return host, keyring_from(host.export(0), 0, 0.0, OTHER)


def talk() -> tuple[FrameSealer, FrameOpener]:
    ours, theirs = room()
    return FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)


def heard(opener: FrameOpener, frame: bytes, at_s: float) -> tuple[bytes, bytes]:
    """At a room time; a node's clock moves its keyring."""
    opener._keyring.advance(at_s)
    return opener.open(frame, SLOTS)


def refusal(opener: FrameOpener, frame: bytes, at_s: float = 0.0) -> Reason:
    with pytest.raises(FrameError) as caught:
        heard(opener, frame, at_s)
    return caught.value.reason


def test_a_frame_comes_out_as_it_went_in_and_names_its_speaker() -> None:
    sealer, opener = talk()
    assert heard(opener, sealer.seal(PAYLOAD, 0.0), 0.0) == (SPEAKER, PAYLOAD)
    assert heard(opener, sealer.seal(b"", 0.0), 0.0) == (SPEAKER, b"")
    assert sealer.sealed_count == 2


def test_the_first_the_300th_and_the_70000th_frame_have_one_length() -> None:
    sealer, opener = talk()
    lengths: Counter[int] = Counter()
    for number in range(1, 70_001):
        at_s = number * 0.02
        frame = sealer.seal(PAYLOAD, at_s)
        lengths[len(frame)] += 1
        if number in (1, 300, 70_000):
            assert heard(opener, frame, at_s) == (SPEAKER, PAYLOAD)
            assert parse_header(frame).length == HEADER_BYTES == 9
    assert lengths == {len(PAYLOAD) + OVERHEAD_BYTES: 70_000}


def test_the_header_says_slot_frontier_step_and_a_counter_from_2_to_the_24() -> None:
    ours, _ = room()
    sealer = FrameSealer(ours, 5, SPEAKER, os.urandom)
    header = parse_header(sealer.seal(PAYLOAD, 3_000.0))
    assert split_kid(header.kid) == (5, ours.frontier_tag, 300 % 256)
    assert header.ctr == FIRST_COUNTER == 2**24


def test_the_counter_goes_on_through_slots_and_steps() -> None:
    ours, _ = room()
    sealer = FrameSealer(ours, 1, SPEAKER, os.urandom)
    counters = [parse_header(sealer.seal(PAYLOAD, 0.0)).ctr]
    sealer.slot = 2
    assert sealer.slot == 2
    counters.append(parse_header(sealer.seal(PAYLOAD, 0.0)).ctr)
    counters.append(parse_header(sealer.seal(PAYLOAD, 50.0)).ctr)
    assert counters == [2**24, 2**24 + 1, 2**24 + 2]


def test_the_counter_never_wraps() -> None:
    sealer, opener = talk()
    sealer._next_counter = COUNTER_LIMIT - 1
    last = sealer.seal(PAYLOAD, 0.0)
    assert heard(opener, last, 0.0) == (SPEAKER, PAYLOAD)
    assert len(last) == len(PAYLOAD) + OVERHEAD_BYTES
    with pytest.raises(LocalError):
        sealer.seal(PAYLOAD, 0.0)


def test_the_trailer_is_random_filler_inside_the_seal() -> None:
    ours, _ = room()
    asked: list[int] = []

    def rng(length: int) -> bytes:
        asked.append(length)
        return b"\xee" * length

    frame = FrameSealer(ours, 1, SPEAKER, rng).seal(PAYLOAD, 0.0)
    plaintext = ours.frame_key(1, SPEAKER, 0).open(frame, parse_header(frame))
    assert plaintext == PAYLOAD + b"\xee" * 12 + b"\0"
    assert asked == [12]


def test_a_trailer_of_another_type_is_refused() -> None:
    ours, theirs = room()
    key = ours.frame_key(1, SPEAKER, 0)
    frame = key.seal(FIRST_COUNTER, PAYLOAD + bytes(12) + b"\1")
    assert refusal(FrameOpener(theirs), frame) is Reason.TRAILER


def test_a_replayed_frame_is_refused_and_reordered_ones_are_not() -> None:
    sealer, opener = talk()
    frames = [sealer.seal(PAYLOAD, 0.0) for _ in range(10)]
    for frame in reversed(frames):
        heard(opener, frame, 0.0)
    assert {refusal(opener, frame) for frame in frames} == {Reason.REPLAY}


def test_a_replay_is_refused_at_every_time_also_after_the_window_was_dropped() -> None:
    sealer, opener = talk()
    frame = sealer.seal(PAYLOAD, 9.9)
    heard(opener, frame, 9.9)
    reasons = {at: refusal(opener, frame, at / 10) for at in range(99, 400)}
    assert all(reasons[at] is Reason.REPLAY for at in range(99, 120))
    assert all(reasons[at] is Reason.STEP for at in range(120, 400))
    assert not opener._heard
    assert heard(opener, sealer.seal(PAYLOAD, 40.0), 40.0) == (SPEAKER, PAYLOAD)


def test_the_window_of_a_frame_from_ahead_is_kept_until_its_step_is_over() -> None:
    sealer, opener = talk()
    frame = sealer.seal(PAYLOAD, 10.5)
    heard(opener, frame, 9.0)
    assert {refusal(opener, frame, at / 10) for at in range(90, 220)} == {Reason.REPLAY}
    assert refusal(opener, frame, 22.0) is Reason.STEP


def test_the_window_is_kept_for_the_latest_step_it_saw() -> None:
    sealer, opener = talk()
    early, late_to_come = sealer.seal(PAYLOAD, 9.9), sealer.seal(PAYLOAD, 9.9)
    last = sealer.seal(PAYLOAD, 10.5)
    for frame in (early, last, late_to_come):
        heard(opener, frame, 10.5)
    assert refusal(opener, last, 12.5) is Reason.REPLAY


def test_a_window_that_a_member_pushed_ahead_heals_when_the_step_is_over() -> None:
    ours, theirs = room()
    sealer, opener = FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)
    insider = keyring_from(ours.export(0), 0, 0.0, OTHER)
    pushed = insider.frame_key(1, SPEAKER, 0).seal(COUNTER_LIMIT - 1, PAYLOAD + bytes(13))
    heard(opener, pushed, 1.0)
    for at_s in range(1, 12):
        assert refusal(opener, sealer.seal(PAYLOAD, at_s), at_s) is Reason.REPLAY
    assert heard(opener, sealer.seal(PAYLOAD, 12.0), 12.0) == (SPEAKER, PAYLOAD)


def test_frames_one_step_off_open_and_move_nobody() -> None:
    ours, theirs = room()
    sealer, opener = FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)
    ahead = sealer.seal(PAYLOAD, 10.0)
    assert heard(opener, ahead, 9.0) == (SPEAKER, PAYLOAD)
    assert theirs.step == 0
    assert refusal(opener, sealer.seal(PAYLOAD, 20.0), 9.0) is Reason.STEP
    slow_ours, slow_theirs = room()
    late = FrameSealer(slow_ours, 1, SPEAKER, os.urandom).seal(PAYLOAD, 9.9)
    assert heard(FrameOpener(slow_theirs), late, 11.9) == (SPEAKER, PAYLOAD)


def test_an_unknown_slot_is_refused() -> None:
    ours, theirs = room()
    frame = FrameSealer(ours, 9, SPEAKER, os.urandom).seal(PAYLOAD, 0.0)
    assert refusal(FrameOpener(theirs), frame) is Reason.SLOT


def test_a_speaker_in_the_place_of_another_is_not_authentic() -> None:
    ours, theirs = room()
    frame = FrameSealer(ours, 2, SPEAKER, os.urandom).seal(PAYLOAD, 0.0)
    assert refusal(FrameOpener(theirs), frame) is Reason.SEAL


def test_a_frame_of_another_epoch_says_so() -> None:
    sealer, _ = talk()
    _, stranger = room()
    assert refusal(FrameOpener(stranger), sealer.seal(PAYLOAD, 0.0)) is Reason.FRONTIER


def test_a_forged_counter_far_ahead_does_not_close_the_window() -> None:
    sealer, opener = talk()
    frame = sealer.seal(PAYLOAD, 0.0)
    forged = encode_header(parse_header(frame).kid, 2**32 - 1) + frame[HEADER_BYTES:]
    assert refusal(opener, forged) is Reason.SEAL
    assert heard(opener, frame, 0.0) == (SPEAKER, PAYLOAD)


def test_headers_of_another_length_are_refused() -> None:
    ours, theirs = room()
    opener = FrameOpener(theirs)
    body = PAYLOAD + bytes(13)
    short_counter = ours.frame_key(1, SPEAKER, 0).seal(FIRST_COUNTER - 1, body)
    assert refusal(opener, short_counter) is Reason.HEADER
    for kid in (1, 1 << 32):
        assert refusal(opener, Key(kid, bytes(32)).seal(FIRST_COUNTER, body)) is Reason.HEADER
    slot_zero = Key(pack_kid(1, 0, 0) - 1, bytes(32)).seal(FIRST_COUNTER, body)
    assert refusal(opener, slot_zero) is Reason.HEADER


def test_lengths_are_bounded_on_both_sides() -> None:
    sealer, opener = talk()
    longest = sealer.seal(bytes(MAX_PLAINTEXT_BYTES), 0.0)
    assert len(longest) == MAX_FRAME_BYTES
    heard(opener, longest, 0.0)
    with pytest.raises(LocalError):
        sealer.seal(bytes(MAX_PLAINTEXT_BYTES + 1), 0.0)
    for length in (0, 1, OVERHEAD_BYTES - 1, MAX_FRAME_BYTES + 1):
        assert refusal(opener, bytes(length)) is Reason.LENGTH


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_mutated_frames_raise_nothing_but_a_refusal(data: st.DataObject) -> None:
    sealer, opener = talk()
    frame = sealer.seal(PAYLOAD, 0.0)
    place = data.draw(st.integers(0, len(frame) - 1))
    flip = data.draw(st.integers(1, 255))
    mutated = frame[:place] + bytes((frame[place] ^ flip,)) + frame[place + 1 :]
    noise = data.draw(st.binary(max_size=MAX_FRAME_BYTES + 50))
    for bad in (mutated, frame[: data.draw(st.integers(0, len(frame) - 1))], frame + noise[:9]):
        if bad != frame:
            refusal(opener, bad)
    refusal(opener, noise)
    assert heard(opener, frame, 0.0) == (SPEAKER, PAYLOAD)


@pytest.mark.parametrize("slot", [0, 64, -1])
def test_a_slot_out_of_range_is_our_own_fault(slot: int) -> None:
    ours, _ = room()
    with pytest.raises(LocalError):
        FrameSealer(ours, slot, SPEAKER, os.urandom)


def test_a_member_id_of_a_wrong_length_is_our_own_fault() -> None:
    ours, _ = room()
    with pytest.raises(LocalError):
        FrameSealer(ours, 1, b"short", os.urandom)


def everything_the_words_give(key: RoomKey, genesis: Genesis, r: bytes) -> list[bytes]:
    """All that follows from the words and from what a listener on the wire sees besides them."""
    relay = b"\x09" * 32
    known = [key.secret, r, genesis.encode(), genesis.room_id, key.psk(), key.lan_key()]
    known.append(key.relay_tag(relay))
    for hour in range(3):
        known.append(key.record_key(hour))
        known.extend(key.slot_seed(hour, number) for number in range(4))
    return known


def stretched(secret: bytes) -> bytes:
    return (secret + bytes(32))[:32]


def test_the_words_alone_open_no_captured_frame() -> None:
    genesis = Genesis(2, b"\x01" * 32, b"\x02" * 32, "open", 1_700_000_000, b"\x03" * 32)
    r = b"\x04" * 16
    key = RoomKey.create(genesis, r)
    ours = Keyring.create(os.urandom)
    frame = FrameSealer(ours, 1, SPEAKER, os.urandom).seal(PAYLOAD, 0.0)
    header = parse_header(frame)
    assert split_kid(header.kid).tag == ours.frontier_tag
    (epoch_id,) = ours.frontier.ids
    for known in everything_the_words_give(key, genesis, r):
        guess = keyring_from([(epoch_id, stretched(known), bytes(ours.pass_))], 0, 0.0, OTHER)
        assert refusal(FrameOpener(guess), frame) is Reason.SEAL
        for base_key in (known, bytes(guess.base_key(SPEAKER, 0)), bytes(ours.pass_)):
            with pytest.raises(RemoteError, match="not authentic"):
                Key(header.kid, base_key).open(frame, header)
    assert heard(FrameOpener(ours), frame, 0.0) == (SPEAKER, PAYLOAD)


def test_frame_keys_come_from_the_random_secret_and_from_nothing_of_the_room() -> None:
    asked: list[int] = []

    def rng(length: int) -> bytes:
        asked.append(length)
        return os.urandom(length)

    first, second = Keyring.create(rng), Keyring.create(rng)
    assert asked == [16, 32] * 2
    assert first.base_key(SPEAKER, 0) != second.base_key(SPEAKER, 0)


def test_a_captured_knock_opens_for_nobody_who_only_has_the_words() -> None:
    genesis = Genesis(2, b"\x01" * 32, b"\x02" * 32, "open", 1_700_000_000, b"\x03" * 32)
    psk = RoomKey.create(genesis, b"\x04" * 16).psk()
    door = Responder(b"\x05" * 32, psk, KNOCK, os.urandom)
    door_public = door._own.public
    captured = Caller(b"\x06" * 32, door_public, psk, KNOCK, b"offer", os.urandom).datagram
    thief = Responder(os.urandom(32), psk, KNOCK, os.urandom)
    thief._mac_key = door._mac_key
    with pytest.raises(RemoteError, match="not authentic"):
        thief.accept(captured)
    assert door.accept(captured).payload == b"offer"


NEXT, FRESH = b"\x0e" * 16, b"\x0f" * 32


def test_frames_under_an_old_frontier_open_beside_those_under_the_new_one() -> None:
    ours, theirs = room()
    sealer, opener = FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)
    early = sealer.seal(PAYLOAD, 0.0)
    for ring in (ours, theirs):
        adopt(ring, NEXT, FRESH, 0, ring.frontier.ids)
    late = sealer.seal(PAYLOAD, 0.0)
    assert parse_header(early).kid != parse_header(late).kid
    assert heard(opener, late, 0.0) == heard(opener, early, 0.0) == (SPEAKER, PAYLOAD)
    assert refusal(opener, early) is Reason.REPLAY


def test_a_refused_frame_names_the_holder_of_its_slot() -> None:
    ours, theirs = room()
    adopt(ours, NEXT, FRESH, 0, ours.frontier.ids)
    frame = FrameSealer(ours, 1, SPEAKER, os.urandom).seal(PAYLOAD, 0.0)
    with pytest.raises(FrameError) as unknown:
        heard(FrameOpener(theirs), frame, 0.0)
    assert (unknown.value.reason, unknown.value.member_id) == (Reason.FRONTIER, SPEAKER)


def test_nothing_is_sealed_while_the_keyring_waits_for_a_newer_key() -> None:
    ours, _ = room()
    sealer = FrameSealer(ours, 1, SPEAKER, os.urandom)
    ours.waiting = True
    with pytest.raises(LocalError):
        sealer.seal(PAYLOAD, 0.0)
    assert sealer.sealed_count == 0


# --- what a key id stands for, looked up once -----------------------------------------------------


def test_what_a_key_id_stands_for_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = room()
    sealer, opener = FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)
    first, second = sealer.seal(PAYLOAD, 0.0), sealer.seal(PAYLOAD, 0.0)
    assert opener.open(first, SLOTS) == (SPEAKER, PAYLOAD)
    for name in ("frontier_of", "live_step", "frame_key", "opened"):
        monkeypatch.setattr(Keyring, name, None)
    assert opener.open(second, SLOTS) == (SPEAKER, PAYLOAD)


@pytest.mark.parametrize("slots", [{2: OTHER}, {1: OTHER, 2: SPEAKER}, {}])
def test_who_was_heard_a_moment_ago_and_is_removed_is_not_heard(slots: dict[int, bytes]) -> None:
    sealer, opener = talk()
    opener.open(sealer.seal(PAYLOAD, 0.0), SLOTS)
    with pytest.raises(FrameError) as caught:
        opener.open(sealer.seal(PAYLOAD, 0.0), slots)
    assert caught.value.reason in (Reason.SLOT, Reason.SEAL)
    assert opener.open(sealer.seal(PAYLOAD, 0.0), SLOTS) == (SPEAKER, PAYLOAD)


def test_who_was_heard_through_a_relay_is_not_heard_on_anothers_link() -> None:
    sealer, opener = talk()
    opener.open(sealer.seal(PAYLOAD, 0.0), SLOTS)
    with pytest.raises(FrameError, match="slot"):
        opener.open(sealer.seal(PAYLOAD, 0.0), SLOTS, OTHER)
    assert opener.open(sealer.seal(PAYLOAD, 0.0), SLOTS, SPEAKER) == (SPEAKER, PAYLOAD)


def test_nothing_is_kept_of_a_step_that_is_over_though_no_frame_comes_any_more() -> None:
    ours, theirs = room()
    theirs.trial.time_from = None
    opener, frame = FrameOpener(theirs), FrameSealer(ours, 1, SPEAKER, os.urandom).seal(PAYLOAD, 9)
    opener.open(frame, SLOTS)
    assert theirs.keys.known
    theirs.advance(12.0)
    assert not theirs.keys.known
    assert not theirs.keys
    assert refusal(opener, frame, 12.0) is Reason.STEP


def test_who_is_shut_out_goes_on_under_the_old_epochs_for_twenty_seconds_and_no_longer() -> None:
    ours, theirs = room()
    theirs.trial.time_from = None
    sealer, opener = FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)
    heard(opener, sealer.seal(PAYLOAD, 15.0), 15.0)
    adopt(theirs, NEXT, FRESH, 1, theirs.frontier.ids)
    heard(opener, sealer.seal(PAYLOAD, 34.9), 34.9)
    assert refusal(opener, sealer.seal(PAYLOAD, 34.9), 35.0) is Reason.FRONTIER


def test_a_secret_that_is_replaced_opens_nothing_any_more() -> None:
    ours, theirs = room()
    (epoch,) = theirs.frontier.ids
    theirs.trial.end(epoch)
    theirs.trial.time_from = None
    sealer, opener = FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)
    opener.open(sealer.seal(PAYLOAD, 0.0), SLOTS)
    theirs.replace(epoch, FRESH, 0, bytes(32), OTHER)
    assert refusal(opener, sealer.seal(PAYLOAD, 0.0)) is Reason.SEAL
    theirs.replace(epoch, ours.export(0)[0][1], 0, bytes(32), OTHER)
    assert opener.open(sealer.seal(PAYLOAD, 0.0), SLOTS) == (SPEAKER, PAYLOAD)


def test_the_givers_own_sound_never_ends_the_trial_and_anothers_does_also_after_it() -> None:
    ours, theirs = room()
    opener = FrameOpener(theirs)
    givers, others = (FrameSealer(ours, slot, SLOTS[slot], os.urandom) for slot in (2, 1))
    for _ in range(2):
        opener.open(givers.seal(PAYLOAD, 0.0), SLOTS)
        assert theirs.trial.time_from == OTHER
    opener.open(others.seal(PAYLOAD, 0.0), SLOTS)
    assert theirs.trial.time_from is None
    assert theirs.trial.giver(theirs.frontier.ids[0]) is None


STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from([1, 2]), st.sampled_from([SPEAKER, OTHER])),
    st.tuples(st.just("say"), st.just(1), st.just(SPEAKER)),
    st.tuples(st.just("again"), st.integers(0, 9), st.just(b"")),
    st.tuples(st.just("wait"), st.integers(1, 15), st.just(b"")),
    st.tuples(st.just("turn"), st.booleans(), st.just(b"")),
    st.tuples(st.just("slots"), st.sampled_from([{}, {1: OTHER}, SLOTS]), st.just(b"")),
    st.tuples(st.just("given"), st.booleans(), st.just(b"")),
)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, min_size=10, max_size=40))
def test_what_was_looked_up_before_changes_no_answer(
    steps: list[tuple[str, object, bytes]],
) -> None:
    ours = Keyring.create(os.urandom)
    rings = [keyring_from(ours.export(0), 0, 0.0, OTHER) for _ in range(2)]
    openers = [FrameOpener(ring) for ring in rings]
    sealer = {who: FrameSealer(ours, 1, who, os.urandom) for who in (SPEAKER, OTHER)}
    said: list[bytes] = []
    now, slots, turns = 0.0, SLOTS, 0

    def answers(frame: bytes) -> None:
        rings[1].keys.known.clear()
        got = []
        for opener in openers:
            try:
                got.append(repr(opener.open(frame, slots)))
            except FrameError as error:
                got.append(repr((error.reason, error.member_id)))
        assert got[0] == got[1]

    for kind, what, who in steps:
        match kind, what:
            case "say", int(slot):
                sealer[who].slot = slot
                said.append(sealer[who].seal(PAYLOAD, now))
                answers(said[-1])
            case "again", int(back) if said:
                answers(said[-1 - back % len(said)])
            case "wait", int(seconds):
                now += seconds
                for ring in (ours, *rings):
                    ring.advance(now)
            case "turn", bool(all_of_us):
                turns += 1
                epoch, heads = bytes((turns,)) * 16, ours.frontier.ids
                for ring in (ours, *rings) if all_of_us else (ours,):
                    adopt(ring, epoch, FRESH, ring.step, heads)
            case "slots", dict(them):
                slots = them
            case "given", bool(true):
                epoch = ours.frontier.ids[0]
                secret = ours.export(ours.step, [epoch])[0][1] if true else FRESH
                for ring in rings:
                    if ring.knows(epoch):
                        ring.replace(epoch, secret, ring.step, bytes(32), OTHER)
        one, other = [(r.doubted, r.is_out_of_step, r.trial.time_from) for r in rings]
        assert one == other
