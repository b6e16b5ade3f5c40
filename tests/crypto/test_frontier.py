"""Sets of epochs that frames may be sealed under."""

from crypto.frontier import OLD_FRONTIERS, OLD_KEPT_S, PARTS_OF, Frontier, Frontiers
from crypto.head import frontier_tag

IDS = [bytes((number,)) * 16 for number in range(1, 12)]
A, B, C = (Frontier.of([epoch]) for epoch in IDS[:3])


def found(frontiers: Frontiers, *frontier: Frontier) -> list[bool]:
    return [frontiers.find(one.tag) == one for one in frontier]


def test_a_set_has_one_order_and_the_tag_of_its_ids() -> None:
    both = Frontier.of([IDS[1], IDS[0], IDS[1]])
    assert both.ids == (IDS[0], IDS[1])
    assert both.tag == frontier_tag(IDS[:2])


def test_the_present_one_and_the_one_before_are_found_until_it_has_lapsed() -> None:
    frontiers = Frontiers(A)
    frontiers.switch(B, 100.0)
    frontiers.lapse(100.0 + OLD_KEPT_S - 0.1)
    frontiers.index(IDS[:2])
    assert found(frontiers, A, B, C) == [True, True, False]
    frontiers.lapse(100.0 + OLD_KEPT_S)
    frontiers.index(IDS[1:2])
    assert found(frontiers, A, B) == [False, True]


def test_turning_to_the_present_one_changes_nothing() -> None:
    frontiers = Frontiers(A)
    frontiers.switch(A, 1.0)
    frontiers.switch(B, 2.0)
    frontiers.switch(A, 3.0)
    frontiers.lapse(2.0 + OLD_KEPT_S)
    frontiers.index(IDS[:2])
    assert frontiers.present == A
    assert len(frontiers._old) == 1


def test_only_the_last_four_are_remembered_as_sets() -> None:
    frontiers = Frontiers(Frontier.of(IDS[:2]))
    for number in range(1, 7):
        frontiers.switch(Frontier.of(IDS[number : number + 2]), float(number))
    frontiers.index(IDS)
    gone, kept = Frontier.of(IDS[:2]), Frontier.of(IDS[2:4])
    assert found(frontiers, gone, kept) == [False, True]
    assert len(frontiers._old) == OLD_FRONTIERS


def test_what_lacks_a_secret_is_not_found() -> None:
    frontiers = Frontiers(Frontier.of(IDS[:3]))
    frontiers.index(IDS[:2])
    assert found(frontiers, Frontier.of(IDS[:3]), Frontier.of(IDS[:2]), A, C) == [
        False,
        True,
        True,
        False,
    ]


def test_what_is_here_of_the_rooms_heads_is_found_and_never_a_set_of_none() -> None:
    frontiers = Frontiers(A)
    frontiers.index(IDS[:3], IDS[1:4])
    assert found(frontiers, Frontier.of(IDS[1:3]), Frontier.of(IDS[1:4])) == [True, False]
    frontiers.index(IDS[:1], IDS[1:4])
    assert frontiers.find(Frontier.of([]).tag) is None


def test_of_a_wide_frontier_only_the_whole_and_its_single_epochs_are_found() -> None:
    frontiers = Frontiers(Frontier.of(IDS[: PARTS_OF + 1]))
    frontiers.index(IDS)
    part = Frontier.of(IDS[:PARTS_OF])
    assert found(frontiers, frontiers.present, part, A) == [True, False, True]


def test_of_two_sets_with_one_tag_the_present_one_is_meant() -> None:
    frontiers = Frontiers(Frontier((IDS[0],), 7))
    frontiers.switch(Frontier((IDS[1],), 7), 0.0)
    frontiers.index(IDS[:2])
    assert frontiers.find(7) == Frontier((IDS[1],), 7)
