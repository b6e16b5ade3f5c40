import pytest

from p2p.link.mux import Mux
from p2p.link.own_addresses import SEEN_MAX, WITNESSES_MAX, Whereabouts
from p2p.link.web.proxy import Proxy
from p2p.wire.addresses import stream_address
from p2p.wire.offers import CandidateKind

RELAY, FRIEND, LIAR = "11.0.1.2", "11.0.3.2", "11.0.9.9"
BEFORE, AFTER = ("11.0.2.2", 40_001), ("11.0.2.2", 41_001)
SIX = ("2600:1:2::a", 40_001)


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
async def here():
    """Whereabouts on a clock of our own, and how often we were told that we have moved."""
    mux, clock, moves = await Mux.open(("127.0.0.1", 0)), Clock(), []
    whereabouts = Whereabouts(mux, clock)
    whereabouts.on_moved = lambda: moves.append(clock.now_s)
    yield whereabouts, clock, moves
    mux.close()


def test_an_address_seen_for_the_first_time_is_no_move(here):
    whereabouts, _, moves = here
    whereabouts.saw(BEFORE, RELAY)
    whereabouts.saw(BEFORE, FRIEND)
    assert whereabouts.seen == [BEFORE]
    assert moves == []


def test_a_router_that_gives_another_port_is_noticed_once(here):
    whereabouts, clock, moves = here
    for witness in (RELAY, FRIEND):
        whereabouts.saw(BEFORE, witness)
    clock.now_s += 1.0
    whereabouts.saw(AFTER, RELAY)
    clock.now_s += 1.0
    whereabouts.saw(AFTER, FRIEND)
    assert whereabouts.seen == [AFTER]
    assert len(moves) == 1


def test_what_nobody_has_confirmed_since_is_forgotten_with_a_move(here):
    whereabouts, clock, _ = here
    whereabouts.saw(BEFORE, FRIEND)
    whereabouts.saw(SIX, "2600:1:1::2")
    clock.now_s += 60.0
    whereabouts.saw(BEFORE, RELAY)
    clock.now_s += 3.0
    whereabouts.saw(AFTER, RELAY)
    assert whereabouts.seen == [AFTER, SIX]


def test_another_port_for_every_peer_is_no_move(here):
    whereabouts, clock, moves = here
    for _ in range(5):
        clock.now_s += 1.0
        whereabouts.saw(BEFORE, RELAY)
        whereabouts.saw(AFTER, FRIEND)
    assert set(whereabouts.seen) == {BEFORE, AFTER}
    assert moves == []


def test_one_liar_has_one_voice(here):
    whereabouts, clock, _ = here
    for port in range(1, 100):
        clock.now_s += 0.5
        whereabouts.saw(BEFORE, RELAY)
        whereabouts.saw(("11.0.66.66", port), LIAR)
    assert BEFORE in whereabouts.seen
    assert len(whereabouts.seen) == 2


def test_witnesses_and_addresses_are_bounded(here):
    whereabouts, clock, _ = here
    for n in range(200):
        clock.now_s += 0.1
        whereabouts.saw(("11.0.2.2", 1000 + n), f"11.0.7.{n}")
    assert len(whereabouts.seen) == SEEN_MAX
    assert len(whereabouts._reports) == WITNESSES_MAX


@pytest.mark.parametrize(
    "address",
    [
        ("127.0.0.1", 9),
        ("192.168.1.5", 9),
        ("0.0.0.0", 9),
        ("239.1.2.3", 9),
        ("255.255.255.255", 9),
        ("11.0.2.2", 0),
        ("fe80::1", 9),
        ("ff02::1", 9),
        ("::ffff:11.0.2.2", 9),
    ],
)
def test_an_address_that_cannot_be_ours_is_not_believed(here, address):
    whereabouts, _, moves = here
    whereabouts.saw(address, LIAR)
    assert whereabouts.seen == []
    assert whereabouts.offer(None) == ()
    assert moves == []


def test_what_was_seen_is_offered_to_those_far_away(here):
    whereabouts, _, _ = here
    whereabouts.saw(BEFORE, RELAY)
    (offered,) = whereabouts.offer(None)
    assert (offered.address, offered.kind) == (BEFORE, CandidateKind.SRFLX)


async def test_a_global_ipv6_address_is_offered_though_nobody_has_seen_it(monkeypatch):
    mux = await Mux.open(None)
    six = ("2600:1:2:1::a", mux.local_port)
    monkeypatch.setattr(
        "p2p.link.own_addresses.host_address_towards",
        lambda _mux, toward: six if ":" in toward[0] else None,
    )
    whereabouts = Whereabouts(mux)
    assert [c.address for c in whereabouts.offer(None)] == [six]
    assert [c.address for c in whereabouts.offer(("11.0.3.2", 7))] == [six]
    assert whereabouts.offer(("192.168.1.7", 7)) == ()
    mux.close()


async def test_by_a_stream_and_behind_a_proxy_nobody_is_told_where_we_are(here):
    whereabouts, _, _ = here
    whereabouts.saw(BEFORE, RELAY)
    assert whereabouts.offer((RELAY, 443))
    assert whereabouts.offer(stream_address((RELAY, 443))) == ()
    mux = await Mux.open(None, Proxy.parse("http://127.0.0.1:1"))
    hidden = Whereabouts(mux)
    hidden.saw(BEFORE, RELAY)
    assert hidden.offer(None) == hidden.offer((RELAY, 443)) == ()
    mux.close()
