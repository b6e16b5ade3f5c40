import pytest

from p2p.mesh.tree.candidates import (
    ASKED_BY_RANK,
    IDLE_S,
    KNOWN_MAX,
    RETRY_MAX_S,
    RETRY_S,
    SHUNNED_S,
    USUAL_HOP_MS,
    Candidates,
)
from p2p.mesh.tree.row import Row

ME, A, B, C, D = (bytes((n,)) * 32 for n in range(5))


def known(*rows: Row, carries: bool = False) -> Candidates:
    candidates = Candidates(ME, carries=carries)
    for row in rows:
        candidates.heard(row)
    return candidates


def best(candidates: Candidates, now: float = 0.0, but=(), behind=None):
    return candidates.best(now, but, lambda _key, _row: True, behind)


def test_of_those_with_a_place_the_least_deep_comes_first_then_the_nearest() -> None:
    candidates = known(
        Row(A, (D,), 10),
        Row(B, (D, C), 10, leaf=True),
        Row(C, (D,), 90, leaf=True),
        Row(D, (B,), 10, leaf=True),
    )
    found, taken = [], set()
    while (key := best(candidates, but=taken)) is not None:
        found.append(key)
        taken.add(key)
    assert found == [D, C, B, A]


def test_a_place_for_one_that_carries_is_none_for_a_listener() -> None:
    rows = Row(A, (), 0, leaf=False, carrier=True), Row(B, (A,), 0, leaf=True)
    assert best(known(*rows)) == B
    assert best(known(*rows, carries=True)) == A


def test_unknown_ones_come_after_those_with_a_place_and_before_those_without() -> None:
    candidates = known(Row(C, (), 0, leaf=True), Row(D))
    candidates.set_named([B, A])
    assert best(candidates) == C
    assert best(candidates, but=[C]) == B
    assert best(candidates, but=[C, B]) == A
    assert best(candidates, but=[C, B, A]) == D


def test_who_was_asked_in_vain_comes_last_whatever_it_says_of_its_places() -> None:
    candidates = known(Row(C, (), 0, leaf=True), Row(D))
    candidates.set_named([B, A])
    candidates.failed(C, 0.0, gone=False)
    candidates.failed(B, 0.0, gone=True)
    assert best(candidates, RETRY_S) == A
    assert best(candidates, RETRY_S, but=[A]) == D
    assert best(candidates, RETRY_S, but=[A, D]) in (B, C)


def test_beyond_the_first_named_ones_not_all_ask_the_same_ones() -> None:
    named = [bytes((8, n)) * 16 for n in range(20)]

    def order(own: bytes) -> list[bytes]:
        candidates, found = Candidates(own, carries=False), []
        candidates.set_named(named)
        while (key := best(candidates, but=found)) is not None:
            found.append(key)
        return found

    one, other = order(bytes((8, 3, 7, 9)) * 8), order(bytes((8, 16, 1, 2)) * 8)
    assert one[:ASKED_BY_RANK] == other[:ASKED_BY_RANK] == named[:ASKED_BY_RANK]
    assert one != other
    assert sorted(one) == sorted(other) == named
    assert order(named[-1]) == named[:-1]  # one of them keeps the room's order: it gives the depth


def test_who_may_not_become_a_parent_is_not_asked() -> None:
    candidates = known(Row(A), Row(B))
    assert candidates.best(0.0, (), lambda key, _row: key == B) == B
    assert candidates.best(0.0, (), lambda _key, _row: False) is None


def test_those_behind_the_first_come_last() -> None:
    candidates = known(Row(A, (C,), 0, leaf=True), Row(B, (C, D), 0, leaf=True))
    assert best(candidates) == A
    assert best(candidates, behind=C) == A
    assert best(known(Row(A, (C,), leaf=True), Row(B, (D, A))), behind=C) == B


def test_what_nobody_can_have_is_not_noted() -> None:
    candidates = known(Row(ME), Row(A, (ME,)))
    assert best(candidates) is None
    assert candidates.row(A) is None


def test_who_was_asked_in_vain_is_asked_later_each_time() -> None:
    candidates, waits = known(Row(A)), []
    now = 0.0
    for _ in range(8):
        candidates.failed(A, now, gone=False)
        waits.append(candidates.next_ready_s(now) - now)
        assert best(candidates, now) is None
        now += waits[-1]
        assert best(candidates, now) == A
    assert waits[:3] == pytest.approx([RETRY_S, 2 * RETRY_S, 4 * RETRY_S])
    assert waits[-1] == pytest.approx(RETRY_MAX_S)
    candidates.took(A)
    candidates.failed(A, now, gone=False)
    assert candidates.next_ready_s(now) - now == pytest.approx(RETRY_S)


def test_nobody_waits_then_we_look_again_soon() -> None:
    assert known(Row(A)).next_ready_s(5.0) == 5.0 + IDLE_S


def test_who_is_gone_is_told_from_who_has_no_place() -> None:
    candidates = known(Row(A), Row(B))
    candidates.failed(A, 0.0, gone=True)
    candidates.failed(B, 0.0, gone=False)
    candidates.failed(C, 0.0, gone=True)
    assert [candidates.is_gone(key) for key in (A, B, C)] == [True, False, False]
    candidates.took(A)
    assert not candidates.is_gone(A)


def test_a_bad_parent_is_shunned_and_longer_the_next_time() -> None:
    candidates = known(Row(A))
    candidates.shun(A, 0.0)
    assert best(candidates, SHUNNED_S - 1.0) is None
    assert best(candidates, SHUNNED_S) == A
    candidates.shun(A, SHUNNED_S)
    assert best(candidates, 3.0 * SHUNNED_S - 1.0) is None
    candidates.shun(B, 0.0)
    assert best(candidates, 1.0) is None


def test_a_hop_counts_as_it_was_measured_and_as_usual_before() -> None:
    candidates = known(Row(A, (), 100))
    assert candidates.delay_ms(Row(A, (), 100)) == 100 + USUAL_HOP_MS
    assert candidates.delay_ms(Row(B, (), 7)) == 7 + USUAL_HOP_MS
    candidates.measured(A, 30.0)
    candidates.measured(B, 30.0)
    assert candidates.delay_ms(Row(A, (), 100)) == 115


def test_of_many_the_newest_are_kept_the_shunned_and_the_named_too() -> None:
    candidates = Candidates(ME, carries=False)
    candidates.set_named([A])
    rows = [Row(bytes((9, n)) * 16) for n in range(3 * KNOWN_MAX)]
    candidates.heard(rows[0])
    candidates.shun(rows[0].node, 0.0)
    for row in rows[1:]:
        candidates.heard(row)
    assert candidates.row(rows[0].node) == rows[0]
    assert candidates.row(rows[1].node) is None
    assert candidates.row(rows[-1].node) == rows[-1]
    assert best(candidates) == A


def test_where_all_are_shunned_the_oldest_is_forgotten() -> None:
    candidates = Candidates(ME, carries=False)
    rows = [Row(bytes((9, n)) * 16) for n in range(KNOWN_MAX + 1)]
    for row in rows:
        candidates.heard(row)
        candidates.shun(row.node, 0.0)
    assert candidates.row(rows[0].node) is None


def test_believed_is_whom_the_room_names_or_that_was_heard() -> None:
    candidates = known(Row(A), Row(B))
    candidates.set_named([C])
    candidates.brought_sound(A)
    candidates.brought_sound(D)
    assert [candidates.is_believed(key) for key in (A, B, C, D)] == [True, False, True, False]
    candidates.shun(A, 0.0)
    assert not candidates.is_believed(A)
