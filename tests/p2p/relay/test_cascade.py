"""One relay in the tree of a room; what the others say is written here by hand."""

from p2p.relay.cascade import CHILDREN_MAX, LINK_S, TOLD, TURNED, Cascade, Part, Reach, Say
from p2p.wire.relay_messages import JoinTree, Standing

ROOM = bytes(32)
A, B, C, D = ORDER = [bytes((n,)) * 32 for n in range(1, 5)]
TAKEN, WARM = 1, 2


def at(own: bytes, order: list[bytes] = ORDER) -> Cascade:
    cascade = Cascade(ROOM, own, bytes, 0.0)
    cascade.set_order(order, 0.0)
    return cascade


def stands(says: int, *above: bytes, placed: bool = True) -> Standing:
    return Standing(ROOM, says, placed, above, 0, True)


def asked(cascade: Cascade, now: float) -> list[bytes]:
    cascade.on_timer(now)
    return [step.dh for step in cascade.next_steps() if isinstance(step, Reach)]


def under_a() -> Cascade:
    """C under A, with B as its second."""
    cascade = at(C)
    assert asked(cascade, 0.0) == [A, B]
    assert cascade.linked(A, 1) == [Say(1, JoinTree(ROOM, 0))]
    cascade.linked(B, 2)
    cascade.receive(stands(TAKEN), A, 1.0)
    cascade.receive(stands(TAKEN, A), B, 1.0)
    assert cascade.next_steps() == [Say(2, JoinTree(ROOM, 1))]
    cascade.receive(stands(WARM, A), B, 1.1)
    return cascade


def test_the_first_is_the_root_and_asks_nobody() -> None:
    cascade = at(A)
    assert asked(cascade, 0.0) == []
    assert (cascade.is_named, cascade.parent, cascade.second, cascade.depth) == (
        True,
        None,
        None,
        0,
    )


def test_a_relay_that_is_not_named_asks_and_takes_nobody() -> None:
    cascade = at(D, [A, B])
    assert not cascade.is_named
    assert asked(cascade, 0.0) == []
    cascade.linked(A, 1)
    cascade.receive(JoinTree(ROOM), A, 0.0)
    assert cascade.next_steps() == []
    root = at(A, [A, B])
    root.linked(D, 1)
    root.receive(JoinTree(ROOM), D, 0.0)
    assert root.next_steps() == []


def test_it_hangs_under_an_earlier_one_with_another_as_its_second() -> None:
    cascade = under_a()
    assert (cascade.parent, cascade.second, cascade.depth) == (A, B, 1)
    assert cascade.joined == {A: True, B: False}


def test_the_second_takes_over_at_once() -> None:
    cascade = under_a()
    cascade.lost(A, 2.0)
    assert Say(2, JoinTree(ROOM, 0)) in cascade.next_steps()
    cascade.receive(stands(TAKEN), B, 2.1)
    assert (cascade.parent, cascade.joined) == (B, {B: True})


def test_a_parent_that_turns_us_away_is_heard_until_the_second_has_taken_us() -> None:
    cascade = under_a()
    cascade.receive(stands(TURNED), A, 2.0)
    assert Say(2, JoinTree(ROOM, 0)) in cascade.next_steps()
    assert cascade.joined[A]
    cascade.receive(stands(TAKEN), B, 2.1)
    assert Part(1) in cascade.next_steps()
    assert cascade.joined == {B: True}


def test_who_asks_is_taken_with_sound_or_warm_or_only_told() -> None:
    cascade = at(A)
    cascade.on_timer(0.0)
    for number, dh in enumerate((B, C, D)):
        cascade.linked(dh, number)
        cascade.receive(JoinTree(ROOM, number), dh, 0.0)
    says = [(step.link, step.message.says) for step in cascade.next_steps()]
    assert says == [(0, TAKEN), (1, WARM), (2, TURNED)]
    assert cascade.joined == {B: True, C: False}
    assert cascade.children == 1


def test_eight_are_taken_and_no_more() -> None:
    others = [bytes((n,)) * 32 for n in range(20, 20 + CHILDREN_MAX + 1)]
    cascade = at(A, [A, *others])
    cascade.on_timer(0.0)
    for number, dh in enumerate(others):
        cascade.linked(dh, number)
        cascade.receive(JoinTree(ROOM), dh, 0.0)
    says = [step.message.says for step in cascade.next_steps()]
    assert says == [TAKEN] * CHILDREN_MAX + [TURNED]


def test_one_without_sound_says_so_and_is_nobodys_parent() -> None:
    cascade = at(B)
    cascade.linked(C, 3)
    cascade.receive(JoinTree(ROOM), C, 0.0)
    [said] = [step for step in cascade.next_steps() if isinstance(step, Say)]
    assert (said.message.says, said.message.is_placed) == (TURNED, False)
    child = at(B)
    child.on_timer(0.0)
    child.linked(A, 1)
    child.receive(stands(TURNED, placed=False), A, 0.1)
    assert child.parent is None


def test_what_a_parent_says_of_its_place_is_ours() -> None:
    cascade = under_a()
    cascade.receive(stands(TOLD, D), A, 2.0)
    assert cascade.depth == 2
    cascade.on_timer(3.0)
    told = [step.message for step in cascade.next_steps() if isinstance(step, Say)]
    assert Standing(ROOM, TOLD, True, (D, A), told[0].delay_ms, True) in told


def test_a_relay_that_can_not_be_called_is_called_again_later() -> None:
    cascade = at(B)
    assert asked(cascade, 0.0) == [A]
    assert asked(cascade, 0.1) == []
    cascade.lost(A, 0.1)
    assert cascade.next_steps() == []
    assert cascade.depth == 0  # the root, for now
    assert asked(cascade, 5.0) == [A]
    assert asked(cascade, 5.0 + LINK_S) == []
    assert asked(cascade, 30.0) == []  # the call is still under way


def test_where_all_before_it_carry_the_room_no_longer_it_is_the_root() -> None:
    cascade = at(B)
    assert asked(cascade, 0.0) == [A]
    cascade.linked(A, 1)
    cascade.refused(A, 0.1)
    assert cascade.next_steps() == []
    cascade.linked(C, 2)
    cascade.receive(JoinTree(ROOM), C, 0.2)
    assert cascade.joined == {C: True}


def test_who_is_no_longer_named_is_let_go() -> None:
    cascade = under_a()
    cascade.set_order([B, C], 2.0)
    assert cascade.parent is None
    assert A not in cascade.links
    cascade.set_order([B, C], 2.0)
    assert Say(2, JoinTree(ROOM, 0)) in cascade.next_steps()


def test_a_relay_that_stops_says_so_to_those_below() -> None:
    cascade = at(A)
    cascade.on_timer(0.0)
    cascade.linked(B, 1)
    cascade.receive(JoinTree(ROOM), B, 0.0)
    cascade.next_steps()
    cascade.leave()
    [said] = cascade.next_steps()
    assert (said.link, said.message.says) == (1, TURNED)


def test_what_is_for_a_relay_without_a_link_is_not_said() -> None:
    cascade = at(A)
    cascade.on_timer(0.0)
    cascade.receive(JoinTree(ROOM), B, 0.0)
    assert cascade.next_steps() == []


def test_an_answer_to_no_question_ends_the_link() -> None:
    cascade = at(C)
    cascade.linked(A, 1)
    cascade.receive(stands(TAKEN), A, 0.0)
    assert Part(1) in cascade.next_steps()
    assert cascade.links == {}
