import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.mesh.arrivals import SLOTS, Arrivals


def test_loss_is_the_share_that_did_not_arrive():
    arrivals = Arrivals(16)
    assert arrivals.loss_pct(0.0) is None
    for seq in range(100):
        if seq % 10:
            arrivals.came(seq, seq * 0.02)
    assert arrivals.loss_pct(2.0) == pytest.approx(10.0, abs=1.0)
    assert arrivals.loss_pct(8.0) is None


def test_wraps_reordering_and_repeats_are_no_loss():
    arrivals = Arrivals(16)
    newest = [arrivals.came(seq, 0.0) for seq in (65_534, 65_535, 1, 0, 0, 2)]
    assert newest == [True, True, True, False, False, True]
    assert arrivals.loss_pct(0.0) == 0.0
    assert (arrivals.received, arrivals.newest) == (6, 65_538)


def test_a_microphone_that_was_closed_for_an_hour_is_no_loss():
    arrivals = Arrivals(16)
    arrivals.came(10, 0.0)
    arrivals.came(11, 3600.0)
    assert arrivals.loss_pct(3600.0) == 0.0


def test_a_peer_that_sends_without_end_fills_no_memory():
    arrivals = Arrivals(16)
    for n in range(20_000):
        arrivals.came(n & 0xFFFF, n / 1000)
    assert len(arrivals._slots) <= SLOTS
    assert arrivals.loss_pct(20.0) == 0.0


def test_a_hole_counts_when_the_next_one_comes_however_long_it_was():
    arrivals = Arrivals(32)
    for n in range(50):
        arrivals.came(n, n * 0.02)
    for n in range(100_000, 100_050):
        arrivals.came(n, n * 0.02)
    assert arrivals.loss_pct(2001.0) == pytest.approx(100.0, abs=0.1)
    assert arrivals.loss_pct(2006.5) is None


def test_what_is_missing_before_the_first_one_after_a_pause_is_no_loss():
    arrivals = Arrivals(32)
    arrivals.came(1, 0.0)
    arrivals.pause()
    arrivals.came(40, 0.1)
    assert arrivals.loss_pct(0.1) == 0.0
    arrivals.came(42, 0.2)
    assert arrivals.loss_pct(0.2) == 25.0


def test_it_says_which_was_the_newest_when_that_came_and_how_many_bytes_all_had():
    arrivals = Arrivals(16)
    for seq, at_s in ((7, 1.0), (9, 1.25), (8, 1.5)):
        arrivals.came(seq, at_s, 100)
    told = arrivals.newest, arrivals.newest_s, arrivals.received, arrivals.received_bytes
    assert told == (9, 1.25, 3, 300)


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=60))
def test_the_newest_never_goes_back_and_is_one_that_came(seqs):
    arrivals = Arrivals(16)
    before = -1
    for seq in seqs:
        arrivals.came(seq, 0.0)
        assert arrivals.newest >= before
        before = arrivals.newest
    assert arrivals.newest % 65_536 in seqs
    assert 0.0 <= arrivals.loss_pct(0.0) <= 100.0
