import pytest

from p2p.errors import RemoteError
from p2p.relay.limits import Limits
from p2p.relay.sessions import BOUGH_TIMES, GOSSIP_RATE, Allowances


def test_a_relay_may_say_what_many_members_say() -> None:
    member, relay = Allowances(Limits(), 0.0), Allowances(Limits(), 0.0, BOUGH_TIMES)
    for allowances, most in ((member, GOSSIP_RATE.burst), (relay, GOSSIP_RATE.burst * BOUGH_TIMES)):
        for _ in range(int(most)):
            allowances.gossip(1, 0.0)
        with pytest.raises(RemoteError):
            allowances.gossip(1, 0.0)
