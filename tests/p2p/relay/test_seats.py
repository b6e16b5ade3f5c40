import pytest

from p2p.errors import RemoteError
from p2p.relay import seats
from p2p.relay.limits import Limits
from p2p.relay.seats import BOUGH_TIMES, GOSSIP_RATE, Allowances, Seen


def test_a_relay_may_say_what_many_members_say() -> None:
    member, relay = Allowances(Limits(), 0.0), Allowances(Limits(), 0.0, BOUGH_TIMES)
    for allowances, most in ((member, GOSSIP_RATE.burst), (relay, GOSSIP_RATE.burst * BOUGH_TIMES)):
        for _ in range(int(most)):
            allowances.gossip(1, 0.0)
        with pytest.raises(RemoteError):
            allowances.gossip(1, 0.0)


def test_what_is_seen_again_is_not_new_until_it_is_long_past(monkeypatch) -> None:
    monkeypatch.setattr(seats, "SEEN_MAX", 2)
    seen = Seen()
    assert [seen.is_new(b"a"), seen.is_new(b"a"), seen.is_new(b"a", b"b")] == [True, False, True]
    assert seen.is_new(b"c")
    assert seen.is_new(b"a")
