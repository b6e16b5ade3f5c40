"""What has to go out, and to whom."""

from lab.room_people import People
from p2p.room.ops import kinds
from p2p.room.ops.op import Op
from p2p.room.outbox import Outbox, Outgoing
from p2p.room.store.opset import OpSet


def holding(people: People, *ops: Op) -> OpSet:
    held = OpSet(people.genesis)
    for op in ops:
        held.insert(op)
    return held


def test_what_came_is_passed_on_once_to_all_but_its_sender():
    people = People(2)
    hand = people.raise_hand(1)
    ops = holding(people, *people.ops)
    box = Outbox()
    box.pass_on(people.ops[1], None)
    box.pass_on(hand, people.ids[2])
    assert box.take(ops) == [
        Outgoing(None, people.ops[1].data, None),
        Outgoing(None, hand.data, people.ids[2]),
    ]
    assert box.take(ops) == []


def test_what_counts_no_longer_is_not_passed_on():
    people = People(1)
    hand, other = people.raise_hand(1), people.raise_hand(1)
    box = Outbox()
    box.pass_on(hand, None)
    box.pass_on(other, None)
    assert box.take(holding(people, other)) == [Outgoing(None, other.data, None)]


def test_a_leave_is_passed_on_even_if_who_left_is_forgotten():
    people = People(1)
    leave = people.write(1, kinds.Leave)
    box = Outbox()
    box.pass_on(leave, None)
    assert box.take(holding(people)) == [Outgoing(None, leave.data, None)]
    assert box.take(holding(people)) == []


def test_who_believes_somebody_here_that_left_is_told_alone():
    people = People(2)
    leave = people.write(1, kinds.Leave)
    hand = people.raise_hand(2)
    box = Outbox()
    box.tell_left(people.ids[2], leave.data)
    box.pass_on(hand, None)
    assert box.take(holding(people, hand)) == [
        Outgoing(None, hand.data, None),
        Outgoing(people.ids[2], leave.data, None),
    ]
