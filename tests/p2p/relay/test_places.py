"""Who has a link to a relay when many want one, on a virtual clock."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from p2p.relay.limits import Limits
from p2p.relay.places import GRACE_S, Places

FLOODER, HOME, SCHOOL = b"abc", b"def", b"ghi"


class Relay:
    """Its links, as they come and go."""

    def __init__(self, **limits: int) -> None:
        self.seats: set[int] = set()
        self.limits = Limits(**limits)
        self.places = Places(lambda: self.limits, self.seats.__contains__)
        self.links: dict[int, bytes | None] = {}
        self.now = 0.0
        self._numbers = itertools.count(1)

    def come(self, net: bytes | None, *, sits: bool = False) -> bool:
        """Whether a newcomer has a link now."""
        number = next(self._numbers)
        if not self.places.has_one(self.now):
            return False
        ends = self.places.take(number, net, self.now)
        if ends == number:
            return False
        if ends is not None:
            del self.links[ends]
            self.places.leave(ends)
        self.links[number] = net
        if sits:
            self.seats.add(number)
        return True

    def of(self, net: bytes | None) -> int:
        return sum(each == net for each in self.links.values())


def test_two_hundred_links_from_one_net_do_not_close_a_relay() -> None:
    relay = Relay()
    assert [relay.come(FLOODER, sits=True) for _ in range(200)].count(True) == 64
    for number in range(200 - 64):
        assert relay.come(b"%03d" % number, sits=True)
    assert not relay.come(HOME)


def test_a_school_of_sixty_fits_beside_forty_homes() -> None:
    relay = Relay()
    assert all(relay.come(SCHOOL, sits=True) for _ in range(60))
    assert all(relay.come(b"%03d" % number, sits=True) for number in range(40) for _ in range(3))


def test_when_it_is_nearly_full_a_net_may_have_an_eighth() -> None:
    relay = Relay()
    for number in range(150):
        relay.come(b"%03d" % number, sits=True)
    assert [relay.come(FLOODER, sits=True) for _ in range(40)].count(True) == 25
    assert relay.come(HOME)


def test_where_nets_are_private_nothing_is_counted() -> None:
    relay = Relay(max_links=300)
    assert all(relay.come(None) for _ in range(300))


def test_when_it_is_full_the_oldest_without_a_seat_makes_room_of_the_net_with_most() -> None:
    relay = Relay(max_links=6, max_links_per_net=4)
    relay.come(HOME)
    relay.come(SCHOOL, sits=True)
    for number in range(4):
        relay.come(FLOODER if number < 3 else b"xyz")
    assert not relay.come(b"new")  # each of them may just be coming in
    relay.now += GRACE_S
    assert relay.come(b"new")
    assert (relay.of(FLOODER), relay.of(HOME), relay.of(SCHOOL)) == (2, 1, 1)
    assert 3 not in relay.links  # its oldest
    assert relay.come(b"nex")
    assert 4 not in relay.links
    assert relay.come(b"ney")
    assert 1 not in relay.links  # each net has one now: the oldest of all
    for number in relay.links:
        relay.seats.add(number)
    relay.now += GRACE_S
    assert not relay.come(b"nez")


def test_a_link_that_ends_makes_room() -> None:
    relay = Relay(max_links=1)
    assert relay.come(HOME, sits=True)
    assert not relay.come(SCHOOL)
    relay.places.leave(1)
    relay.places.leave(99)
    assert relay.come(SCHOOL)


def test_a_newcomer_that_asked_while_there_was_room_and_comes_too_late_is_sent_away() -> None:
    relay = Relay(max_links=1)
    assert relay.places.take(1, HOME, 0.0) is None
    assert relay.places.take(2, SCHOOL, 0.0) == 2


@given(
    st.lists(
        st.tuples(st.sampled_from([None, FLOODER, HOME, SCHOOL]), st.booleans(), st.floats(0, 9))
    )
)
def test_no_more_links_than_allowed_and_nobody_loses_a_seat(came) -> None:
    relay = Relay(max_links=8, max_links_per_net=3)
    for net, sits, wait_s in came:
        relay.come(net, sits=sits)
        relay.now += wait_s
        assert len(relay.links) <= 8
        assert all(relay.of(one) <= 3 for one in (FLOODER, HOME, SCHOOL))
        assert relay.seats <= relay.links.keys()
