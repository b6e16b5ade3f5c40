from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from p2p.relay.cascade import RETRY_MAX_S, RETRY_S, TreePlace


@dataclass
class Named:
    dh: bytes


A, B, C, D = ORDER = [Named(bytes((n,)) * 32) for n in range(4)]


def at(me: Named, order: list[Named] = ORDER) -> TreePlace:
    place = TreePlace(me.dh)
    place.set_order(order)
    return place


def test_the_first_is_the_root_and_asks_nobody() -> None:
    assert at(A).to_try(0.0) is None
    assert at(A).next_timer() is None
    assert not at(A).is_named


def test_a_relay_that_is_not_named_hangs_under_none() -> None:
    place = at(D, [A, B])
    assert (place.to_try(0.0), place.parent) == (None, None)


def test_the_first_that_takes_it_in_is_the_parent() -> None:
    place = at(C)
    assert place.is_named
    assert place.to_try(0.0) == A.dh
    place.failed(A.dh, 0.0)
    assert place.to_try(0.0) == B.dh
    assert place.joined(B.dh)
    assert place.parent == B.dh
    assert place.to_try(0.0) is None
    assert place.next_timer() == RETRY_S


def test_an_earlier_one_that_comes_back_takes_over() -> None:
    place = at(C)
    place.failed(A.dh, 0.0)
    place.joined(B.dh)
    assert place.to_try(RETRY_S) == A.dh
    assert place.joined(A.dh)
    assert place.parent == A.dh
    assert place.next_timer() is None
    assert not place.joined(B.dh)
    assert place.parent == A.dh


def test_who_fails_again_is_asked_later_each_time() -> None:
    place, now, waits = at(B), 0.0, []
    for _ in range(8):
        assert place.to_try(now) == A.dh
        place.failed(A.dh, now)
        waits.append(place.next_timer() - now)
        now = place.next_timer()
    assert waits == [2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0, 10.0]
    assert waits[-1] == RETRY_MAX_S


def test_a_lost_parent_is_replaced_by_the_next_in_order() -> None:
    place = at(C)
    place.joined(A.dh)
    place.failed(A.dh, 5.0)
    assert place.parent is None
    assert place.to_try(5.0) == B.dh


def test_a_new_order_lets_go_of_who_is_no_longer_before_us() -> None:
    place = at(C)
    place.failed(B.dh, 0.0)
    place.joined(B.dh)
    place.failed(A.dh, 0.0)
    place.set_order([A, C, B])
    assert place.parent is None
    assert place.next_timer() == RETRY_S  # what was learned of A still holds
    assert not place.joined(B.dh)
    assert place.to_try(0.0) is None
    assert place.to_try(RETRY_S) == A.dh


@given(st.permutations(ORDER), st.sets(st.sampled_from(range(4))))
def test_all_who_know_one_order_make_one_tree_of_those_who_run(order, down) -> None:
    """Whoever runs ends under somebody earlier who runs, but for the first of them."""
    running = [relay for number, relay in enumerate(order) if number not in down]
    roots = []
    for relay in running:
        place, now = at(relay, order), 0.0
        while (asked := place.to_try(now)) is not None:
            if any(other.dh == asked for other in running):
                assert place.joined(asked)
            else:
                place.failed(asked, now)
        if place.parent is None:
            roots.append(relay)
        else:
            keys = [each.dh for each in order]
            assert keys.index(place.parent) < keys.index(relay.dh)
    assert roots == running[:1]
