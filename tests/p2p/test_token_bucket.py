"""Token buckets: bursts are bounded, time gives back, and never takes."""

from p2p.token_bucket import Allowance, Rate


def test_a_burst_is_bounded_and_time_gives_back():
    bucket = Allowance(Rate(burst=3, per_s=2), now=10)
    assert [bucket.take(10) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(10.5)
    assert not bucket.take(10.5)
    assert [bucket.take(1000) for _ in range(4)] == [True, True, True, False]


def test_it_is_full_until_used_and_again_after_a_while():
    bucket = Allowance(Rate(burst=2, per_s=0.5), 10.0)
    assert bucket.is_full(10.0)
    bucket.take(10.0)
    assert not bucket.is_full(11.9)
    assert bucket.is_full(12.0)


def test_a_clock_that_jumps_back_gives_nothing():
    bucket = Allowance(Rate(burst=1, per_s=1), now=10)
    assert bucket.take(10)
    assert not bucket.take(-1000)
    assert not bucket.take(10.5)
    assert bucket.take(11)
