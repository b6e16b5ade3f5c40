from hypothesis import given
from hypothesis import strategies as st

from crypto.epoch import Keyring
from crypto.frame import FIRST_COUNTER, FrameSealer
from p2p.wire.hop import HEARTBEAT, TREE_FLAG, counter_of, for_tree, tree_slot


def rng(count: int) -> bytes:
    return bytes(count)


@given(st.integers(1, 63), st.integers(0, 1), st.integers(0, 400))
def test_the_slot_of_a_sealed_frame_is_read_without_a_key(slot, profile, room_s) -> None:
    sealer = FrameSealer(Keyring.create(rng), slot, b"m" * 16, rng)
    frame = bytes((profile,)) + sealer.seal(b"p" * 20, float(room_s))
    assert tree_slot(frame) is None
    assert for_tree(frame)[0] == TREE_FLAG | profile
    assert for_tree(frame)[1:] == frame[1:]
    assert tree_slot(for_tree(frame)) == slot


def test_the_number_of_a_sealed_frame_is_read_without_a_key() -> None:
    sealer = FrameSealer(Keyring.create(rng), 2, b"m" * 16, rng)
    sealed = [b"\0" + sealer.seal(b"p", 0.0) for _ in range(3)]
    assert [counter_of(frame) for frame in sealed] == [FIRST_COUNTER + n for n in range(3)]


@given(st.binary(max_size=60))
def test_other_bytes_have_no_slot_or_one_in_range(data) -> None:
    assert tree_slot(data) is None or 1 <= tree_slot(data) <= 63


def test_a_heartbeat_is_no_frame() -> None:
    assert tree_slot(HEARTBEAT) is None
    assert tree_slot(b"\x80\xbb\x00" + bytes(60)) is None
    assert tree_slot(b"\x80\x00\x08" + bytes(60)) is None
