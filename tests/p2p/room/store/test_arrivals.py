"""Who counts against the bound of members: whoever is in, and whoever may be."""

from p2p.room.store.arrivals import Arrivals


def test_a_newcomer_is_remembered_until_it_turns_out_that_it_is_not_in():
    arrivals = Arrivals()
    for member in (b"a", b"b"):
        arrivals.add(member)
    assert arrivals.known == {b"a", b"b"}
    arrivals.look({b"a"})
    assert arrivals.known == {b"a"}


def test_somebody_whose_admission_counts_later_is_remembered_then():
    arrivals = Arrivals()
    arrivals.add(b"a")
    arrivals.look(set())
    arrivals.whole(set())
    arrivals.look({b"a"})
    assert arrivals.known == {b"a"}


def test_somebody_that_fell_out_and_comes_back_is_remembered_again():
    arrivals = Arrivals()
    arrivals.add(b"a")
    arrivals.look({b"a"})
    arrivals.whole(set())
    assert arrivals.known == set()
    arrivals.look({b"a"})
    assert arrivals.known == {b"a"}


def test_nothing_is_left_of_what_was_forgotten():
    arrivals = Arrivals()
    arrivals.add(b"a")
    arrivals.clear()
    arrivals.look({b"a"})
    assert arrivals.known == set()
