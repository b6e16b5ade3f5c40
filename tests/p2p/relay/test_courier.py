import itertools
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from p2p.errors import RemoteError
from p2p.relay.courier import (
    ASK_RATE,
    CARRY_RATE,
    DOORS_SHOWN,
    ITEM_RATE,
    LINKS_MAX,
    MAINLINE_RATE,
    PAIRS_PER_LINK,
    SEATLESS_SHOWN,
    Courier,
    ItemHanded,
    LookupAsked,
)
from p2p.wire.card import card_handle
from p2p.wire.messages import (
    Bye,
    Cards,
    CarryDoor,
    Doors,
    DoorUp,
    Items,
    Resolve,
    Resolved,
    ResolvedMainline,
    ResolveMainline,
)

TAG, OTHER_TAG = b"t" * 16, b"u" * 16
DOOR, NEWCOMER, STRANGER = 1, 2, 3


def a_courier(rooms: Mapping[int, bytes] = MappingProxyType({})) -> Courier:
    """``rooms``: in which room which link has a seat."""
    counter = itertools.count(1)
    courier = Courier(lambda n: next(counter).to_bytes(n, "big"), rooms.get)
    for link in (DOOR, NEWCOMER, STRANGER):
        courier.link_up(link, 0.0)
    return courier


def with_a_door() -> Courier:
    courier = a_courier()
    courier.receive(DoorUp(TAG, b"card"), DOOR, 0.0)
    return courier


def test_a_newcomer_gets_the_cards_of_its_tag_only() -> None:
    courier = with_a_door()
    courier.receive(DoorUp(TAG, b"card"), DOOR, 0.0)  # said again: no change
    courier.receive(Doors(TAG), NEWCOMER, 0.0)
    courier.receive(Doors(OTHER_TAG), NEWCOMER, 0.0)
    assert courier.to_send() == [
        (NEWCOMER, Cards(TAG, (b"card",))),
        (NEWCOMER, Cards(OTHER_TAG, ())),
    ]
    assert courier.to_send() == []
    assert courier.doors == 1


def test_a_knock_goes_to_the_door_and_its_answer_comes_back() -> None:
    courier = with_a_door()
    courier.receive(CarryDoor(card_handle(b"card"), b"knock"), NEWCOMER, 0.0)
    [(to, carried)] = courier.to_send()
    assert to == DOOR
    assert carried.blob == b"knock"
    assert carried.handle != card_handle(b"card")
    courier.receive(CarryDoor(carried.handle, b"welcome"), DOOR, 0.0)
    assert courier.to_send() == [(NEWCOMER, CarryDoor(carried.handle, b"welcome"))]
    courier.receive(CarryDoor(card_handle(b"card"), b"again"), NEWCOMER, 0.0)
    courier.receive(CarryDoor(carried.handle, b"third"), NEWCOMER, 0.0)
    assert courier.to_send() == [
        (DOOR, CarryDoor(carried.handle, b"again")),
        (DOOR, CarryDoor(carried.handle, b"third")),
    ]


def test_a_third_link_cannot_use_the_handle_of_a_pair() -> None:
    courier = with_a_door()
    courier.receive(CarryDoor(card_handle(b"card"), b"knock"), NEWCOMER, 0.0)
    [(_, carried)] = courier.to_send()
    with pytest.raises(RemoteError):
        courier.receive(CarryDoor(carried.handle, b"x"), STRANGER, 0.0)


def test_nobody_takes_over_anothers_card() -> None:
    courier = with_a_door()
    with pytest.raises(RemoteError):
        courier.receive(DoorUp(TAG, b"card"), STRANGER, 0.0)


def test_a_link_has_two_doors_at_most_and_the_newest_count() -> None:
    courier = with_a_door()
    courier.receive(DoorUp(TAG, b"card 2"), DOOR, 0.0)
    courier.receive(DoorUp(OTHER_TAG, b"card 3"), DOOR, 0.0)
    courier.receive(Doors(TAG), NEWCOMER, 0.0)
    assert courier.to_send() == [(NEWCOMER, Cards(TAG, (b"card 2",)))]


def test_with_the_link_go_its_doors_and_pairs() -> None:
    courier = with_a_door()
    courier.receive(CarryDoor(card_handle(b"card"), b"knock"), NEWCOMER, 0.0)
    [(_, carried)] = courier.to_send()
    courier.link_down(DOOR)
    courier.link_down(DOOR)
    assert (courier.doors, courier.links) == (0, 2)
    for handle in (carried.handle, card_handle(b"card")):
        with pytest.raises(RemoteError):
            courier.receive(CarryDoor(handle, b"x"), NEWCOMER, 0.0)
    with pytest.raises(RemoteError):
        courier.receive(Doors(TAG), DOOR, 0.0)


def test_a_door_may_share_its_tag_and_its_going_leaves_the_other() -> None:
    courier = with_a_door()
    courier.receive(DoorUp(TAG, b"other"), STRANGER, 0.0)
    courier.link_down(DOOR)
    courier.receive(Doors(TAG), NEWCOMER, 0.0)
    assert courier.to_send() == [(NEWCOMER, Cards(TAG, (b"other",)))]


def test_a_door_that_knocks_at_itself_does_no_harm() -> None:
    courier = with_a_door()
    courier.receive(CarryDoor(card_handle(b"card"), b"x"), DOOR, 0.0)
    assert len(courier.to_send()) == 1
    courier.link_down(DOOR)


def shown(courier: Courier) -> list[bytes]:
    courier.receive(Doors(TAG), NEWCOMER, 60.0)
    [(_, answer)] = courier.to_send()
    return list(answer.cards)


def with_cards(courier: Courier, links: range, name: bytes) -> None:
    for link in links:
        courier.link_up(link, 0.0)
        courier.receive(DoorUp(TAG, name + b" %d" % link), link, 0.0)


def test_forged_cards_of_links_without_a_seat_hide_no_door_of_a_member() -> None:
    rooms: dict[int, bytes] = {}
    courier = a_courier(rooms)
    with_cards(courier, range(100, 132), b"forged")
    courier.receive(DoorUp(TAG, b"honest"), DOOR, 0.0)
    assert b"honest" in shown(courier)  # its link has just come up
    rooms[DOOR] = b"room"
    with_cards(courier, range(132, 164), b"forged")
    assert shown(courier)[0] == b"honest"
    assert len(shown(courier)) == 1 + SEATLESS_SHOWN


def test_who_invents_rooms_to_sit_in_hides_only_its_share_of_the_doors() -> None:
    rooms = dict.fromkeys(range(200, 210), b"room")
    rooms |= {link: b"invented %d" % (link % 3) for link in range(100, 160)}
    courier = a_courier(rooms)
    with_cards(courier, range(100, 160), b"forged")
    with_cards(courier, range(200, 210), b"honest")
    cards = shown(courier)
    assert len(cards) == DOORS_SHOWN
    assert sum(card.startswith(b"honest") for card in cards) == 8


def test_where_many_members_sit_newcomers_without_a_seat_are_still_shown() -> None:
    courier = a_courier(dict.fromkeys(range(100, 140), b"room"))
    with_cards(courier, range(100, 140), b"member")
    with_cards(courier, range(300, 302), b"newcomer")
    cards = shown(courier)
    assert cards[-2:] == [b"newcomer 300", b"newcomer 301"]
    assert len(cards) == DOORS_SHOWN


def test_look_ups_and_items_are_handed_on() -> None:
    courier = a_courier()
    courier.receive(Resolve(b"i" * 20), NEWCOMER, 0.0)
    courier.receive(Items((b"one", b"two")), DOOR, 0.0)
    assert courier.next_event() == LookupAsked(NEWCOMER, b"i" * 20)
    assert courier.next_event() == ItemHanded(DOOR, b"one")
    assert courier.next_event() == ItemHanded(DOOR, b"two")
    assert courier.next_event() is None
    courier.resolved(LookupAsked(NEWCOMER, b"i" * 20), [b"v"] * 9)
    courier.resolved(LookupAsked(99, b"i" * 20), [b"v"])
    assert courier.to_send() == [(NEWCOMER, Resolved(b"i" * 20, (b"v",) * 8))]


def test_what_is_looked_up_in_bittorrents_network_is_answered_as_such() -> None:
    courier = a_courier()
    courier.receive(ResolveMainline(b"i" * 20), NEWCOMER, 0.0)
    asked = LookupAsked(NEWCOMER, b"i" * 20, in_mainline=True)
    assert courier.next_event() == asked
    courier.resolved(asked, [b"v"] * 9)
    assert courier.to_send() == [(NEWCOMER, ResolvedMainline(b"i" * 20, (b"v",) * 4))]


def test_every_kind_of_request_has_its_limit() -> None:
    courier = with_a_door()
    limits = (
        (Doors(TAG), ASK_RATE),
        (CarryDoor(card_handle(b"card"), b"x"), CARRY_RATE),
        (Items((b"item",)), ITEM_RATE),
        (ResolveMainline(b"i" * 20), MAINLINE_RATE),
    )
    for message, rate in limits:
        for _ in range(int(rate.burst)):
            courier.receive(message, NEWCOMER, 0.0)
        with pytest.raises(RemoteError):
            courier.receive(message, NEWCOMER, 0.0)
    courier.receive(Doors(TAG), NEWCOMER, 60.0)


def test_links_doors_and_pairs_are_bounded() -> None:
    courier = Courier(lambda n: next(numbers).to_bytes(n, "big"), lambda _: b"room")
    numbers = itertools.count(1)
    for link in range(LINKS_MAX):
        courier.link_up(link, 0.0)
    with pytest.raises(RemoteError):
        courier.link_up(LINKS_MAX, 0.0)
    for link in range(DOORS_SHOWN + 1):
        courier.receive(DoorUp(TAG, b"%d" % link), link, 0.0)
    courier.receive(Doors(TAG), 100, 0.0)
    [(_, shown)] = courier.to_send()
    assert shown.cards == tuple(b"%d" % link for link in range(DOORS_SHOWN))
    handle = card_handle(b"0")
    for link in range(100, 100 + PAIRS_PER_LINK):
        courier.receive(CarryDoor(handle, b"x"), link, 0.0)
    with pytest.raises(RemoteError):
        courier.receive(CarryDoor(handle, b"x"), 200, 0.0)


def test_messages_between_members_are_refused() -> None:
    with pytest.raises(RemoteError):
        a_courier().receive(Bye(), DOOR, 0.0)
