import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audio.codec.framer import (
    HALL,
    MAX_SEQ,
    PAYLOAD_BYTES,
    PROFILES,
    SLIM,
    TABLE,
    THIN,
    Framer,
    Packet,
    profile_of,
    unpack,
)
from audio.codec.opus import LOW_RATE_BYTES, PRIMARY_BYTES, THIN_BYTES
from audio.errors import PayloadError

frames = st.tuples(
    st.binary(min_size=PRIMARY_BYTES, max_size=PRIMARY_BYTES),
    st.binary(min_size=LOW_RATE_BYTES, max_size=LOW_RATE_BYTES),
    st.booleans(),
)


def _primary(n: int) -> bytes:
    return n.to_bytes(2, "big") * (PRIMARY_BYTES // 2)


def _low(n: int) -> bytes:
    return (n + 1).to_bytes(2, "big") * (LOW_RATE_BYTES // 2)


@given(st.lists(frames, max_size=12), st.integers(0, MAX_SEQ - 12))
def test_what_is_packed_comes_out_with_its_copies(stream, first_seq):
    framer = Framer(first_seq)
    for index, (primary, low_rate, speaking) in enumerate(stream):
        payload = framer.pack(primary, low_rate, speaking)
        assert len(payload) == PAYLOAD_BYTES
        copies = tuple(
            (first_seq + index - back, stream[index - back][1])
            for back in TABLE.offsets
            if back <= index
        )
        assert unpack(payload) == Packet(first_seq + index, (primary,), copies, speaking)


def test_the_first_the_300th_and_the_70000th_payload_have_one_size():
    framer = Framer()
    sizes = [len(framer.pack(_primary(1), _low(1))) for _ in range(70_000)]
    assert set(sizes) == {PAYLOAD_BYTES} == {196}
    assert framer.next_seq == 70_000


def test_the_layout_of_a_payload_stays_as_documented():
    framer = Framer(0x01020304)
    for n in range(6):
        payload = framer.pack(_primary(n), _low(n), speaking=True, last=n == 5)
    assert payload[:6] == bytes([0x01, 0b00011111]) + (0x01020309).to_bytes(4, "big")
    assert payload[6:76] == _primary(5)
    assert payload[76:] == _low(4) + _low(3) + _low(0)


def test_the_layout_of_a_payload_of_the_hall_stays_as_documented():
    framer = Framer(0x01020304, HALL)
    payloads = [framer.pack(_primary(n), _low(n), n == 6, last=n == 7) for n in range(8)]
    assert [payload is not None for payload in payloads] == [False, True] * 4
    payload = payloads[-1]
    assert len(payload) == HALL.payload_bytes == 306
    assert payload[:6] == bytes([0x02, 0b00011011]) + (0x0102030A).to_bytes(4, "big")
    assert payload[6:146] == _primary(6) + _primary(7)
    assert payload[146:226] == _low(4) + _low(5)
    assert payload[226:] == _low(2) + _low(3)
    assert payloads[1][146:] == bytes(160)
    packet = unpack(payload)
    assert packet.numbers == range(0x0102030A, 0x0102030C)
    assert [seq - 0x01020304 for seq, _ in packet.copies] == [4, 5, 2, 3]


def test_the_layout_of_a_payload_for_narrow_lines_stays_as_documented():
    framer = Framer(0x01020304, SLIM)
    payloads = [framer.pack(_low(n + 100), _low(n), n == 3, last=n == 5) for n in range(6)]
    assert [payload is not None for payload in payloads] == [False, False, True] * 2
    payload = payloads[-1]
    assert len(payload) == SLIM.payload_bytes == 246
    assert payload[:6] == bytes([0x03, 0b00011001]) + (0x01020307).to_bytes(4, "big")
    assert payload[6:126] == _low(103) + _low(104) + _low(105)
    assert payload[126:] == _low(0) + _low(1) + _low(2)
    assert [seq - 0x01020304 for seq, _ in unpack(payload).copies] == [0, 1, 2]
    assert payloads[2][126:] == bytes(120)


def test_the_layout_of_the_narrowest_payload_stays_as_documented():
    framer = Framer(0x01020304, THIN)
    frames = [bytes([n]) * THIN_BYTES for n in range(3)]
    payload = [framer.pack(frame, _low(0), speaking=True) for frame in frames][-1]
    assert payload == bytes([0x04, 0b00001000, 1, 2, 3, 4]) + b"".join(frames)
    assert len(payload) == THIN.payload_bytes == 84
    assert unpack(payload) == Packet(0x01020304, tuple(frames), (), True, profile=THIN)


def test_the_narrowest_payload_has_no_copies_to_claim():
    payload = bytes([0x04, 0b00000001, 0, 0, 0, 9]) + bytes(3 * THIN_BYTES)
    with pytest.raises(PayloadError):
        unpack(payload)


def test_a_stream_walks_through_all_profiles_without_a_gap_or_a_frame_twice():
    framer, numbers, n = Framer(), [], 0
    for profile in (TABLE, THIN, HALL, SLIM, TABLE, SLIM, THIN, TABLE):
        framer.switch(profile)
        for _ in range(7):
            payload = framer.pack(bytes(framer.profile.frame_bytes), _low(n))
            n += 1
            if payload is not None:
                packet = unpack(payload)
                numbers += packet.numbers
                assert all(seq < packet.seq for seq, _ in packet.copies)
    assert numbers == list(range(len(numbers)))
    assert len({profile.payload_bytes for profile in PROFILES.values()}) == len(PROFILES)


@pytest.mark.parametrize("profile", [TABLE, HALL])
def test_the_size_of_a_payload_tells_its_profile(profile):
    assert profile_of(bytes(profile.payload_bytes)) is profile
    with pytest.raises(PayloadError):
        profile_of(bytes(profile.payload_bytes + 1))


@given(st.lists(st.sampled_from([TABLE, HALL]), min_size=1, max_size=40))
def test_a_stream_goes_from_profile_to_profile_without_losing_or_repeating_a_frame(wishes):
    framer, sent = Framer(5), []
    for n, wish in enumerate(wishes * 3):
        framer.switch(wish)
        payload = framer.pack(_primary(n), _low(n))
        if payload is not None:
            sent.append(unpack(payload))
    numbers = [number for packet in sent for number in packet.numbers]
    assert numbers == list(range(5, 5 + len(numbers)))
    assert framer.next_seq == 5 + len(wishes * 3)
    assert all(copy == _low(seq - 5) for packet in sent for seq, copy in packet.copies)
    frames = [frame for packet in sent for frame in packet.frames]
    assert frames == [_primary(n) for n in range(len(frames))]


def test_a_switch_waits_for_the_payload_that_is_begun_and_a_restart_for_nothing():
    framer = Framer(0, HALL)
    assert framer.pack(_primary(0), _low(0)) is None
    framer.switch(TABLE)
    assert unpack(framer.pack(_primary(1), _low(1))).profile is HALL
    framer.switch(HALL)
    assert framer.pack(_primary(2), _low(2)) is None
    framer.switch(TABLE)
    framer.restart()
    assert unpack(framer.pack(_primary(0), _low(0))).profile is TABLE


def test_the_reach_of_copies_is_the_delay_that_makes_them_usable():
    assert [TABLE.reach_s(n) for n in range(5)] == pytest.approx([0.0, 0.02, 0.04, 0.1, 0.1])
    assert [HALL.reach_s(n) for n in range(4)] == pytest.approx([0.02, 0.06, 0.1, 0.1])


def test_after_a_restart_no_earlier_sound_is_sent_and_numbers_go_on():
    framer = Framer()
    for n in range(8):
        framer.pack(_primary(n), _low(n))
    framer.restart()
    first = unpack(framer.pack(_primary(8), _low(8)))
    second = unpack(framer.pack(_primary(9), _low(9)))
    assert (first.seq, first.copies) == (8, ())
    assert second.copies == ((8, _low(8)),)


def test_the_last_frame_before_a_pause_says_so():
    framer = Framer()
    assert not unpack(framer.pack(_primary(1), _low(1))).last
    assert unpack(framer.pack(_primary(2), _low(2), last=True)).last


@pytest.mark.parametrize(
    ("primary", "low_rate"), [(b"", _low(1)), (_primary(1), b""), (_primary(1) + b"x", _low(1))]
)
def test_frames_of_another_size_are_a_bug_of_the_caller(primary, low_rate):
    with pytest.raises(ValueError):
        Framer().pack(primary, low_rate)


def test_numbers_never_wrap():
    framer = Framer(MAX_SEQ)
    assert unpack(framer.pack(_primary(1), _low(1))).seq == MAX_SEQ
    with pytest.raises(ValueError, match="numbers"):
        framer.pack(_primary(1), _low(1))


@given(st.binary(max_size=2 * PAYLOAD_BYTES))
@example(bytes(PAYLOAD_BYTES))
@example(bytes([2]) + bytes(HALL.payload_bytes - 1))
def test_foreign_bytes_are_refused_or_are_exactly_a_payload(payload):
    try:
        packet = unpack(payload)
    except PayloadError:
        return
    assert _repacked(packet) == payload


@given(
    st.sampled_from([TABLE, HALL]), st.integers(0, HALL.payload_bytes * 8 - 1), st.integers(0, 6)
)
def test_a_payload_with_one_bit_turned_is_refused_or_packs_to_the_same_bytes(profile, bit, before):
    framer = Framer(100, profile)
    for n in range(before * profile.frames + profile.frames - 1):
        framer.pack(_primary(n), _low(n))
    payload = bytearray(framer.pack(_primary(before), _low(before)) or b"")
    payload[bit // 8 % len(payload)] ^= 1 << bit % 8
    try:
        packet = unpack(bytes(payload))
    except PayloadError:
        return
    assert _repacked(packet) == payload


def _repacked(packet: Packet) -> bytes:
    flags = 0
    body = b""
    copies = dict(packet.copies)
    for index, back in enumerate(packet.profile.offsets):
        held = [copies.get(seq - back) for seq in packet.numbers]
        flags |= (held[0] is not None) << index
        body += b"".join(copy or bytes(LOW_RATE_BYTES) for copy in held)
    flags |= packet.speaking << 3 | packet.last << 4
    head = bytes([packet.profile.code, flags]) + packet.seq.to_bytes(4, "big")
    return head + b"".join(packet.frames) + body


MALFORMED = {
    "empty": b"",
    "short": bytes([1]) + bytes(PAYLOAD_BYTES - 2),
    "long": bytes([1]) + bytes(PAYLOAD_BYTES),
    "profile": bytes([2]) + bytes(PAYLOAD_BYTES - 1),
    "reserved flag": bytes([1, 0x20]) + bytes(PAYLOAD_BYTES - 2),
    "copy before the first frame": bytes([1, 0x04, 0, 0, 0, 2]) + bytes(PAYLOAD_BYTES - 6),
    "bytes where no copy is": bytes([1]) + bytes(PAYLOAD_BYTES - 2) + b"x",
    "the code of the other": bytes([2]) + bytes(PAYLOAD_BYTES - 1),
    "hall: the code of the other": bytes([1]) + bytes(HALL.payload_bytes - 1),
    "hall: a third copy": bytes([2, 0x04, 0, 0, 0, 9]) + bytes(HALL.payload_bytes - 6),
    "hall: copies before the first": bytes([2, 1, 0, 0, 0, 1]) + bytes(HALL.payload_bytes - 6),
    "hall: bytes where no copy is": bytes([2]) + bytes(HALL.payload_bytes - 2) + b"x",
    "hall: beyond the last number": bytes([2, 0]) + b"\xff" * 4 + bytes(HALL.payload_bytes - 6),
}


@pytest.mark.parametrize("payload", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_payloads_are_refused(payload):
    with pytest.raises(PayloadError):
        unpack(payload)
