"""A few hours of bench/long_room.py, and some of its hands."""

import pytest

from lab.sim.long_life import LongRoom
from lab.sim.many_hands import ManyHands
from lab.sim.once import pure_parts_once


@pytest.mark.slow
def test_a_room_goes_on_when_its_host_is_gone_and_people_come_and_go() -> None:
    with pure_parts_once():
        life = LongRoom(seed=7, hours=3).live(sample_hours=2)
    assert life.problems == []
    assert life.epochs >= 12


def test_members_that_look_at_their_clocks_as_a_step_turns_do_not_differ() -> None:
    with pure_parts_once():
        room = LongRoom(seed=7, hours=1)
        for number, client in enumerate(room.world.clients):
            client.room_time.put_forward(4.99 if number % 2 else 5.01)
        room._judge(1)
    assert room.life.problems == []


def test_all_clients_show_the_same_order_of_many_hands() -> None:
    with pure_parts_once():
        together = ManyHands(3, clients=6, members=40).together()
        apart = ManyHands(4, clients=6, members=40).apart()
    assert together.agreed_after_s <= 2.0
    assert apart.agreed_after_s <= 10.0
