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


def refusal(opener: FrameOpener, frame: bytes, at_s: float = 0.0) -> Reason:
    with pytest.raises(FrameError) as caught:
        opener.open(frame, SLOTS, at_s)
    return caught.value.reason


def test_a_frame_comes_out_as_it_went_in_and_names_its_speaker() -> None:
    sealer, opener = talk()
    assert opener.open(sealer.seal(PAYLOAD, 0.0), SLOTS, 0.0) == (SPEAKER, PAYLOAD)
    assert opener.open(sealer.seal(b"", 0.0), SLOTS, 0.0) == (SPEAKER, b"")
    assert sealer.sealed_count == 2


def test_the_first_the_300th_and_the_70000th_frame_have_one_length() -> None:
    sealer, opener = talk()
    lengths: Counter[int] = Counter()
    for number in range(1, 70_001):
        at_s = number * 0.02
        frame = sealer.seal(PAYLOAD, at_s)
        lengths[len(frame)] += 1
        if number in (1, 300, 70_000):
            assert opener.open(frame, SLOTS, at_s) == (SPEAKER, PAYLOAD)
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
    assert opener.open(last, SLOTS, 0.0) == (SPEAKER, PAYLOAD)
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
        opener.open(frame, SLOTS, 0.0)
    assert {refusal(opener, frame) for frame in frames} == {Reason.REPLAY}


def test_a_replay_is_refused_at_every_time_also_after_the_window_was_dropped() -> None:
    sealer, opener = talk()
    frame = sealer.seal(PAYLOAD, 9.9)
    opener.open(frame, SLOTS, 9.9)
    reasons = {at: refusal(opener, frame, at / 10) for at in range(99, 400)}
    assert all(reasons[at] is Reason.REPLAY for at in range(99, 120))
    assert all(reasons[at] is Reason.STEP for at in range(120, 400))
    assert not opener._heard
    assert opener.open(sealer.seal(PAYLOAD, 40.0), SLOTS, 40.0) == (SPEAKER, PAYLOAD)


def test_the_window_of_a_frame_from_ahead_is_kept_until_its_step_is_over() -> None:
    sealer, opener = talk()
    frame = sealer.seal(PAYLOAD, 10.5)
    opener.open(frame, SLOTS, 9.0)
    assert {refusal(opener, frame, at / 10) for at in range(90, 220)} == {Reason.REPLAY}
    assert refusal(opener, frame, 22.0) is Reason.STEP


def test_the_window_is_kept_for_the_latest_step_it_saw() -> None:
    sealer, opener = talk()
    early, late_to_come = sealer.seal(PAYLOAD, 9.9), sealer.seal(PAYLOAD, 9.9)
    last = sealer.seal(PAYLOAD, 10.5)
    for frame in (early, last, late_to_come):
        opener.open(frame, SLOTS, 10.5)
    assert refusal(opener, last, 12.5) is Reason.REPLAY


def test_a_window_that_a_member_pushed_ahead_heals_when_the_step_is_over() -> None:
    ours, theirs = room()
    sealer, opener = FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)
    insider = keyring_from(ours.export(0), 0, 0.0, OTHER)
    pushed = insider.frame_key(1, SPEAKER, 0).seal(COUNTER_LIMIT - 1, PAYLOAD + bytes(13))
    opener.open(pushed, SLOTS, 1.0)
    for at_s in range(1, 12):
        assert refusal(opener, sealer.seal(PAYLOAD, at_s), at_s) is Reason.REPLAY
    assert opener.open(sealer.seal(PAYLOAD, 12.0), SLOTS, 12.0) == (SPEAKER, PAYLOAD)


def test_frames_one_step_off_open_and_move_nobody() -> None:
    ours, theirs = room()
    sealer, opener = FrameSealer(ours, 1, SPEAKER, os.urandom), FrameOpener(theirs)
    ahead = sealer.seal(PAYLOAD, 10.0)
    assert opener.open(ahead, SLOTS, 9.0) == (SPEAKER, PAYLOAD)
    assert theirs.step == 0
    assert refusal(opener, sealer.seal(PAYLOAD, 20.0), 9.0) is Reason.STEP
    slow_ours, slow_theirs = room()
    late = FrameSealer(slow_ours, 1, SPEAKER, os.urandom).seal(PAYLOAD, 9.9)
    assert FrameOpener(slow_theirs).open(late, SLOTS, 11.9) == (SPEAKER, PAYLOAD)


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
    assert opener.open(frame, SLOTS, 0.0) == (SPEAKER, PAYLOAD)


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
    opener.open(longest, SLOTS, 0.0)
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
    assert opener.open(frame, SLOTS, 0.0) == (SPEAKER, PAYLOAD)


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
    assert FrameOpener(ours).open(frame, SLOTS, 0.0) == (SPEAKER, PAYLOAD)


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
    assert opener.open(late, SLOTS, 0.0) == opener.open(early, SLOTS, 0.0) == (SPEAKER, PAYLOAD)
    assert refusal(opener, early) is Reason.REPLAY


def test_a_refused_frame_names_the_holder_of_its_slot() -> None:
    ours, theirs = room()
    adopt(ours, NEXT, FRESH, 0, ours.frontier.ids)
    frame = FrameSealer(ours, 1, SPEAKER, os.urandom).seal(PAYLOAD, 0.0)
    with pytest.raises(FrameError) as unknown:
        FrameOpener(theirs).open(frame, SLOTS, 0.0)
    assert (unknown.value.reason, unknown.value.member_id) == (Reason.FRONTIER, SPEAKER)


def test_nothing_is_sealed_while_the_keyring_waits_for_a_newer_key() -> None:
    ours, _ = room()
    sealer = FrameSealer(ours, 1, SPEAKER, os.urandom)
    ours.waiting = True
    with pytest.raises(LocalError):
        sealer.seal(PAYLOAD, 0.0)
    assert sealer.sealed_count == 0
