import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.contact import WEB_MAX_CHARS, Contact, PackedContact
from crypto.errors import LocalError, RemoteError

DH = b"d" * 32


@pytest.mark.parametrize("kind", ["door", "relay"])
@pytest.mark.parametrize(
    "address",
    [
        ("203.0.113.7", 1),
        ("127.0.0.1", 65535),
        ("192.168.1.2", 4433),
        ("2001:db8::1", 4433),
        ("::1", 4433),
        ("fe80::1", 4433),
    ],
)
def test_a_contact_comes_back(address, kind):
    contact = Contact(DH, address, kind)
    assert Contact.unpack(contact.pack()) == contact


@pytest.mark.parametrize("ip", ["203.0.113.7", "2001:db8::1", "100::1"])
@pytest.mark.parametrize("web", ["a.b:9", "wss://relay.example/x", "n" * WEB_MAX_CHARS])
def test_a_relay_with_a_name_comes_back(ip, web):
    contact = Contact(DH, (ip, 443), "relay", web)
    packed = contact.pack()
    assert packed.endpoint[18:] == web.encode()
    found = Contact.unpack(packed)
    assert (found, found.web) == (contact, web)


@pytest.mark.parametrize("web", ["a b:9", "a\n:9", "tea.例:9", "n" * (WEB_MAX_CHARS + 1), "\x00"])
def test_a_name_that_is_none_is_refused(web):
    with pytest.raises(LocalError):
        Contact(DH, ("203.0.113.7", 443), "relay", web).pack()
    endpoint = bytes(10) + b"\xff\xff\xcb\x00\x71\x07\x01\xbb" + web.encode()
    with pytest.raises(RemoteError):
        Contact.unpack(PackedContact(1, DH, endpoint))


@pytest.mark.parametrize(
    ("host", "plain"), [("::ffff:203.0.113.7", "203.0.113.7"), ("fe80::1%eth0", "fe80::1")]
)
def test_mapped_addresses_and_zones_are_made_plain(host, plain):
    assert Contact.unpack(Contact(DH, (host, 9)).pack()).address == (plain, 9)


@pytest.mark.parametrize(
    "contact",
    [
        Contact(DH, ("tea.example", 9)),
        Contact(DH, ("", 9)),
        Contact(DH, ("0.0.0.0", 9)),
        Contact(DH, ("::", 9)),
        Contact(DH, ("224.0.0.1", 9)),
        Contact(DH, ("ff02::1", 9)),
        Contact(DH, ("255.255.255.255", 9)),
        Contact(DH, ("240.0.0.1", 9)),
        Contact(DH, ("0.1.2.3", 9)),
        Contact(DH, ("203.0.113.7", 0)),
        Contact(DH, ("203.0.113.7", -1)),
        Contact(DH, ("203.0.113.7", 65536)),
        Contact(b"d" * 31, ("203.0.113.7", 9)),
        Contact(DH, ("203.0.113.7", 9), "host"),
    ],
)
def test_a_contact_nobody_could_use_is_our_own_mistake(contact):
    with pytest.raises(LocalError):
        contact.pack()


@pytest.mark.parametrize(
    "endpoint",
    [
        bytes(4) + b"\x00\x09",
        bytes(16) + b"\x00\x09",
        b"\xe0\x00\x00\x01\x00\x09",
        b"\xff\xff\xff\xff\x00\x09",
        b"\xcb\x00\x71\x07\x00\x00",
        bytes(10) + b"\xff\xff\xcb\x00\x71\x07" + b"\x00\x09",
        b"\xcb\x00\x71\x07\x01\x00\x09",
        b"\xcb\x00\x71\x07" * 4 + b"\x09",
    ],
)
def test_a_foreign_contact_of_no_host_is_refused(endpoint):
    with pytest.raises(RemoteError):
        Contact.unpack(PackedContact(0, DH, endpoint))


@given(st.binary(min_size=6, max_size=18), st.integers(0, 1))
def test_foreign_endpoints_are_refused_or_come_back(endpoint, kind):
    packed = PackedContact(kind, DH, endpoint)
    try:
        contact = Contact.unpack(packed)
    except RemoteError:
        return
    assert contact.pack() == packed


@pytest.mark.parametrize(
    "value", [[2, DH, bytes(6)], [0, DH[1:], bytes(6)], [0, DH, bytes(5)], [0, DH, bytes(99)], [0]]
)
def test_the_wire_form_is_bounded(value):
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=PackedContact)
