"""Both ends without any socket: what a hostile other end may send, in any pieces."""

import itertools
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.errors import RemoteError
from p2p.link.demux import MAX_DATAGRAM_BYTES
from p2p.link.web.datagrams import PINGS_MAX, Datagrams
from p2p.link.web.ends import MemberEnd, RelayEnd
from p2p.link.web.proxy import Proxy
from p2p.link.web.tls import relay_context
from p2p.link.web.tls_pipe import TlsPipe
from p2p.link.web.upgrade import PAGES_MAX, UpgradeAnswer, UpgradeRequest
from p2p.wire.web_place import WebPlace
from tests.p2p.link.web.webclient import upgrade

KEY = bytes(range(32))
DATE = "Tue, 01 Dec 2026 00:00:00 GMT"
PLACE = WebPlace("relay.example", 443)
TLS = relay_context(None, None)
SHOWN = TLS.certificate
ANYBODY = ssl.create_default_context()
GOOD = upgrade(KEY)
FRAMES = b"\x82\x82\x00\x00\x00\x00\xc0\x01\x89\x80\x00\x00\x00\x00\x82\x81\x00\x00\x00\x00\xc1"


def relay_end() -> RelayEnd:
    return RelayEnd(None, UpgradeAnswer(KEY, DATE, None))


def fed(end: RelayEnd | MemberEnd, data: bytes, cuts: list[int]) -> list[bytes] | None:
    """Datagrams that came of it; None: the other end was refused."""
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    found: list[bytes] = []
    try:
        for at, to in itertools.pairwise(places):
            found += end.receive(data[at:to])
            end.outgoing()
    except RemoteError:
        return None
    return found


CUTS = st.lists(st.integers(0, 700), max_size=12)


@given(CUTS)
def test_however_it_is_cut_a_good_stream_gives_its_datagrams(cuts: list[int]) -> None:
    assert fed(relay_end(), GOOD + FRAMES, cuts) == [b"\xc0\x01", b"\xc1"]


@given(st.binary(max_size=600), CUTS)
def test_a_relay_takes_any_bytes_and_only_refuses(data: bytes, cuts: list[int]) -> None:
    end = relay_end()
    assert not fed(end, data, cuts)
    assert not end.is_open


@given(
    st.integers(0, len(GOOD) - 1),
    st.binary(max_size=6),
    st.integers(0, 6),
    CUTS,
)
def test_a_request_that_is_changed_somewhere_never_fails_otherwise(
    place: int, put: bytes, out: int, cuts: list[int]
) -> None:
    fed(relay_end(), GOOD[:place] + put + GOOD[place + out :] + FRAMES, cuts)


@given(st.binary(max_size=400), CUTS)
def test_any_bytes_behind_the_request_are_datagrams_or_refused(
    data: bytes, cuts: list[int]
) -> None:
    for datagram in fed(relay_end(), GOOD + data, cuts) or []:
        assert len(datagram) <= MAX_DATAGRAM_BYTES


@given(st.binary(max_size=3000), CUTS)
def test_what_a_relay_sends_a_member_is_bounded_too(data: bytes, cuts: list[int]) -> None:
    datagrams = Datagrams(client=True, received=b"")
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for at, to in itertools.pairwise(places):
        try:
            found = datagrams.receive(data[at:to])
        except RemoteError:
            return
        assert all(len(datagram) <= MAX_DATAGRAM_BYTES for datagram in found)


@given(st.binary(max_size=300), st.sampled_from(["http", "socks5"]), st.booleans(), CUTS)
def test_a_proxy_may_say_anything(data: bytes, kind: str, user: bool, cuts: list[int]) -> None:
    proxy = Proxy(kind, "127.0.0.1", 1, "tea" if user else "", "pot")
    request = UpgradeRequest(PLACE, KEY, bytes)
    end = MemberEnd(proxy.dialogue(PLACE), TlsPipe(ANYBODY, server=False, host=PLACE.host), request)
    end.begin()
    assert end.outgoing()
    assert not fed(end, data, cuts)
    assert not end.is_open


@given(st.binary(min_size=1, max_size=600), CUTS)
def test_no_bytes_harm_either_end_of_tls(data: bytes, cuts: list[int]) -> None:
    assert not fed(RelayEnd(TlsPipe(TLS, server=True), UpgradeAnswer(KEY, DATE, SHOWN)), data, cuts)
    request = UpgradeRequest(PLACE, KEY, bytes)
    member = MemberEnd(None, TlsPipe(ANYBODY, server=False, host=PLACE.host), request)
    member.begin()
    assert member.outgoing()[:1] == b"\x16"
    assert not fed(member, data, cuts)


@pytest.mark.parametrize("pings", [1, PINGS_MAX])
def test_a_ping_is_answered(pings: int) -> None:
    end = relay_end()
    assert end.receive(GOOD) == []
    end.outgoing()
    end.receive(b"\x89\x81\x00\x00\x00\x00x" * pings)
    assert end.outgoing() == b"\x8a\x01x" * pings


def test_pings_and_nothing_else_end_the_stream_and_pings_now_and_then_do_not() -> None:
    end, ping = relay_end(), b"\x89\x80\x00\x00\x00\x00"
    end.receive(GOOD)
    for _ in range(3 * PINGS_MAX):
        assert end.receive(ping + FRAMES)
    with pytest.raises(RemoteError, match="pings"):
        end.receive(ping * (PINGS_MAX + 1))


def test_a_stranger_gets_so_many_pages_over_one_connection() -> None:
    answer = UpgradeAnswer(KEY, DATE, SHOWN)
    page = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    answer.receive(page * (3 * PAGES_MAX))
    said = answer.outgoing()
    assert answer.ended
    assert said.count(b"HTTP/1.1 200 ") == PAGES_MAX
    assert said.count(b"keep-alive") == PAGES_MAX - 1
    assert answer.receive(page) is None
    assert answer.outgoing() == b""
