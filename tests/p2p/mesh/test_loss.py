import pytest

from p2p.mesh.loss import LossMeter


def test_loss_is_the_share_that_did_not_arrive():
    meter = LossMeter(16)
    assert meter.pct(0.0) is None
    for seq in range(100):
        if seq % 10:
            meter.heard(seq, seq * 0.02)
    assert meter.pct(2.0) == pytest.approx(10.0, abs=1.0)
    assert meter.pct(8.0) is None


def test_wraps_reordering_and_repeats_are_no_loss():
    meter = LossMeter(16)
    for seq in (65_534, 65_535, 1, 0, 0, 2):
        meter.heard(seq, 0.0)
    assert meter.pct(0.0) == 0.0


def test_a_microphone_that_was_closed_for_an_hour_is_no_loss():
    meter = LossMeter(16)
    meter.heard(10, 0.0)
    meter.heard(11, 3600.0)
    assert meter.pct(3600.0) == 0.0


def test_a_peer_that_sends_without_end_fills_no_memory():
    meter = LossMeter(16)
    for n in range(20_000):
        meter.heard(n & 0xFFFF, n / 1000)
    assert len(meter._slots) <= 50
    assert meter.pct(20.0) == 0.0


def test_a_hole_counts_when_the_next_one_comes_however_long_it_was():
    meter = LossMeter(32)
    for n in range(50):
        meter.heard(n, n * 0.02)
    for n in range(100_000, 100_050):
        meter.heard(n, n * 0.02)
    assert meter.pct(2001.0) == pytest.approx(100.0, abs=0.1)
    assert meter.pct(2006.5) is None


def test_what_is_missing_before_the_first_one_after_a_pause_is_no_loss():
    meter = LossMeter(32)
    meter.heard(1, 0.0)
    meter.pause()
    meter.heard(40, 0.1)
    assert meter.pct(0.1) == 0.0
    meter.heard(42, 0.2)
    assert meter.pct(0.2) == 25.0
