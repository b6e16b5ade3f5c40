from p2p.mesh.tree.children import GO_S, SHOWN_A_LEVEL, SHOWN_MAX, Children
from p2p.mesh.tree.row import DEPTH_MAX, OPEN_MAX, ROWS_MAX, Ask, Row, Want

SALT = bytes(4)


def key(n: int) -> bytes:
    return bytes((n,)) * 32


PATH = (key(0),)


def take(
    children: Children,
    n: int,
    slots: int = 0,
    want: Want = "sound",
    *,
    now: float = 0.0,
    rank: float = float("inf"),
):
    return children.take(key(n), Ask(want, slots), now, rank)


def full(places: int, slots: int = 0) -> Children:
    """All places taken by children that carry for so many."""
    children = Children(places)
    for n in range(1, places + 1):
        assert take(children, n, slots) == (True, None)
    return children


def test_it_takes_as_many_as_it_has_places_for() -> None:
    children = full(2)
    assert children.is_full
    assert take(children, 3) == (False, None)
    assert take(children, 2) == (True, None)
    assert children.hearing == [key(1), key(2)]


def test_one_that_carries_takes_the_newest_listeners_place() -> None:
    children = full(2)
    assert take(children, 3, slots=4) == (True, key(2))
    assert take(children, 4, slots=4) == (False, None)


def test_no_listeners_place_is_taken_where_all_carry() -> None:
    assert take(full(4, slots=2), 9, slots=4) == (False, None)


def test_who_was_asked_to_go_is_dropped_if_there_are_still_too_many() -> None:
    children = full(8)
    take(children, 20, slots=4)
    take(children, 21, slots=4)
    assert children.next_late_s() == GO_S
    assert children.late(GO_S - 0.1) == []
    children.drop(key(1))
    assert children.late(GO_S) == [key(8)]
    assert children.next_late_s() == float("inf")
    assert key(7) in children.hearing


def test_who_went_by_itself_is_not_waited_for() -> None:
    children = full(1)
    take(children, 2, slots=2)
    assert children.drop(key(1))
    assert not children.drop(key(1))
    assert children.next_late_s() == float("inf")


def test_a_warm_child_that_needs_sound_is_taken_beyond_the_limit() -> None:
    children = full(2, slots=2)
    assert take(children, 3, slots=2, want="warm") == (True, None)
    assert key(3) not in children.hearing
    assert key(3) in children.all
    assert take(children, 3, slots=2) == (True, None)
    assert take(children, 4, want="warm") == (True, None)
    assert take(children, 4) == (False, None)


def test_a_warm_listener_that_is_taken_beyond_the_limit_has_to_go_on_itself() -> None:
    children = full(2, slots=2)
    take(children, 3, want="warm")
    assert take(children, 3) == (True, key(3))


def test_there_are_not_more_warm_ones_than_it_could_ever_help() -> None:
    children = Children(1)
    for n in range(10, 15):
        assert take(children, n, want="warm") == (True, None)
    assert take(children, 15, want="warm") == (False, None)
    assert take(children, 14, want="warm") == (True, None)


def test_a_child_that_wants_to_be_warm_gives_its_place_back() -> None:
    children = full(1)
    assert take(children, 1, want="warm") == (True, None)
    assert not children.is_full


def test_one_that_the_room_names_takes_anybodys_place_that_it_does_not() -> None:
    children = full(1, slots=2)
    assert take(children, 5, slots=8, rank=3) == (True, key(1))
    assert take(children, 6, slots=8, rank=4) == (False, None)
    assert take(children, 7, slots=8, rank=1) == (True, key(5))
    assert take(children, 8, slots=8, rank=2) == (False, None)


def test_its_places_are_said_with_its_depth_in_mind() -> None:
    assert Children(0).places(1) == (False, False)
    assert Children(2).places(DEPTH_MAX) == (False, False)
    assert Children(2).places(DEPTH_MAX - 1) == (True, True)
    assert full(2).places(1) == (False, True)
    assert full(2, slots=1).places(1) == (False, False)


def test_those_turned_away_are_shown_whoever_has_a_place_the_least_deep_first() -> None:
    children = full(3, slots=2)
    children.told(Row(key(1), (key(0),)), (), PATH, 0)
    children.told(Row(key(2), (key(0),), leaf=True), (), PATH, 0)
    deep = Row(key(40), (key(0), key(3)), leaf=True, carrier=True)
    foreign = Row(key(41), (key(0),), leaf=True)
    children.told(Row(key(3), (key(0),)), (deep, foreign), PATH, 0)
    children.told(Row(key(9), (key(0),), leaf=True), (), PATH, 0)
    children.told(Row(key(1), (), leaf=True), (), PATH, 0)
    assert [row.node for row in children.rows(SALT, carries=False)] == [key(2), key(40)]
    assert [row.node for row in children.rows(SALT, carries=True)] == [key(40)]
    assert [row.node for row in children.open(SALT)] == [key(2), key(40)]


def test_where_nobody_has_a_place_its_children_may_know_of_one() -> None:
    children = full(2, slots=2)
    children.told(Row(key(1), (key(0),)), (), PATH, 0)
    assert [row.node for row in children.rows(SALT, carries=False)] == [key(1)]
    assert children.open(SALT) == ()


def test_a_child_can_not_fill_the_answer_alone() -> None:
    children = full(30, slots=2)
    many = tuple(Row(bytes((1, n)) * 16, (key(0), key(1)), leaf=True) for n in range(50))
    children.told(Row(key(1), (key(0),)), many, PATH, 0)
    assert len(children.rows(SALT, carries=False)) <= 2 * OPEN_MAX
    for n in range(2, 30):
        children.told(Row(key(n), (key(0),), leaf=True), (), PATH, 0)
    assert len(children.rows(SALT, carries=False)) == ROWS_MAX
    assert many[0] not in children.rows(SALT, carries=False)


def test_which_of_those_as_near_comes_first_is_by_chance() -> None:
    children = full(4, slots=2)
    for n in range(1, 5):
        children.told(Row(key(n), (key(0),), leaf=True), (), PATH, 0)
    salts = (bytes((n,)) * 4 for n in range(8))
    assert len({children.rows(salt, carries=False)[0].node for salt in salts}) > 1


def test_one_that_has_places_however_often_it_is_shown_comes_later() -> None:
    children = Children(20)
    for n in (1, 2):
        take(children, n, slots=9)
    children.told(Row(key(1), (key(0),), 5, leaf=True), (), PATH, 5)
    deeper = Row(key(8), (key(0), key(2)), 5, leaf=True)
    children.told(Row(key(2), (key(0),), 5), (deeper,), PATH, 5)
    for _ in range(SHOWN_A_LEVEL):
        assert [row.node for row in children.rows(SALT, carries=False)] == [key(1), key(8)]
        children.show(SALT, carries=False)
    children.told(Row(key(2), (key(0),), 5, leaf=True), (), PATH, 5)  # one that is shown anew
    assert [row.node for row in children.show(SALT, carries=False)] == [key(2), key(1)]


def test_how_often_somebody_was_shown_is_forgotten_slowly() -> None:
    children = Children(4)
    take(children, 1, slots=4)
    children.told(Row(key(1), (key(0),), 0, leaf=True), (), PATH, 0)
    for _ in range(2 * SHOWN_MAX):
        children.show(SALT, carries=False)
        assert sum(children._shown.values()) <= SHOWN_MAX


def test_nobody_below_has_sound_sooner_than_the_node_itself() -> None:
    children = Children(4)
    take(children, 1, slots=4)
    liar = Row(key(1), (key(0),), 0, leaf=True)
    below = Row(key(5), (key(0), key(1)), 3, leaf=True)
    children.told(liar, (below,), PATH, 40)
    assert [row.delay_ms for row in children.rows(SALT, carries=False)] == [40, 40]
