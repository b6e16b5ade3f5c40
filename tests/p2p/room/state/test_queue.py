"""The queue: one order, and no way to the front but being early at the host."""

from hypothesis import given
from hypothesis import strategies as st

from lab.room_people import People
from p2p.room.ops import kinds
from p2p.room.ops.kinds import HandRef
from p2p.room.state.queue import queue_of


def name(people: People, *numbers: int) -> None:
    seqs = {op.author: op.seq for op in people.ops if isinstance(op.body, kinds.Hand)}
    hands = tuple(HandRef(people.ids[n], seqs[people.ids[n]]) for n in numbers)
    people.write(0, kinds.Order, people.state().named, hands)


def test_the_hosts_order_is_everybodys():
    people = People(4)
    for number in (1, 2, 3, 4):
        people.raise_hand(number)
    name(people, 3, 1)
    name(people, 4)
    state = people.state()
    assert state.queue[:3] == tuple(people.ids[n] for n in (3, 1, 4))
    assert state.queue[3:] == (people.ids[2],)
    assert [hand.member for hand in state.unnamed] == [people.ids[2]]


def test_naming_a_hand_again_does_not_move_it():
    people = People(3)
    for number in (1, 2, 3):
        people.raise_hand(number)
    name(people, 2, 3)
    name(people, 3, 1, 2)
    assert people.state().queue == tuple(people.ids[n] for n in (2, 3, 1))


def test_an_order_ends_with_the_hands_it_named():
    people = People(2)
    people.raise_hand(1)
    people.raise_hand(2)
    name(people, 1, 2)
    people.write(1, kinds.Hand, False)
    people.raise_hand(1)
    assert people.state().queue == (people.ids[2], people.ids[1])
    assert people.state().unnamed[0].member == people.ids[1]


@given(st.permutations(range(8)), st.integers(0, 8))
def test_named_hands_stand_before_unnamed_ones(order, named):
    raised = [(HandRef(bytes([n]) * 16, 1), bytes([n]) * 16) for n in range(8)]
    places = {raised[n][0]: (at, 0, b"", b"") for at, n in enumerate(order[:named])}
    queue, unnamed, base = queue_of([raised[n] for n in order], places)
    assert base == named
    assert queue[:named] == tuple(bytes([n]) * 16 for n in order[:named])
    assert queue[named:] == tuple(hand.member for hand in unnamed)
    assert list(queue[named:]) == sorted(queue[named:])
