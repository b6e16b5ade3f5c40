"""One node's parents; what others answer is written here by hand."""

from p2p.mesh.tree.candidates import SHUNNED_S
from p2p.mesh.tree.parents import (
    ANSWER_S,
    ASKED_AT_ONCE,
    LATE_MAX,
    LATE_PART,
    LINK_S,
    LOOK_S,
    Parents,
)
from p2p.mesh.tree.row import DEPTH_MAX, Ask, Left, Row, Taken, Turned

ME, ROOT, A, B, C, D = (bytes((n,)) * 32 for n in range(6))


def open_row(node: bytes, *above: bytes, delay_ms: int = 0) -> Row:
    return Row(node, above, delay_ms, leaf=True, carrier=True)


class One:
    """A node, and what it says."""

    def __init__(self, slots: int = 0, order=(ROOT,)) -> None:
        self.parents = Parents(ME, slots, bytes, 0.0)
        self.parents.set_order(order)
        self.now = 0.0
        self.burdened = False

    def step(self, passed_s: float = 0.0):
        self.now += passed_s
        return self.parents.on_timer(self.now, has_children=self.burdened)

    def taken(self, row: Row, want="sound"):
        return self.parents.taken(row.node, Taken(want, row), self.now)

    def turned(self, node: bytes, *rows: Row, row: Row | None = None):
        return self.parents.turned(node, Turned(row, rows), self.now)

    def under(self, first: Row, second: Row | None = None) -> "One":
        self.step()
        if first.node != ROOT:
            self.turned(ROOT, first)
            assert (first.node, Ask("sound", self.slots)) in self.step()
        self.taken(first)
        assert self.parents.first == first
        if second is not None:
            self.parents.candidates.heard(second)
            assert self.step() == [(second.node, Ask("warm", self.slots))]
            self.taken(second, "warm")
            assert self.parents.second == second
        return self

    @property
    def slots(self) -> int:
        return self.parents._me[1]


def test_a_newcomer_asks_the_root_and_then_whom_it_is_shown() -> None:
    one = One()
    assert one.step() == [(ROOT, Ask("sound", 0))]
    assert one.parents.needs_first
    rows = [open_row(key, ROOT) for key in (A, B, C, D)]
    assert one.turned(ROOT, *rows, row=Row(ROOT)) == []
    asked = one.step()
    assert [node for node, _ in asked] == [A, B]
    assert one.taken(rows[0]) == []
    assert one.parents.first == rows[0]
    assert one.parents.depth == 2
    assert not one.parents.needs_first


def test_who_answers_later_is_the_second() -> None:
    one = One()
    one.step()
    one.turned(ROOT, open_row(A, ROOT), open_row(B, ROOT), open_row(C, ROOT))
    one.step()
    one.taken(open_row(A, ROOT))
    assert one.taken(open_row(B, ROOT)) == [(B, Ask("warm", 0))]
    assert one.taken(open_row(B, ROOT), "warm") == []
    assert one.parents.second == open_row(B, ROOT)
    assert one.taken(open_row(C, ROOT)) == [(C, Left())]


def test_who_answers_later_and_stands_better_is_the_first() -> None:
    one = One()
    one.step()
    one.turned(ROOT, open_row(A, ROOT, D), open_row(B, ROOT))
    one.step()
    one.taken(open_row(A, ROOT, D))
    assert one.taken(open_row(B, ROOT)) == [(A, Left())]
    assert one.parents.first == open_row(B, ROOT)


def test_with_a_first_a_second_is_looked_for() -> None:
    one = One().under(open_row(A, ROOT))
    one.parents.candidates.heard(open_row(B, ROOT))
    assert one.step() == [(B, Ask("warm", 0))]
    assert one.step() == []


def test_an_answer_to_no_question_makes_nobody_a_parent() -> None:
    one = One()
    assert one.taken(open_row(A, ROOT)) == [(A, Left())]
    one.step()
    assert one.parents.taken(ROOT, Taken("warm", Row(ROOT)), 0.0) == [(ROOT, Left())]
    one.step(5.0)
    one.step()
    assert one.parents.taken(ROOT, Taken("sound", Row(A)), one.now) == [(ROOT, Left())]
    assert one.parents.first is None
    placed = One().under(open_row(A, ROOT))
    assert placed.taken(open_row(A, ROOT)) == []


def test_who_does_not_answer_is_asked_later() -> None:
    one = One()
    assert one.step() == [(ROOT, Ask("sound", 0))]
    assert one.step(LINK_S - 0.01) == []
    assert one.step(0.02) == []
    assert one.parents.candidates.is_gone(ROOT)
    assert one.step(1.0) == [(ROOT, Ask("sound", 0))]


def test_while_some_are_late_others_are_asked_but_not_without_end() -> None:
    one = One().under(open_row(A, ROOT))
    for n in range(20):
        one.parents.candidates.heard(open_row(bytes((9, n)) * 16, ROOT))
    one.parents.lost(A, one.now)
    counts = [len(one.step(0.0 if n == 0 else LINK_S / LATE_PART)) for n in range(4)]
    assert counts[0] == ASKED_AT_ONCE
    assert sum(counts) == ASKED_AT_ONCE + LATE_MAX
    assert one.step() == []


def test_a_newcomer_that_gets_no_answer_asks_another_before_it_gives_up() -> None:
    one = One(order=(ROOT, A, B))
    assert [node for node, _ in one.step()] == [ROOT]
    assert one.parents.next_timer(one.now) == LINK_S / LATE_PART
    assert [node for node, _ in one.step(LINK_S / LATE_PART)] == [A]


def test_the_second_takes_over_and_others_are_asked_too() -> None:
    one = One(4).under(open_row(A, ROOT), open_row(B, ROOT))
    one.parents.candidates.heard(open_row(C, ROOT))
    one.parents.lost(A, one.now)
    asked = one.step()
    assert asked[0] == (B, Ask("sound", 4))
    assert (C, Ask("sound", 4)) in asked
    assert one.taken(open_row(B, ROOT)) == []
    assert (one.parents.first, one.parents.second) == (open_row(B, ROOT), None)


def test_a_second_that_does_not_answer_either_is_given_up_soon() -> None:
    one = One().under(open_row(A, ROOT), open_row(B, ROOT))
    one.parents.lost(A, one.now)
    one.step()
    one.step(ANSWER_S)
    assert one.parents.second is None


def test_a_second_without_a_place_is_left() -> None:
    one = One().under(open_row(A, ROOT), open_row(B, ROOT))
    one.parents.lost(A, one.now)
    one.step()
    assert one.turned(B) == [(B, Left())]
    assert one.parents.second is None


def test_a_parent_that_is_about_to_go_is_heard_until_another_took_us() -> None:
    one = One().under(open_row(A, ROOT), open_row(B, ROOT))
    assert one.turned(A) == []
    assert one.parents.first == open_row(A, ROOT)
    assert one.parents.needs_first
    assert one.step()[0] == (B, Ask("sound", 0))
    assert one.taken(open_row(B, ROOT)) == [(A, Left())]
    assert not one.parents.needs_first


def test_a_second_that_is_about_to_go_is_forgotten_and_so_is_a_strangers_word() -> None:
    one = One().under(open_row(A, ROOT), open_row(B, ROOT))
    one.turned(D)
    assert one.parents.second is not None
    one.turned(B)
    assert one.parents.second is None


def test_with_children_it_hangs_only_under_one_less_deep() -> None:
    one = One(4).under(open_row(A, ROOT))
    one.burdened = True
    one.step()
    deep, flat = open_row(B, ROOT, D), open_row(C, ROOT)
    assert not one.parents.may(B, deep)
    assert one.parents.may(C, flat)
    one.burdened = False
    one.step()
    assert one.parents.may(B, deep)
    assert not one.parents.may(
        B, Row(B, tuple(bytes((n,)) * 32 for n in range(20, 20 + DEPTH_MAX)))
    )


def test_one_that_has_become_too_deep_meanwhile_is_left_at_once() -> None:
    one = One(4)
    one.step()
    one.turned(ROOT, open_row(A, ROOT))
    one.step()
    assert one.taken(open_row(A, ROOT, ME)) == [(A, Left())]
    assert one.parents.first is None


def test_a_parent_that_says_it_is_deeper_now_does_not_deepen_those_below() -> None:
    one = One(4).under(open_row(A, ROOT))
    one.burdened = True
    one.step()
    one.parents.told(open_row(A, ROOT, B))
    assert one.parents.depth == 2
    assert one.parents.needs_first
    other = One(4).under(open_row(A, ROOT))
    other.parents.told(open_row(A, ROOT, B))
    assert other.parents.depth == 3
    assert not other.parents.needs_first


def test_a_parent_that_hangs_below_us_is_left() -> None:
    one = One().under(open_row(A, ROOT), open_row(B, ROOT))
    one.parents.told(open_row(B, A))
    assert one.parents.second == open_row(B, A)
    one.parents.told(open_row(B, ME))
    assert one.parents.second is None
    one.parents.told(open_row(D, ROOT))
    one.parents.told(open_row(A, ME))
    assert one.parents.needs_first


def test_a_bad_parent_is_left_and_not_asked_again_for_long() -> None:
    one = One().under(open_row(A, ROOT), open_row(B, ROOT))
    assert one.parents.bad(one.now) == [(A, Left())]
    assert one.parents.first is None
    assert one.step()[0] == (B, Ask("sound", 0))
    one.taken(open_row(B, ROOT))
    assert A not in [node for node, _ in one.step(SHUNNED_S - 10.0)]
    assert One().parents.bad(0.0) == []
    alone = One().under(open_row(A, ROOT))
    assert alone.parents.bad(alone.now) == [(A, Left())]
    assert [node for node, _ in alone.step(1.0)] == [ROOT]


def test_who_leaves_a_bad_parent_asks_the_second_alone_and_others_if_it_does_not_answer() -> None:
    one = One().under(open_row(A, ROOT), open_row(B, ROOT))
    one.parents.candidates.heard(open_row(C, ROOT))
    one.parents.bad(one.now)
    assert one.step() == [(B, Ask("sound", 0))]
    assert (C, Ask("sound", 0)) in one.step(ANSWER_S)


def test_a_second_that_brings_less_than_the_first_is_left_and_not_asked_again_for_long() -> None:
    one = One().under(open_row(A, ROOT), open_row(B, ROOT))
    assert one.parents.compared(one.now, good=False) == [(B, Left())]
    assert one.parents.compared(one.now, good=False) == []
    assert one.parents.first == open_row(A, ROOT)
    assert B not in [node for node, _ in one.step(SHUNNED_S - 10.0)]


def test_now_and_then_it_looks_for_a_better_place() -> None:
    one = One(4).under(open_row(A, ROOT, C), open_row(B, ROOT, C))
    asked = one.step(2 * LOOK_S)
    assert [ask.want for _, ask in asked] == ["look"]
    assert asked[0][0] in (ROOT, C)
    better = open_row(D, ROOT)
    assert one.turned(asked[0][0], better, row=Row(ROOT)) == [(D, Ask("warm", 4))]
    assert one.taken(better, "warm") == [(B, Left())]
    assert [ask.want for _, ask in one.step(2 * LOOK_S)] == [
        "look"
    ]  # D only says that it is better
    one.turned(C, row=Row(C))
    one.turned(ROOT, row=Row(ROOT))
    assert one.parents.compared(one.now, good=True) == []
    assert one.step(2 * LOOK_S) == [(D, Ask("sound", 4))]
    assert one.taken(better) == [(A, Left())]
    assert one.parents.depth == 2


def test_what_a_look_shows_that_is_no_better_changes_nothing() -> None:
    one = One().under(open_row(A, ROOT, C), open_row(B, ROOT, C))
    [(node, _)] = one.step(2 * LOOK_S)
    assert one.turned(node, open_row(D, ROOT, C), Row(ROOT, ())) == []
    one.parents.lost(A, one.now)
    late = One().under(open_row(A, ROOT, C), open_row(B, ROOT, C))
    [(node, _)] = late.step(2 * LOOK_S)
    late.parents.lost(A, late.now)
    assert late.turned(node, open_row(D, ROOT)) == []


def test_right_under_the_root_it_looks_no_further() -> None:
    one = One().under(open_row(ROOT), open_row(B, ROOT))
    assert one.step(2 * LOOK_S) == []


def test_where_only_its_parents_are_above_there_is_nowhere_to_look() -> None:
    one = One().under(open_row(A, B), Row(B))
    assert one.step(2 * LOOK_S) == []


def test_the_first_that_the_room_names_is_the_root() -> None:
    one = One(8, order=(ME, A))
    assert one.parents.is_root
    assert one.step() == []
    assert one.parents.depth == 0
    assert not one.parents.is_stuck


def test_a_named_one_hangs_only_under_those_named_before_it() -> None:
    one = One(8, order=(A, B, ME, C))
    assert [node for node, _ in one.step()] == [A, B]
    assert not one.parents.may(C, open_row(C))
    assert not one.parents.may(D, open_row(D, A))
    one.burdened = True
    one.step()
    assert one.parents.may(B, open_row(B, A, D))


def test_where_none_before_it_lives_a_named_one_is_the_root_and_asks_again_and_again() -> None:
    one = One(8, order=(A, ME))
    one.step()
    assert not one.parents.is_root
    assert not one.parents.is_stuck
    one.step(LINK_S)
    assert one.parents.is_root
    assert one.step(10.0) == [(A, Ask("sound", 8))]
    one.taken(open_row(A))
    assert not one.parents.is_root
    assert one.parents.depth == 1


def test_one_that_is_full_does_not_make_the_next_a_root() -> None:
    one = One(8, order=(A, ME))
    one.step()
    one.turned(A)
    assert not one.parents.is_root
    assert one.parents.is_stuck


def test_another_order_may_take_the_parent_away() -> None:
    one = One(8, order=(A, B, ME))
    one.step()
    one.taken(open_row(B, A))
    one.parents.set_order([A, ME, B])
    assert one.parents.needs_first
    assert [one.parents.rank_of(key) for key in (A, ME, B, C)] == [0, 1, 2, float("inf")]


def test_its_next_timer_is_when_something_comes_due() -> None:
    one = One()
    one.step()
    assert one.parents.next_timer(0.0) <= LINK_S
    one.under(open_row(A, ROOT), open_row(B, ROOT))
    assert one.parents.next_timer(one.now) > one.now


def test_asking_the_first_to_be_the_second_changes_nothing() -> None:
    one = One()
    one.step()
    one.turned(ROOT, open_row(A, ROOT), open_row(B, ROOT))
    one.step()
    one.taken(open_row(A, ROOT))
    one.parents.candidates.heard(open_row(C, ROOT))
    one.step()
    one.parents._asked[A] = ("warm", one.now, ANSWER_S)
    assert one.taken(open_row(A, ROOT), "warm") == []
    assert one.parents.second is None


def test_without_a_second_it_rests_until_somebody_may_be_asked() -> None:
    one = One().under(Row(ROOT))
    for now in (1.0, 5.0 * LOOK_S):
        one.now = now
        one.step()
        assert one.parents.next_timer(now) >= now + 0.5
