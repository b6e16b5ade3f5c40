import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import RemoteError
from p2p.wire.hop import HEARTBEAT, PROFILE_COUNT, TREE_FLAG
from p2p.wire.line_report import REPORT_BYTE, LineReport, decode_report

numbers = st.integers(0, 0xFFFF)


@given(numbers, numbers, st.integers(0, 0xFFFFFFFF))
def test_a_report_is_read_as_it_was_written(seq, received, arrival_ms):
    report = LineReport(seq, received, arrival_ms)
    assert report.encode()[0] == REPORT_BYTE
    assert decode_report(report.encode()) == report


def test_the_layout_of_a_report_stays_as_documented():
    assert LineReport(0x0102, 0x0304, 0x05060708).encode() == bytes((0x41, *range(1, 9)))


def test_numbers_and_the_clock_turn_over():
    assert decode_report(LineReport(0x10001, 0x10002, (1 << 32) + 3).encode()) == (1, 2, 3)


def test_no_frame_and_no_heartbeat_is_taken_for_a_report():
    hops = {HEARTBEAT[0]} | {hop | tree for hop in range(PROFILE_COUNT) for tree in (0, TREE_FLAG)}
    assert REPORT_BYTE not in hops


@pytest.mark.parametrize("size", [1, 8, 10, 300])
def test_a_report_of_another_length_is_refused(size):
    with pytest.raises(RemoteError):
        decode_report(b"\x41" + bytes(size - 1))
