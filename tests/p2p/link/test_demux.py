import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from p2p.link.demux import KINDS, Kind, stun_head


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (0, Kind.STUN),
        (3, Kind.STUN),
        (4, Kind.UNKNOWN),
        (16, Kind.UNKNOWN),
        (19, Kind.UNKNOWN),
        (20, Kind.DTLS),
        (63, Kind.DTLS),
        (64, Kind.UNKNOWN),
        (99, Kind.UNKNOWN),
        (101, Kind.UNKNOWN),
        (127, Kind.UNKNOWN),
        (128, Kind.MEDIA),
        (191, Kind.MEDIA),
        (192, Kind.OWN),
        (255, Kind.OWN),
    ],
)
def test_the_first_byte_tells_the_protocol(first, kind):
    assert KINDS[first] is kind


def request(**attributes):
    names = {"USERNAME": "abcdefgh:remote", "PRIORITY": 1} | attributes
    return bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST, b"t" * 12, names))


def test_a_request_names_the_receivers_link():
    head = stun_head(request())
    assert (head.transaction, head.answer, head.ufrag) == (b"t" * 12, False, b"abcdefgh")


def test_the_user_name_is_found_behind_other_attributes():
    later = request(USERNAME="x:y")
    message = stun.Message(
        stun.Method.BINDING,
        stun.Class.REQUEST,
        b"t" * 12,
        {"SOFTWARE": "abc", "PRIORITY": 1, "USERNAME": "later:x"},
    )
    assert stun_head(bytes(message)).ufrag == b"later"
    assert stun_head(later).ufrag == b"x"


@pytest.mark.parametrize("message_class", [stun.Class.RESPONSE, stun.Class.ERROR])
def test_a_response_is_known_by_its_transaction(message_class):
    data = bytes(stun.Message(stun.Method.BINDING, message_class, b"u" * 12, {"PRIORITY": 1}))
    head = stun_head(data)
    assert (head.transaction, head.answer, head.ufrag) == (b"u" * 12, True, b"")


def test_what_names_nobody_has_an_empty_name():
    without = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST, b"t" * 12, {}))
    assert stun_head(without).ufrag == b""
    many = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, b"t" * 12, {})
    body = b"\x80\x22\x00\x00" * 40
    data = bytes(many)[:2] + len(body).to_bytes(2, "big") + bytes(many)[4:] + body
    assert stun_head(data).ufrag == b""
    long = request(USERNAME="n" * 600)
    assert stun_head(long).ufrag == b""


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        request()[:19],
        request()[:-1],
        request() + b"\x00",
        request()[:4] + b"\x00\x00\x00\x00" + request()[8:],
        bytes(stun.Message(stun.Method.BINDING, stun.Class.INDICATION, b"t" * 12, {})),
    ],
)
def test_what_is_no_request_or_response_has_no_head(data):
    assert stun_head(data) is None


@given(st.binary(min_size=1, max_size=200))
def test_no_bytes_make_it_fail(data):
    stun_head(data)
    stun_head(data[:2] + max(0, len(data) - 20).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + data[8:])
