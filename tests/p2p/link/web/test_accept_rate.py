from p2p.link.web import accept_rate
from p2p.link.web.accept_rate import EVERYBODY, ONE_NET, AcceptRate


def test_a_net_takes_no_more_than_its_share_and_no_other_net_loses_by_it():
    rate = AcceptRate(0.0)
    taken = sum(rate.takes("203.0.113.0/24", n / 1000) for n in range(10_000))
    assert taken <= ONE_NET.burst + 10 * ONE_NET.per_s
    assert rate.takes("198.51.100.0/24", 10.0)


def test_many_nets_together_take_no_more_than_the_relay_gives():
    rate = AcceptRate(0.0)
    taken = sum(rate.takes(f"net {n}", n / 1000) for n in range(4_000))
    assert EVERYBODY.burst <= taken <= EVERYBODY.burst + 4 * EVERYBODY.per_s + 1
    assert rate.takes("another", 5.0)


def test_nets_of_long_ago_are_forgotten_and_their_number_is_bounded(monkeypatch):
    monkeypatch.setattr(accept_rate, "NETS_MAX", 50)
    rate = AcceptRate(0.0)
    assert all(rate.takes(f"net {n}", 0.0) for n in range(50))
    assert not rate.takes("one too many", 0.0)
    assert rate.takes("one too many", 60.0)
    assert len(rate._nets) == 1
