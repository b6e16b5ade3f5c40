import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.playout.lateness import BIN_S, MAX_DELAY_S, Lateness

BINS = round(MAX_DELAY_S / BIN_S)


class Slow:
    """The same as it is defined: shares of all frames, each time scaled anew."""

    def __init__(self):
        self.shares = np.zeros(BINS)
        self.seen = 0

    def add(self, late_s):
        self.seen += 1
        weight = max(0.01, 1.0 / self.seen)
        self.shares *= 1.0 - weight
        self.shares[min(int(late_s / BIN_S), BINS - 1)] += weight

    def move(self, bins):
        moved = np.zeros(BINS)
        moved[: BINS - bins] = self.shares[bins:]
        moved[0] += self.shares[:bins].sum()
        self.shares = moved

    def cost_s(self, delay_s):
        return delay_s + 2.0 * (1.0 - self.shares[: round(delay_s / BIN_S)].sum())

    def least_s(self):
        return min(self.cost_s(BIN_S * (n + 1)) for n in range(BINS))


@given(
    st.lists(
        st.one_of(
            st.floats(0.0, 0.6).map(lambda late_s: ("add", late_s)),
            st.integers(1, BINS).map(lambda bins: ("move", bins)),
        ),
        max_size=200,
    )
)
def test_no_delay_costs_less_than_the_one_that_is_chosen(steps):
    quick, slow = Lateness(), Slow()
    for one in (quick, slow):
        one.add(0.03)
        for step, value in steps:
            getattr(one, step)(value)
    assert slow.cost_s(quick.cheapest_s) == pytest.approx(slow.least_s(), abs=1e-9)


def test_after_an_hour_frames_weigh_as_after_a_minute():
    day, minute = Lateness(), Lateness()
    for frame in range(180_000):
        day.add(0.1 if frame % 10 == 0 else 0.0)
    for frame in range(3_000):
        minute.add(0.1 if frame % 10 == 0 else 0.0)
    assert day.cheapest_s == minute.cheapest_s == pytest.approx(0.105)
    for late in (day, minute):
        for _ in range(60):  # seven in a hundred are late still
            late.add(0.0)
    assert day.cheapest_s == minute.cheapest_s == pytest.approx(0.105)
    for late in (day, minute):
        for _ in range(20):
            late.add(0.0)
    assert day.cheapest_s == minute.cheapest_s == BIN_S
