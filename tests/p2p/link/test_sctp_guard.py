import struct

import pytest
from aiortc.rtcsctptransport import parse_packet
from google_crc32c import value as crc32c
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import RemoteError
from p2p.link.sctp_guard import check_packet


def chunk(kind, body, length=None):
    head = struct.pack("!BBH", kind, 3, len(body) + 4 if length is None else length)
    return head + body + bytes(-len(body) % 4)


def packet(*chunks):
    head, body = struct.pack("!HHL", 5000, 5000, 1), b"".join(chunks)
    return head + struct.pack("<L", crc32c(head + bytes(4) + body)) + body


def data_chunk(tsn=101, stream=0, content=b"x"):
    return chunk(0, struct.pack("!LHHL", tsn, stream, 0, 53) + content)


def sack(gaps, *, count=None, duplicates=0):
    body = struct.pack("!LLHH", 100, 1 << 20, len(gaps) if count is None else count, duplicates)
    return chunk(3, body + b"".join(struct.pack("!HH", *gap) for gap in gaps))


INIT_FIELDS = struct.pack("!LLHHL", 1, 1 << 20, 65535, 65535, 100)
PARAMETER = struct.pack("!HH", 0xC000, 4)


def check(*chunks, last_tsn=100, established=True):
    check_packet(packet(*chunks), last_tsn=last_tsn, established=established)


@pytest.mark.parametrize(
    "chunks",
    [
        [data_chunk()],
        [data_chunk(101), data_chunk(102, content=b"xyz")],
        [data_chunk(100)],
        [data_chunk(50)],
        [data_chunk(100 + 2048)],
        [sack([])],
        [sack([(2, 3), (5, 5)])],
        [sack([(2, 3)], duplicates=0), data_chunk()],
        [chunk(2, INIT_FIELDS + PARAMETER)],
        [chunk(4, b"\x00\x01\x00\x08abcd")],
        [chunk(5, b"")],
        [chunk(6, b"")],
        [chunk(9, b"")],
        [chunk(10, bytes(24))],
        [chunk(11, b"")],
    ],
)
def test_what_our_own_data_channel_sends_passes(chunks):
    check(*chunks)


def test_a_first_init_passes_and_a_late_one_does_not():
    check(chunk(1, INIT_FIELDS + PARAMETER), last_tsn=None, established=False)
    with pytest.raises(RemoteError):
        check(chunk(1, INIT_FIELDS + PARAMETER))


@pytest.mark.parametrize(
    "chunks",
    [
        [chunk(0, b"", length=0)],
        [chunk(0, b"", length=3)],
        [chunk(0, bytes(20), length=40)],
        [data_chunk(content=b"")],
        [data_chunk(stream=1)],
        [data_chunk(tsn=100 + 2049)],
        [data_chunk(tsn=100 + (1 << 31) - 1)],
        [chunk(3, bytes(8))],
        [sack([], count=5)],
        [sack([], duplicates=1)],
        [sack([(0, 1)])],
        [sack([(3, 2)])],
        [sack([(2, 5), (4, 6)])],
        [sack([(1, 65535)])],
        [chunk(1, INIT_FIELDS), data_chunk()],
        [data_chunk(), chunk(1, INIT_FIELDS)],
        [chunk(2, bytes(8))],
        [chunk(2, INIT_FIELDS + struct.pack("!HH", 7, 0))],
        [chunk(4, struct.pack("!HH", 1, 3))],
        [chunk(6, struct.pack("!HH", 1, 50))],
        [chunk(7, bytes(4))],
        [chunk(8, b"")],
        [chunk(14, b"")],
        [chunk(130, bytes(16))],
        [chunk(192, bytes(8))],
        [chunk(99, b"")],
        [chunk(11, b"")] * 33,
    ],
)
def test_what_it_never_sends_is_refused(chunks):
    with pytest.raises(RemoteError):
        check(*chunks, established=False)


def test_data_before_there_is_an_association_is_refused():
    with pytest.raises(RemoteError):
        check(data_chunk(), last_tsn=None)


def test_a_packet_without_a_chunk_is_refused():
    with pytest.raises(RemoteError):
        check_packet(packet(), last_tsn=None, established=False)


chunks = st.builds(
    chunk,
    st.sampled_from([0, 1, 2, 3, 4, 5, 6, 9, 10, 11]),
    st.binary(max_size=64),
)


@given(st.lists(chunks, min_size=1, max_size=4), st.none() | st.just(0), st.booleans())
def test_the_implementation_behind_can_read_whatever_passes(parts, last_tsn, established):
    data = packet(*parts)
    try:
        check_packet(data, last_tsn=last_tsn, established=established)
    except RemoteError:
        return
    parse_packet(data)
