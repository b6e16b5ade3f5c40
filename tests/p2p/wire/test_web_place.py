import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import RemoteError
from p2p.wire.addresses import NOWHERE
from p2p.wire.web_place import MAX_CHARS, WebPlace


@pytest.mark.parametrize(
    ("text", "place", "again"),
    [
        ("203.0.113.7:4433", ("203.0.113.7", 4433, ""), ""),
        ("[2001:DB8::7]:4433", ("2001:db8::7", 4433, ""), "[2001:db8::7]:4433"),
        ("[::ffff:203.0.113.7]:9", ("203.0.113.7", 9, ""), "203.0.113.7:9"),
        ("Relay.Example.org:443", ("relay.example.org", 443, ""), "relay.example.org:443"),
        ("localhost:443", ("localhost", 443, ""), ""),
        ("茶.example:443", ("xn--cl1a.example", 443, ""), "xn--cl1a.example:443"),
        ("wss://relay.example.org/Tea", ("relay.example.org", 443, "/Tea"), ""),
        ("WSS://relay.example.org", ("relay.example.org", 443, "/"), "wss://relay.example.org/"),
        ("wss://relay.example.org:8443/a/b", ("relay.example.org", 8443, "/a/b"), ""),
        ("wss://[2001:db8::7]/x", ("2001:db8::7", 443, "/x"), ""),
        ("wss://[2001:db8::7]:44/x", ("2001:db8::7", 44, "/x"), ""),
        ("wss://203.0.113.7/", ("203.0.113.7", 443, "/"), ""),
    ],
)
def test_a_place_is_read_and_written_in_one_form(text, place, again):
    found = WebPlace.parse(text)
    assert found == WebPlace(*place)
    assert str(found) == (again or text)
    assert WebPlace.parse(str(found)) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("relay.example.org", "no port"),
        ("relay.example.org:0", "port"),
        ("relay.example.org:65536", "port"),
        ("relay.example.org:٤٤٣", "port"),
        ("2001:db8::7:4433", "brackets"),
        ("wss://2001:db8::7/x", "brackets"),
        ("0.0.0.0:443", "not the address of a node"),
        ("[fe80::1%eth0]:443", "not the address of a node"),
        ("127.1:443", "neither"),
        ("2130706433:443", "neither"),
        ("a..b:443", "neither"),
        (f"{'a' * 64}.example:443", "neither"),
        ("-a.example:443", "neither"),
        (":443", "neither"),
        ("user@relay.example:443", "neither"),
        ("wss://relay.example/a b", "path"),
        ("wss://relay.example/?q", "path"),
        ("wss://relay.example/\r\nX: y", "path"),
        ("https://relay.example/", "port"),
        ("a" * (MAX_CHARS + 1), "too long"),
    ],
)
def test_what_is_no_place_is_refused_with_a_reason(text, reason):
    with pytest.raises(RemoteError, match=reason):
        WebPlace.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_a_place_or_refused(text):
    try:
        found = WebPlace.parse(text)
    except RemoteError:
        return
    assert WebPlace.parse(str(found)) == found


def test_only_names_have_their_certificate_checked_and_no_address_of_their_own():
    assert WebPlace.parse("wss://relay.example/").is_checked
    assert not WebPlace.parse("relay.example:443").is_checked
    assert not WebPlace.parse("wss://203.0.113.7/").is_checked
    assert WebPlace.parse("203.0.113.7:4433").address == ("203.0.113.7", 4433)
    for text in ("wss://203.0.113.7/", "relay.example:443"):
        assert WebPlace.parse(text).address == (NOWHERE, 443)
