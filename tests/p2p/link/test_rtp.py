import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import RemoteError
from p2p.link.rtp import Packetizer, clock_now, clock_of, ssrc_in, ssrc_of, unpack


def test_packets_carry_frames_with_rising_numbers_from_a_low_start():
    packets = Packetizer(0xCAFE)
    headers = [packets.header() for _ in range(70_000)]
    assert [number for number, _ in headers] == list(range(70_000))
    seqs = [unpack(header + b"frame", 0xCAFE)[0] for _, header in headers]
    assert seqs[:3] == [1, 2, 3]
    assert seqs[65_534:65_537] == [65_535, 0, 1]


def test_the_clock_of_a_member_counts_packets_and_that_of_a_relay_tells_the_time():
    packets = Packetizer(0xCAFE)
    clocks = [clock_of(packets.header()[1]) for _ in range(3)]
    assert clocks == [0, 960, 1920]
    packets.began = clock_now() - 48_000
    assert 48_000 <= clock_of(packets.header()[1]) < 96_000
    packets.began = clock_now() - (1 << 32) - 48_000
    assert 48_000 <= clock_of(packets.header()[1]) < 96_000


def test_the_frame_comes_out_as_it_went_in():
    assert unpack(Packetizer(1).header()[1] + b"\x00frame", 1) == (1, b"\x00frame")


def test_only_what_the_packetizer_makes_is_accepted():
    good = Packetizer(1).header()[1] + b"frame"
    for bad in (
        good[:12],
        b"\x90" + good[1:],
        good[:1] + b"\x60" + good[2:],
        good[:8] + b"\x00\x00\x00\x02" + good[12:],
        b"",
    ):
        with pytest.raises(RemoteError):
            unpack(bad, 1)


@given(st.binary(max_size=60))
def test_no_bytes_make_it_fail(data):
    try:
        unpack(data, 1)
    except RemoteError:
        return


def test_each_direction_of_each_link_has_its_own_source():
    assert len({ssrc_of("a", "b"), ssrc_of("b", "a"), ssrc_of("a", "c"), ssrc_of("ab", "")}) == 4


def test_the_source_of_a_media_packet_is_read():
    assert ssrc_in(bytes([0x80, 111]) + bytes(6) + b"\x01\x02\x03\x04" + b"x") == 0x01020304


@pytest.mark.parametrize("data", [b"\x80", b"\x80" * 12, bytes([0x80, 200]) + bytes(30)])
def test_short_packets_and_control_packets_have_no_source(data):
    assert ssrc_in(data) is None


@given(st.binary(max_size=200))
def test_whatever_comes_a_source_is_read_or_is_none(data):
    ssrc_in(data)
