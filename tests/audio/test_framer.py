import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audio.errors import PayloadError
from audio.framer import COPY_OFFSETS, MAX_SEQ, PAYLOAD_BYTES, Framer, Packet, unpack
from audio.opus import LOW_RATE_BYTES, PRIMARY_BYTES

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
            for back in COPY_OFFSETS
            if back <= index
        )
        assert unpack(payload) == Packet(first_seq + index, primary, copies, speaking)


def test_the_first_the_300th_and_the_70000th_payload_have_one_size():
    framer = Framer()
    sizes = [len(framer.pack(_primary(1), _low(1))) for _ in range(70_000)]
    assert set(sizes) == {PAYLOAD_BYTES} == {156}
    assert framer.next_seq == 70_000


def test_the_layout_of_a_payload_stays_as_documented():
    framer = Framer(0x01020304)
    for n in range(6):
        payload = framer.pack(_primary(n), _low(n), speaking=True, last=n == 5)
    assert payload[:6] == bytes([0x01, 0b00011111]) + (0x01020309).to_bytes(4, "big")
    assert payload[6:66] == _primary(5)
    assert payload[66:] == _low(4) + _low(2) + _low(0)


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
def test_foreign_bytes_are_refused_or_are_exactly_a_payload(payload):
    try:
        packet = unpack(payload)
    except PayloadError:
        return
    assert _repacked(packet) == payload


@given(st.integers(0, PAYLOAD_BYTES * 8 - 1), st.integers(0, 6))
def test_a_payload_with_one_bit_turned_is_refused_or_packs_to_the_same_bytes(bit, before):
    framer = Framer(100)
    for n in range(before):
        framer.pack(_primary(n), _low(n))
    payload = bytearray(framer.pack(_primary(before), _low(before)))
    payload[bit // 8] ^= 1 << bit % 8
    try:
        packet = unpack(bytes(payload))
    except PayloadError:
        return
    assert _repacked(packet) == payload


def _repacked(packet: Packet) -> bytes:
    flags = 0
    body = b""
    copies = dict(packet.copies)
    for index, back in enumerate(COPY_OFFSETS):
        copy = copies.get(packet.seq - back)
        flags |= (copy is not None) << index
        body += copy or bytes(LOW_RATE_BYTES)
    flags |= packet.speaking << 3 | packet.last << 4
    return bytes([1, flags]) + packet.seq.to_bytes(4, "big") + packet.primary + body


MALFORMED = {
    "empty": b"",
    "short": bytes([1]) + bytes(PAYLOAD_BYTES - 2),
    "long": bytes([1]) + bytes(PAYLOAD_BYTES),
    "profile": bytes([2]) + bytes(PAYLOAD_BYTES - 1),
    "reserved flag": bytes([1, 0x20]) + bytes(PAYLOAD_BYTES - 2),
    "copy before the first frame": bytes([1, 0x02, 0, 0, 0, 2]) + bytes(PAYLOAD_BYTES - 6),
    "bytes where no copy is": bytes([1]) + bytes(PAYLOAD_BYTES - 2) + b"x",
}


@pytest.mark.parametrize("payload", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_payloads_are_refused(payload):
    with pytest.raises(PayloadError):
        unpack(payload)
