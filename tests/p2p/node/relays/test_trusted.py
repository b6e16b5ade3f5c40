import pytest

from crypto.contact import Contact
from crypto.invite import Invite
from crypto.roomkey import RoomKey
from p2p.dht.contact import NodeContact
from p2p.node.relays.trusted import (
    RelayPlaces,
    TrustedRelays,
    look_up,
    looked_up_again,
    places_of,
)
from p2p.wire.addresses import NOWHERE
from p2p.wire.web_place import WebPlace

KEY, OTHER = bytes(range(32)), b"o" * 32
V4, V6, MOVED = ("203.0.113.7", 4433), ("2001:db8::7", 4433), ("203.0.113.8", 443)
NAME = WebPlace("relay.example", 443)
WSS = WebPlace("relay.example", 443, "/tea")


def line(web: WebPlace) -> NodeContact:
    return NodeContact(web.address, KEY, web)


def test_every_line_of_a_relay_is_a_place_where_it_is_found():
    named = [line(WSS), NodeContact(V4, KEY), NodeContact(V6, KEY), line(NAME)]
    relays = TrustedRelays.of(named, [NodeContact(V4, OTHER)], None, {NAME: [MOVED]})
    assert [relay.dh for relay in relays.contacts] == [KEY, OTHER]
    assert relays.contacts[0].address == V4, "others are told an address, as one is known"
    assert relays.contacts[0].web == str(WSS)
    assert relays.places[KEY] == RelayPlaces(
        (V4, V6, MOVED), (WSS, WebPlace(*V4), WebPlace(*V6), NAME)
    )


def test_what_was_named_comes_before_the_invite_and_that_before_the_lists():
    mine, theirs, listed = (bytes([n]) * 32 for n in (1, 2, 3))
    invite = Invite(RoomKey(bytes(16)), (Contact(theirs, V4, "relay"), Contact(KEY, V6, "door")))
    relays = TrustedRelays.of(
        [NodeContact(V4, mine)], [NodeContact(V4, listed), NodeContact(V6, theirs)], invite, {}
    )
    assert [relay.dh for relay in relays.contacts] == [mine, theirs, listed]
    assert relays.places[theirs].addresses == (V4, V6)


def test_by_the_web_alone_there_is_no_address_and_a_name_of_no_kind_is_none():
    assert places_of(Contact(KEY, (NOWHERE, 443), "relay", str(WSS))) == RelayPlaces((), (WSS,))
    assert places_of(Contact(KEY, V4, "relay", "wss://a b")) == RelayPlaces((V4,), (WebPlace(*V4),))
    unknown = places_of(Contact(KEY, (NOWHERE, 443), "relay", str(NAME)))
    assert unknown == RelayPlaces((), (NAME,)), "streams look it up again"


async def test_only_names_that_udp_needs_are_looked_up(monkeypatch: pytest.MonkeyPatch):
    asked = []

    async def look(_loop: object, host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        if host != "relay.example":
            raise OSError
        answers = (("::ffff:203.0.113.8", port, 0, 0), ("0.0.0.0", port), (*MOVED,))
        return [(0, 0, 0, "", answer) for answer in answers]

    monkeypatch.setattr("asyncio.base_events.BaseEventLoop.getaddrinfo", look)
    gone = WebPlace("gone.example", 443)
    lines = [line(NAME), line(WSS), line(gone), NodeContact(V4, OTHER)]
    assert await look_up(lines) == {NAME: [MOVED]}
    assert sorted(asked) == ["gone.example", "relay.example"]
    moved = await looked_up_again(RelayPlaces((V4,), (NAME, WSS)))
    assert moved == RelayPlaces((MOVED, V4), (NAME, WSS))
