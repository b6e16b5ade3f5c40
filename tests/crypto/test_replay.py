"""The replay window against a set that forgets nothing."""

from hypothesis import given
from hypothesis import strategies as st

from crypto.replay import WINDOW, ReplayWindow

START = 1 << 24


def test_a_counter_counts_once() -> None:
    window = ReplayWindow()
    assert window.accept(START)
    assert not window.accept(START)
    assert window.accept(START - 1)
    assert not window.accept(START - 1)


def test_the_window_is_exactly_1024_counters_wide() -> None:
    assert WINDOW == 1_024
    for top in (START, START + 63, START + 64):
        window = ReplayWindow()
        assert window.accept(top)
        assert not window.accept(top - 1_024)
        assert window.accept(top - 1_023)


def test_nothing_is_forgotten_wherever_in_a_word_the_top_stands() -> None:
    window = ReplayWindow()
    for top in range(START, START + 1_200):
        assert window.accept(top)
        if top >= START + 1_020:
            in_window = range(max(START, top - WINDOW + 1), top + 1)
            assert not any(window.accept(counter) for counter in in_window)


def test_counters_out_of_range_are_not_new() -> None:
    window = ReplayWindow()
    assert window.accept(0)
    assert not window.accept(-1)
    assert not window.accept(2**64)
    assert window.accept(2**64 - 1)


def test_a_long_jump_is_as_cheap_as_a_short_one_and_leaves_nothing_behind() -> None:
    window = ReplayWindow()
    for counter in range(START, START + 2_000):
        assert window.accept(counter)
    top = 2**63
    assert window.accept(top)
    assert all(window.accept(top - back) for back in range(1, WINDOW))


@given(
    st.lists(
        st.one_of(st.integers(-1_100, 1_100), st.integers(-70, 70), st.integers(0, 40_000)),
        max_size=300,
    )
)
def test_it_agrees_with_a_memory_without_end(moves: list[int]) -> None:
    window = ReplayWindow()
    seen: set[int] = set()
    top = START
    for move in moves:
        counter = top + move
        expected = counter > max(seen, default=0) - WINDOW and counter not in seen
        assert window.accept(counter) == expected
        if expected:
            seen.add(counter)
            top = max(top, counter)
