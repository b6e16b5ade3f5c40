"""Which of two links to one address counts."""

from p2p.link.standing import ABANDONED_AFTER_S, Standing


def a_link(
    order: int, tie: bytes = b"", *, established: bool = False, heard_s: float = 0.0
) -> Standing:
    standing = Standing(heard_s)
    standing.order, standing.tie, standing.established = order, tie, established
    return standing


def test_the_newer_link_counts_if_either_has_its_keys() -> None:
    for old, new in ((True, False), (False, True), (True, True)):
        older, newer = a_link(1, b"2", established=old), a_link(2, b"1", established=new)
        assert newer.outranks(older)
        assert not older.outranks(newer)


def test_of_two_links_that_are_being_made_both_ends_choose_the_same() -> None:
    for orders in ((1, 2), (2, 1)):
        low, high = (a_link(order, tie) for order, tie in zip(orders, (b"1", b"2"), strict=True))
        assert high.outranks(low)
        assert not low.outranks(high)


def test_an_attempt_that_fell_silent_makes_way_for_the_next() -> None:
    stale, fresh = a_link(1, b"2"), a_link(2, b"1", heard_s=0.9 * ABANDONED_AFTER_S)
    assert not fresh.outranks(stale)
    fresh.last_heard_s = ABANDONED_AFTER_S
    assert fresh.outranks(stale)
