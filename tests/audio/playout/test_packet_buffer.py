import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.codec.framer import MAX_SEQ, Packet
from audio.playout.packet_buffer import (
    BURST_PACKETS,
    RATE_PER_S,
    WINDOW_FRAMES,
    Backlog,
    JitterCounts,
)


def _packet(seq: int, *, copies: bool = False, last: bool = False) -> Packet:
    held = [(seq - back, b"copy %d" % (seq - back)) for back in (1, 2, 5) if back <= seq]
    return Packet(seq, (b"frame %d" % seq,), tuple(held) if copies else (), last=last)


@pytest.fixture
def counts():
    return JitterCounts()


@pytest.fixture
def backlog(counts):
    return Backlog(counts)


def test_the_first_packet_begins_the_numbering_and_its_copies_are_too_old(backlog):
    assert backlog.put(_packet(70, copies=True), 0.0) is None
    assert (backlog.due, backlog.first) == (70, 70)
    assert backlog.take().data == b"frame 70"
    assert backlog.take() is None
    assert backlog.due == 71


def test_frames_leave_in_order_whatever_order_they_came_in(backlog):
    for seq in (10, 13, 11, 12):
        backlog.put(_packet(seq), 0.0)
    assert [backlog.take().data for _ in range(4)] == [b"frame %d" % n for n in range(10, 14)]


def test_a_copy_stands_in_until_the_frame_comes(backlog):
    backlog.put(_packet(10), 0.0)
    assert backlog.put(_packet(12, copies=True), 0.0) == [12, 11]
    assert backlog.put(_packet(13, copies=True), 0.0) == [13]
    assert backlog.put(_packet(11), 0.0) == []
    backlog.take()
    frame = backlog.take()
    assert (frame.data, frame.is_copy) == (b"frame 11", False)


def test_a_copy_of_a_lost_frame_is_marked(backlog):
    backlog.put(_packet(10), 0.0)
    backlog.put(_packet(12, copies=True), 0.0)
    backlog.take()
    frame = backlog.take()
    assert (frame.data, frame.is_copy) == (b"copy 11", True)


def test_late_content_is_counted_once_and_still_reported(backlog, counts):
    backlog.put(_packet(10), 0.0)
    backlog.drop()
    backlog.drop()
    assert backlog.put(_packet(11), 0.0) == [11]
    assert backlog.put(_packet(11), 0.0) == []
    assert (counts.late, counts.unplayed) == (2, 2)
    assert backlog.first is None


def test_duplicates_are_counted(backlog, counts):
    for _ in range(3):
        backlog.put(_packet(10), 0.0)
    assert counts.duplicate == 2


@pytest.mark.parametrize("seq", [0, 1000 - WINDOW_FRAMES - 1, 1000 + WINDOW_FRAMES + 1, MAX_SEQ])
def test_one_packet_from_far_away_changes_nothing(backlog, counts, seq):
    backlog.put(_packet(1000), 0.0)
    assert backlog.put(_packet(seq), 0.0) == []
    assert counts.implausible == 1
    assert backlog.put(_packet(1001), 0.0) == [1001]
    assert (backlog.due, backlog.first) == (1000, 1000)


def test_two_packets_in_a_row_from_far_away_are_a_new_numbering(backlog, counts):
    backlog.put(_packet(1000), 0.0)
    backlog.put(_packet(5000), 0.0)
    assert backlog.put(_packet(5001, copies=True), 0.0) is None
    assert (backlog.due, backlog.first) == (5001, 5001)
    assert backlog.put(_packet(5002, copies=True), 0.0) == [5002]


def test_far_packets_with_a_good_one_between_are_no_new_numbering(backlog):
    backlog.put(_packet(1000), 0.0)
    backlog.put(_packet(5000), 0.0)
    backlog.put(_packet(1001), 0.0)
    backlog.put(_packet(5001), 0.0)
    assert backlog.due == 1000


def test_the_end_before_a_pause_is_known_once_it_is_due(backlog):
    backlog.put(_packet(10), 0.0)
    backlog.put(_packet(11, last=True), 0.0)
    ended = [backlog.ended]
    for _ in range(2):
        backlog.take()
        ended.append(backlog.ended)
    assert ended == [False, False, True]
    backlog.put(_packet(12), 5.0)
    backlog.take()
    assert not backlog.ended


def test_a_flood_is_cut_to_the_rate_of_a_speaker(backlog, counts):
    for n in range(100_000):
        backlog.put(_packet(n % 50), n / 10_000)
    passed = counts.received - counts.flooded
    assert passed <= BURST_PACKETS + 10.0 * RATE_PER_S + 1
    backlog.put(_packet(3), 12.0)
    assert counts.flooded == 100_000 - passed


def test_time_that_runs_backwards_earns_nothing(backlog, counts):
    for n in range(300):
        backlog.put(_packet(n % 50), 1000.0 - n)
    assert counts.flooded == 300 - BURST_PACKETS


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.integers(0, MAX_SEQ), st.booleans()),
            st.tuples(st.just("put"), st.integers(900, 1200), st.booleans()),
            st.tuples(st.just("take"), st.just(0), st.just(False)),
            st.tuples(st.just("drop"), st.just(0), st.just(False)),
        ),
        max_size=300,
    )
)
def test_memory_is_bounded_whatever_comes(steps):
    backlog = Backlog(JitterCounts())
    for index, (what, seq, copies) in enumerate(steps):
        if what == "put":
            backlog.put(_packet(seq, copies=copies), index * 0.01)
        elif what == "take":
            backlog.take()
        else:
            backlog.drop()
        assert len(backlog._frames) <= WINDOW_FRAMES + 1
        assert len(backlog._seen) <= 6 * WINDOW_FRAMES


def test_a_long_stream_keeps_only_a_little_in_mind(backlog):
    for seq in range(20_000):
        backlog.put(_packet(seq, copies=True), seq * 0.02)
        backlog.take()
    assert len(backlog._seen) <= 4 * WINDOW_FRAMES + 2
