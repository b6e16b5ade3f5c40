import os

from crypto.record import Door, expiry_of, hour_of, open_record, seal_record
from crypto.roomkey import RoomKey
from p2p.dht.form import OURS
from p2p.dht.publisher import LOOK_AGAIN_S, REPUBLISH_S, Publisher, finished_items, merge

KEY = RoomKey(b"k" * 16)
NOON_S = 500_000 * 3600


def _door(number: int, port: int = 4000) -> Door:
    return Door(bytes([number]) * 32, (f"11.0.0.{number}", port), "door")


def _first_place(publisher, unix_s=NOON_S):
    return publisher.due(0.0, unix_s)[0]


def test_four_slots_are_due_at_once_and_from_minute_fifty_eight():
    publisher = Publisher(KEY, OURS, os.urandom)
    assert len(publisher.due(0.0, NOON_S)) == 4
    assert len(publisher.due(0.0, NOON_S + 49 * 60)) == 4
    assert len(publisher.due(0.0, NOON_S + 50 * 60)) == 8
    assert {each.hour for each in publisher.due(0.0, NOON_S + 3600)} == {hour_of(NOON_S) + 1}


def test_after_the_first_write_it_looks_again_soon_and_then_every_ten_minutes():
    publisher = Publisher(KEY, OURS, lambda count: b"\x80" * count)
    place = _first_place(publisher)
    publisher.wrote(place, 20, 0.0)
    assert place not in publisher.due(LOOK_AGAIN_S * 0.7, NOON_S)
    assert place in publisher.due(LOOK_AGAIN_S * 1.3, NOON_S)
    publisher.wrote(place, 20, 100.0)
    assert place not in publisher.due(100 + REPUBLISH_S * 0.7, NOON_S)
    assert place in publisher.due(100 + REPUBLISH_S * 1.3, NOON_S)


def test_what_could_not_be_stored_is_tried_again_ever_less_often():
    publisher = Publisher(KEY, OURS, lambda count: b"\x80" * count)
    place = _first_place(publisher)
    waits, now = [], 0.0
    for _ in range(12):
        publisher.wrote(place, 0, now)
        began = now
        while place not in publisher.due(now, NOON_S):
            now += 1
        waits.append(now - began)
    assert waits[0] <= 3
    assert waits == sorted(waits)
    assert max(waits) <= 121


def test_a_change_of_doors_makes_every_place_due_and_an_old_place_is_forgotten():
    publisher = Publisher(KEY, OURS, os.urandom)
    place = _first_place(publisher)
    publisher.wrote(place, 3, 0.0)
    publisher.changed(1.0)
    assert place in publisher.due(1.0, NOON_S)
    publisher.due(1.0, NOON_S + 3600)
    publisher.wrote(place, 3, 2.0)


def test_doors_of_others_are_kept_behind_ours_and_those_gone_left_out():
    publisher = Publisher(KEY, OURS, os.urandom)
    place = _first_place(publisher)
    first = publisher.seal(place, [_door(1)], (), [], NOON_S)
    second = publisher.seal(place, [_door(2)], (), [first], NOON_S)
    assert second.seq == first.seq + 1
    assert open_record(KEY, place.hour, second) == (_door(2), _door(1))
    third = publisher.seal(place, [_door(3)], {_door(1).dh}, [second], NOON_S)
    assert open_record(KEY, place.hour, third) == (_door(3), _door(2))


def test_an_item_that_has_all_our_doors_is_stored_again_as_it_is():
    publisher = Publisher(KEY, OURS, os.urandom)
    place = _first_place(publisher)
    both = publisher.seal(place, [_door(2), _door(1)], (), [], NOON_S)
    other = publisher.seal(place, [_door(3)], (), [], NOON_S + 30)
    assert publisher.seal(place, [_door(2)], (), [other, both], NOON_S + 60) is both
    assert publisher.seal(place, [_door(2)], {_door(1).dh}, [both], NOON_S + 60) is not both


def test_of_records_of_several_nets_each_gives_its_first_doors():
    publisher = Publisher(KEY, OURS, os.urandom)
    place = _first_place(publisher)
    crowd = [publisher.seal(place, [_door(n) for n in range(20, 32)], (), [], NOON_S + 50)]
    crowd.append(publisher.seal(place, [_door(1)], (), [], NOON_S))
    mine = publisher.seal(place, [_door(2)], (), crowd, NOON_S)
    expected = (_door(2), *(_door(n) for n in range(20, 24)), _door(1))
    assert open_record(KEY, place.hour, mine) == expected


def test_a_record_that_has_us_only_at_its_end_is_not_taken_for_ours():
    publisher = Publisher(KEY, OURS, os.urandom)
    place = _first_place(publisher)
    forged = [*(_door(n) for n in range(20, 31)), _door(2)]
    theirs = publisher.seal(place, forged, (), [], NOON_S)
    mine = publisher.seal(place, [_door(2)], (), [theirs], NOON_S)
    assert open_record(KEY, place.hour, mine)[0] == _door(2)


def test_a_door_that_moved_replaces_its_old_address():
    assert merge([_door(1, 5000)], [_door(1), _door(2)], ()) == [_door(1, 5000), _door(2)]


def test_a_record_never_holds_more_than_twelve_doors():
    assert len(merge([_door(99)], [_door(n) for n in range(1, 13)], ())) == 12


def test_no_doors_no_item_and_a_number_beyond_all_others_stops_nobody():
    publisher = Publisher(KEY, OURS, os.urandom)
    place = _first_place(publisher)
    assert publisher.seal(place, [], (), [], NOON_S) is None
    last = seal_record(
        KEY, place.hour, place.slot, [_door(1)], (1 << 63) - 1, expiry_of(place.hour), os.urandom
    )
    item = publisher.seal(place, [_door(2)], (), [last], NOON_S)
    item.check_seq(NOON_S)
    assert open_record(KEY, place.hour, item) == (_door(2), _door(1))


def test_an_item_at_our_place_that_we_can_not_open_is_overwritten():
    publisher = Publisher(KEY, OURS, os.urandom)
    here, there = publisher.due(0.0, NOON_S)[:2]
    foreign = publisher.seal(there, [_door(9)], (), [], NOON_S + 5)
    # The same signer with a seal of another room: somebody who has the key and spoils it.
    from crypto.item import Item

    spoiled = Item.create(KEY.slot_seed(here.hour, here.slot), 7, foreign.expires_s, b"junk")
    item = publisher.seal(here, [_door(1)], (), [spoiled], NOON_S)
    assert open_record(KEY, here.hour, item) == (_door(1),)
    assert item.seq > spoiled.seq


def test_finished_items_cover_this_hour_and_the_next_and_last_no_longer_than_items_may():
    items = finished_items(KEY, [_door(1)], NOON_S, os.urandom)
    assert len({each.target for each in items}) == 8
    for item in items:
        item.check_time(NOON_S)
