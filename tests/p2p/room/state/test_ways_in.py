"""Doors that are kept, against what all doors would do."""

from collections import deque
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.ids import MemberId
from p2p.room.state.ways_in import ENOUGH, Gates, Word, of_use

HOST, *OTHERS = [MemberId(bytes((n,)) * 16) for n in range(9)]


def reached(words: list[Word], without: MemberId | None = None) -> list[MemberId]:
    """Who is in, the nearest to the host first, if one is out with all that came by it."""
    found, waiting = [HOST], deque([HOST])
    while waiting:
        door = waiting.popleft()
        for one, member in words:
            if one == door and member not in (*found, without):
                found.append(member)
                waiting.append(member)
    return found


MEMBERS = st.sampled_from([HOST, *OTHERS])
WORDS = st.lists(st.tuples(MEMBERS, MEMBERS), max_size=60)


def in_order(words: list[Word]) -> list[Word]:
    order = reached(words)
    return sorted({w for w in words if w[0] in order}, key=lambda w: (order.index(w[0]), w[1]))


@settings(max_examples=200, deadline=None)
@given(WORDS)
def test_a_gate_is_the_nearest_member_by_whom_all_ways_lead(words: list[Word]) -> None:
    words = in_order(words)
    gates = Gates(HOST)
    gates.grow(words)
    everybody = reached(words)
    by = {one: {m for m in OTHERS if one != m and one not in reached(words, m)} for one in OTHERS}
    for one in everybody[1:]:
        nearest = max(by[one] & set(everybody), key=lambda m: len(by[m]), default=HOST)
        assert gates.gates[one] == nearest


@settings(max_examples=200, deadline=None)
@given(WORDS)
def test_nobody_falls_with_one_member_who_would_not_with_all_doors_kept(words: list[Word]) -> None:
    words = in_order(words)
    kept = [word for word, useful in zip(words, of_use(words, HOST), strict=True) if useful]
    for out in (None, *OTHERS):
        assert set(reached(kept, out)) == set(reached(words, out))
    assert list(of_use(kept, HOST)) == [True] * len(kept), "what is kept stays kept"
    for member in (HOST, *OTHERS):
        assert sum(one == member for _, one in kept) <= ENOUGH + 1


def test_words_in_no_order_keep_the_first_few_at_least() -> None:
    """A chain that is told from its end, longer than we look."""
    chain = [HOST, *OTHERS]
    words = list(pairwise(chain))[::-1]
    words += [(door, OTHERS[7]) for door in OTHERS[:6]]
    useful = list(of_use(words, HOST))
    assert useful[:8] == [True] * 8
    assert sum(useful[8:]) in (ENOUGH - 1, ENOUGH)
