"""Rooms at relays, on a virtual clock: who gets in, what goes on, and what abuse comes to."""

import os
from collections import defaultdict
from types import SimpleNamespace

import msgspec
import pytest

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.frame import FrameSealer
from crypto.identity import Identity
from lab.relay_host import Host
from p2p.errors import RemoteError
from p2p.relay import room as relay_room
from p2p.relay import rooms as rooms_module
from p2p.relay.cascade import CHILDREN_MAX
from p2p.relay.claims import PASS_WITHIN_S
from p2p.relay.limits import Limits
from p2p.relay.passes import OLD_PASS_S
from p2p.relay.presence import EMPTY_S, PRESENCE_EVERY_S
from p2p.relay.rooms import Call, Cut, Rooms
from p2p.relay.sessions import FLOOR_RATE, GOSSIP_RATE, PRESENT_RATE, ROUTE_RATE, WRAP_RATE
from p2p.room.ops.kinds import Carrier
from p2p.wire.hop import HEARTBEAT, for_tree
from p2p.wire.messages import Bye
from p2p.wire.relay_messages import (
    DEPTH_MAX,
    EVERYBODY,
    MEMBERS_PER_MESSAGE,
    AskWrap,
    Floor,
    FloorHave,
    Gossip,
    Hear,
    JoinTree,
    Moving,
    Open,
    Passed,
    Present,
    RelayRefuse,
    RelayWraps,
    Standing,
    Tune,
)


def sealed(slot: int) -> bytes:
    keyring = Keyring.create(os.urandom)
    return for_tree(b"\0" + FrameSealer(keyring, slot, bytes(16), os.urandom).seal(b"p" * 99, 0.0))


FRAMES = {slot: sealed(slot) for slot in (2, 3, 4, 5, 6)}


class Relay:
    """One relay's rooms, and the links of people to it."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.secret = os.urandom(32)
        self.dh = KeyPair(self.secret).public
        self.limits = limits or Limits()
        self.busy = False
        self.now = 100.0
        self.rooms = Rooms(self.dh, lambda: self.limits, lambda _: self.busy, self.now, os.urandom)
        self.ties: dict[int, bytes] = {}
        self.got: dict[int, list] = defaultdict(list)
        self.events: list = []
        self._next = 1

    def link(self, dh: bytes, tie: bytes | None = None, net: bytes | None = None) -> int:
        number, self._next = self._next, self._next + 1
        self.ties[number] = tie or os.urandom(64)
        self.rooms.link_up(number, dh, self.ties[number], self.now, net)
        return number

    def tell(self, link: int, message) -> None:
        try:
            assert self.rooms.receive(message, link, self.now)
        finally:
            self.flush()

    def flush(self) -> None:
        for link, message in self.rooms.to_send():
            self.got[link].append(message)
        while (event := self.rooms.next_event()) is not None:
            self.events.append(event)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.rooms.on_timer(self.now)
        self.flush()

    def seat(self, host: Host, identity: Identity | None = None) -> int:
        identity = identity or Identity.generate(os.urandom)
        link = self.link(identity.dh)
        self.tell(link, host.pass_of(identity, self.dh, self.ties[link]))
        assert any(isinstance(one, Passed) for one in self.got[link])
        return link

    def opened(self, host: Host) -> None:
        """Somebody made the room known and sat down in it, and went again."""
        link = self.link(host.identity.dh)
        self.tell(link, Open(host.genesis, tuple(host.ops)))
        self.tell(link, host.pass_of(host.identity, self.dh, self.ties[link]))
        self.rooms.link_down(link, self.now)
        self.rooms.on_timer(self.now + PRESENCE_EVERY_S)
        self.flush()

    def all(self, link: int, kind: type) -> list:
        return [one for one in self.got[link] if isinstance(one, kind)]

    def hears(self, source: int, slot: int) -> list[int]:
        """Links to which a frame of this slot goes on."""
        room = self.rooms.frame(FRAMES[slot], source, self.now)
        return [] if room is None else room.seating.listeners(source)

    def refusal(self, link: int) -> list[str]:
        return [one.reason for one in self.all(link, RelayRefuse)]


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def relay(host: Host) -> Relay:
    made = Relay()
    made.opened(host)
    return made


@pytest.fixture
def people() -> SimpleNamespace:
    return SimpleNamespace(**{n: Identity.generate(os.urandom) for n in ("amina", "kenji", "omar")})


def test_a_member_with_the_pass_is_attached_and_told_who_is_here(host, relay, people) -> None:
    first = relay.seat(host, people.amina)
    second = relay.seat(host, people.kenji)
    both = tuple(sorted((people.amina.member_id, people.kenji.member_id)))
    assert relay.all(second, Passed) == [Passed(host.room, both)]
    assert len(relay.all(second, FloorHave)) == 1
    relay.wait(PRESENCE_EVERY_S)
    assert set(relay.all(first, Present)[0].here) == set(both)
    relay.rooms.link_down(second, relay.now)
    relay.wait(PRESENCE_EVERY_S)
    assert relay.all(first, Present)[-1] == Present(host.room, (), (people.kenji.member_id,))
    assert (relay.rooms.count, relay.rooms.attached) == (1, 1)


def test_who_lacks_the_pass_or_shows_a_proof_of_another_link_stays_out(host, relay, people) -> None:
    link = relay.link(people.amina.dh)
    tie = relay.ties[link]
    relay.tell(link, host.pass_of(people.amina, relay.dh, tie, pass_key=bytes(32)))
    assert relay.refusal(link) == ["bad_pass"]
    for wrong in (
        host.pass_of(people.amina, relay.dh, os.urandom(64)),  # carried from another link
        host.pass_of(people.amina, os.urandom(32), tie),  # shown to another relay
        host.pass_of(people.kenji, relay.dh, tie),  # keys that this link was not made with
    ):
        with pytest.raises(RemoteError):
            relay.tell(link, wrong)
    other = Host()
    relay.tell(link, other.pass_of(people.amina, relay.dh, tie))
    assert relay.refusal(link)[-1] == "no_room"
    assert relay.rooms.attached == 0
    with pytest.raises(RemoteError):
        relay.tell(link, Floor(host.room, ()))


def test_what_a_relay_was_shown_of_a_pass_opens_no_other_relay(host, relay, people) -> None:
    tried, spy = Relay(), people.omar
    shown = host.pass_of(people.amina, tried.dh, os.urandom(64))
    link = relay.link(spy.dh)
    own = host.pass_of(spy, relay.dh, relay.ties[link], pass_key=b"x" * 32)
    copied = set(shown.__struct_fields__) - {"room", "sign", "dh", "proof"}
    forged = msgspec.structs.replace(own, **{name: getattr(shown, name) for name in copied})
    with pytest.raises(RemoteError):
        relay.tell(link, forged)
    assert relay.all(link, Passed) == []


def test_an_old_pass_opens_for_a_minute_after_the_epoch_has_changed(host, relay, people) -> None:
    old = host.pass_key
    member = relay.seat(host)
    relay.tell(member, Floor(host.room, (host.new_epoch(),)))
    for waits_s, opens in ((OLD_PASS_S - 1, True), (2.0, False)):
        relay.now += waits_s
        link = relay.link(people.amina.dh)
        relay.tell(link, host.pass_of(people.amina, relay.dh, relay.ties[link], pass_key=old))
        assert bool(relay.all(link, Passed)) is opens
    relay.tell(member, Floor(host.room, (host.new_epoch(),)))
    assert relay.seat(host)


def test_by_an_old_pass_a_removed_member_gets_no_seat_under_another_name(
    host, relay, people
) -> None:
    old = host.pass_key
    amina, kenji = relay.seat(host, people.amina), relay.seat(host, people.kenji)
    relay.rooms.link_down(kenji, relay.now)  # its link breaks as the room changes
    removed = host.remove(people.amina.member_id)
    relay.tell(relay.seat(host), Floor(host.room, (removed, host.new_epoch())))
    assert relay.events == [Cut(amina)]
    relay.wait(0.5)
    for identity, refusal in ((people.omar, ["bad_pass"]), (people.kenji, [])):
        link = relay.link(identity.dh)
        relay.tell(link, host.pass_of(identity, relay.dh, relay.ties[link], pass_key=old))
        assert relay.refusal(link) == refusal
    assert relay.seat(host)  # with the new one anybody


def test_sound_goes_on_only_with_a_grant_and_stops_with_a_mute(host, relay, people) -> None:
    amina, kenji = relay.seat(host, people.amina), relay.seat(host, people.kenji)
    assert relay.hears(amina, 2) == []
    relay.tell(kenji, Floor(host.room, (host.grant(2, people.amina.member_id),)))
    assert relay.hears(amina, 2) == [kenji]
    assert relay.hears(kenji, 2) == []  # in another's slot
    assert relay.hears(amina, 3) == []
    assert relay.hears(99, 2) == []
    relay.tell(kenji, Floor(host.room, (host.mute(2),)))
    assert relay.hears(amina, 2) == []
    assert relay.rooms.counters["frame"] == 4


def test_a_removed_member_is_cut_at_once_and_does_not_come_back(host, relay, people) -> None:
    amina, kenji = relay.seat(host, people.amina), relay.seat(host, people.kenji)
    relay.tell(kenji, Floor(host.room, (host.grant(2, people.amina.member_id),)))
    relay.tell(kenji, Floor(host.room, (host.remove(people.amina.member_id),)))
    assert relay.events == [Cut(amina)]
    assert relay.hears(amina, 2) == []
    relay.rooms.link_down(amina, relay.now)
    link = relay.link(people.amina.dh)
    relay.tell(link, host.pass_of(people.amina, relay.dh, relay.ties[link]))
    assert relay.refusal(link) == ["removed"]


def test_who_attaches_again_takes_its_own_place(host, relay, people) -> None:
    old = relay.seat(host, people.amina)
    new = relay.seat(host, people.amina)
    assert relay.events == [Cut(old)]
    assert relay.rooms.attached == 1
    relay.tell(new, host.pass_of(people.amina, relay.dh, relay.ties[new]))  # again: nothing new
    assert len(relay.all(new, Passed)) == 1


def test_floor_operations_go_to_all_others_once_and_forged_ones_to_nobody(host, relay) -> None:
    one, two = relay.seat(host), relay.seat(host)
    op = host.lock()
    relay.tell(one, Floor(host.room, (op, op)))
    relay.tell(two, Floor(host.room, (op,)))
    assert relay.all(two, Floor) == [Floor(host.room, (op,))]
    assert relay.all(one, Floor) == []
    with pytest.raises(RemoteError):
        relay.tell(one, Floor(host.room, (b"forged" * 20,)))
    assert len(relay.all(two, Floor)) == 1


def test_what_somebody_lacks_is_sent_to_it(host, relay) -> None:
    link = relay.seat(host)
    relay.tell(link, FloorHave(host.room, ()))
    assert relay.all(link, Floor) == [Floor(host.room, tuple(host.ops))]
    relay.tell(link, FloorHave(host.room, relay.all(link, FloorHave)[0].ids))
    assert len(relay.all(link, Floor)) == 1


def test_gossip_goes_to_one_or_to_all_and_in_nobody_elses_name(host, relay, people) -> None:
    amina, kenji, omar = (relay.seat(host, one) for one in vars(people).values())
    to_all = Gossip(host.room, EVERYBODY, people.amina.member_id, b"sealed")
    to_one = Gossip(host.room, people.omar.member_id, people.amina.member_id, b"sealed")
    relay.tell(amina, to_all)
    relay.tell(amina, to_one)
    relay.tell(amina, Gossip(host.room, b"x" * 16, people.amina.member_id, b"nobody"))
    assert [relay.all(link, Gossip) for link in (amina, kenji, omar)] == [
        [],
        [to_all],
        [to_all, to_one],
    ]
    with pytest.raises(RemoteError):
        relay.tell(kenji, to_all)


def test_each_member_gets_its_own_wrap_and_later_ones_get_theirs_too(host, relay, people) -> None:
    host_link = relay.seat(host, host.identity)
    amina = relay.seat(host, people.amina)
    message = RelayWraps(host.room, host.epoch, host.wraps(*vars(people).values()))
    relay.tell(host_link, message)
    relay.tell(host_link, message)
    kenji = relay.seat(host, people.kenji)
    for link, member in ((amina, people.amina), (kenji, people.kenji)):
        [handed] = relay.all(link, RelayWraps)
        assert handed.epoch == host.epoch
        assert len(handed.wraps) == 1
        assert host.opens(handed.wraps, member)
    relay.tell(host_link, RelayWraps(host.room, b"?" * 16, (bytes(52),)))
    relay.tell(host_link, Floor(host.room, (host.new_epoch(),)))
    assert relay.all(relay.seat(host, people.omar), RelayWraps) == []


def test_any_member_may_wrap_for_others_within_its_measure(
    host, relay, people, monkeypatch
) -> None:
    amina, kenji, omar = (relay.seat(host, one) for one in vars(people).values())
    [for_kenji] = host.wraps(people.kenji)
    [for_omar] = host.wraps(people.omar)
    relay.tell(amina, RelayWraps(host.room, host.epoch, (for_kenji,)))
    relay.tell(amina, RelayWraps(host.room, host.epoch, (for_kenji,)))
    assert [one.wraps for one in relay.all(kenji, RelayWraps)] == [(for_kenji,)]
    assert relay.all(omar, RelayWraps) == []
    monkeypatch.setattr(relay_room, "SHARED_MAX", 2)
    relay.tell(amina, RelayWraps(host.room, host.epoch, (bytes(52), for_omar)))
    assert relay.all(omar, RelayWraps) == []
    host_link = relay.seat(host, host.identity)
    relay.tell(host_link, RelayWraps(host.room, host.epoch, (bytes(52), for_omar)))
    assert [one.wraps for one in relay.all(omar, RelayWraps)] == [(for_omar,)]


def test_a_question_for_a_wrap_goes_to_whom_it_is_for_in_ones_own_name_only(
    host, relay, people
) -> None:
    amina, kenji, omar = (relay.seat(host, one) for one in vars(people).values())
    names = people.omar.member_id, people.amina.member_id
    question = AskWrap(host.room, *names, host.epoch)
    relay.tell(amina, question)
    assert [relay.all(one, AskWrap) for one in (amina, kenji, omar)] == [[], [], [question]]
    with pytest.raises(RemoteError):
        relay.tell(kenji, question)
    relay.tell(amina, AskWrap(host.room, b"x" * 16, people.amina.member_id, host.epoch))
    assert [len(relay.all(one, AskWrap)) for one in (amina, kenji, omar)] == [0, 0, 1]


def test_another_relay_brings_questions_of_its_own_members_only(host, relay, people) -> None:
    omar = relay.seat(host, people.omar)
    [bough] = joined(host, relay)
    question = AskWrap(host.room, people.omar.member_id, people.amina.member_id, host.epoch)
    relay.tell(bough, question)
    assert relay.all(omar, AskWrap) == []
    relay.tell(bough, Present(host.room, (people.amina.member_id,), ()))
    relay.tell(bough, question)
    assert relay.all(omar, AskWrap) == [question]


def test_who_waits_in_reserve_gets_no_sound(host, relay, people) -> None:
    amina, kenji = relay.seat(host, people.amina), relay.seat(host, people.kenji)
    relay.tell(kenji, Floor(host.room, (host.grant(2, people.amina.member_id),)))
    relay.tell(kenji, Tune(host.room, on=False))
    assert relay.hears(amina, 2) == []
    assert relay.rooms.counters["frame"] == 0
    relay.tell(kenji, Tune(host.room, on=True))
    assert relay.hears(amina, 2) == [kenji]


def test_who_asks_for_a_portion_gets_it_and_a_flood_of_wishes_is_refused(
    host, relay, people
) -> None:
    kenji = relay.seat(host, people.kenji)
    room = relay.rooms.rooms()[0]
    version = room.seating.version
    relay.tell(kenji, Hear(host.room, 2, 0, 2))
    assert room.seating.seats[kenji].portion == (2, 0, 2)
    assert room.seating.version == version + 1
    relay.tell(kenji, Hear(host.room, 2, 0, 2))
    assert room.seating.version == version + 1
    for number in range(18):
        relay.rooms.receive(Hear(host.room, 1 + number % 2, 0, 1), kenji, relay.now)
    with pytest.raises(RemoteError):
        relay.rooms.receive(Hear(host.room, 3, 0, 3), kenji, relay.now)


def test_a_relay_that_stops_tells_everybody_and_takes_nobody(host, relay, people) -> None:
    one = relay.seat(host)
    relay.rooms.say_moving(60.0)
    relay.flush()
    assert relay.all(one, Moving) == [Moving(60)]
    link = relay.link(people.amina.dh)
    relay.tell(link, host.pass_of(people.amina, relay.dh, relay.ties[link]))
    assert relay.refusal(link) == ["draining"]


def test_a_room_without_anybody_is_forgotten(host, relay) -> None:
    one = relay.seat(host)
    relay.wait(EMPTY_S + 1)
    assert relay.rooms.count == 1
    relay.rooms.link_down(one, relay.now)
    relay.wait(EMPTY_S - 1)
    assert relay.rooms.count == 1
    relay.wait(2)
    assert relay.rooms.count == 0


# Abuse.


def accepted(relay: Relay, link: int, make, most: int) -> int:
    """How many messages one after the other stay below the rate."""
    for count in range(most):
        try:
            relay.tell(link, make())
        except RemoteError as exc:
            if "rate" in str(exc):
                return count
    return most


def test_rooms_are_bounded_and_a_room_must_prove_its_operations(host) -> None:
    relay = Relay(Limits(max_rooms=1))
    link = relay.link(host.identity.dh)
    with pytest.raises(RemoteError):
        relay.tell(link, Open(b"no genesis"))
    assert relay.rooms.count == 0
    relay.opened(host)
    other = Host()
    relay.tell(link, Open(other.genesis, tuple(other.ops)))
    assert relay.refusal(link) == ["full"]
    with pytest.raises(RemoteError):
        relay.tell(link, Open(host.genesis, tuple(other.ops)))
    assert relay.rooms.count == 1
    relay.seat(host)  # a full relay still serves the rooms that it has


def test_a_stranger_that_invents_rooms_takes_no_place_of_any(host) -> None:
    """Four links and 59 rooms that nobody made, as fast as a link may speak."""
    relay = Relay()
    links = [relay.link(os.urandom(32)) for _ in range(4)]
    for number in range(59):
        invented = Host()
        relay.tell(links[number % 4], Open(invented.genesis, tuple(invented.ops)))
        relay.wait(0.5)
    member = relay.link(host.identity.dh)
    relay.tell(member, Open(host.genesis, tuple(host.ops)))
    relay.tell(member, host.pass_of(host.identity, relay.dh, relay.ties[member]))
    assert relay.all(member, Passed)
    relay.wait(PASS_WITHIN_S + 0.1)
    assert [room.id for room in relay.rooms.rooms()] == [host.room]


def test_a_room_in_which_nobody_sits_goes_with_its_link(host) -> None:
    relay = Relay()
    link = relay.link(host.identity.dh)
    relay.tell(link, Open(host.genesis, tuple(host.ops)))
    relay.tell(link, Open(host.genesis, tuple(host.ops)))
    assert relay.rooms.count == 1
    relay.rooms.link_down(link, relay.now)
    assert relay.rooms.count == 0


def test_a_room_that_was_only_invented_has_the_relay_call_nobody(host) -> None:
    relay = Relay()
    victim = [os.urandom(32), bytes((198, 51, 100, 9)), 53]
    host.carriers([victim, [relay.dh, bytes((198, 51, 100, 1)), 4433]])
    relay.tell(relay.link(host.identity.dh), Open(host.genesis, tuple(host.ops)))
    bough = relay.link(victim[0])
    relay.tell(bough, JoinTree(host.room))
    relay.wait(1.0)
    assert relay.refusal(bough) == ["no_room"]
    assert relay.events == []


def test_one_net_can_fill_its_share_of_the_rooms_with_members_that_it_invents(host) -> None:
    relay, net = Relay(Limits(max_rooms_per_net=3)), b"abc"
    refused = 0
    for _ in range(10):
        invented, identity = Host(), Identity.generate(os.urandom)
        link = relay.link(identity.dh, net=net)
        relay.tell(link, Open(invented.genesis, tuple(invented.ops)))
        relay.tell(link, invented.pass_of(identity, relay.dh, relay.ties[link]))
        refused += "full" in relay.refusal(link)
    assert (refused, relay.rooms.count) == (7, 3)
    relay.opened(host)  # from elsewhere
    neighbour = relay.link(b"d" * 32, net=net)
    relay.tell(neighbour, Open(host.genesis, ()))  # of a room that is there
    assert relay.refusal(neighbour) == []


def test_of_two_rooms_that_wait_for_the_last_place_one_gets_it() -> None:
    relay = Relay(Limits(max_rooms=1))
    hosts = Host(), Host()
    links = [relay.link(host.identity.dh) for host in hosts]
    for link, host in zip(links, hosts, strict=True):
        relay.tell(link, Open(host.genesis, tuple(host.ops)))
    for link, host in zip(links, hosts, strict=True):
        relay.tell(link, host.pass_of(host.identity, relay.dh, relay.ties[link]))
    assert [relay.refusal(link) for link in links] == [[], ["full"]]
    assert [relay.rooms.sits(link) for link in links] == [True, False]


def test_a_relay_near_its_cap_takes_nobody_new_but_keeps_who_is_there(host, relay, people) -> None:
    relay.seat(host, people.amina)
    relay.busy = True
    link = relay.link(people.kenji.dh)
    relay.tell(link, host.pass_of(people.kenji, relay.dh, relay.ties[link]))
    assert relay.refusal(link) == ["busy"]
    assert relay.seat(host, people.amina)


def test_knocking_at_rooms_without_end_is_over_the_rate(host, relay, people) -> None:
    link = relay.link(people.amina.dh)
    message = host.pass_of(people.amina, relay.dh, relay.ties[link], pass_key=bytes(32))
    assert 1 < accepted(relay, link, lambda: message, 100) < 10


@pytest.mark.parametrize(
    ("make", "rate"),
    [
        (lambda h, _: Floor(h.room, (h.ops[0],) * 10), FLOOR_RATE),
        (lambda h, i: Gossip(h.room, EVERYBODY, i.member_id, os.urandom(8)), GOSSIP_RATE),
        (lambda h, _: RelayWraps(h.room, h.epoch, (bytes(52),)), WRAP_RATE),
        (lambda h, i: h.route_of(i, 2, 1, bytes(32)), ROUTE_RATE),
    ],
    ids=["floor", "gossip", "wraps", "routes"],
)
def test_each_kind_of_message_has_its_rate(host, relay, make, rate) -> None:
    link = relay.seat(host, host.identity)
    most = int(rate.burst) + 1
    assert rate.burst / 10 <= accepted(relay, link, lambda: make(host, host.identity), most) < most


def test_a_link_may_send_only_so_many_bytes(host, people) -> None:
    relay = Relay(Limits(per_link_rate=1000.0))
    relay.tell(relay.link(host.identity.dh), Open(host.genesis, tuple(host.ops)))
    amina, kenji = relay.seat(host, people.amina), relay.seat(host, people.kenji)
    relay.tell(kenji, Floor(host.room, (host.grant(2, people.amina.member_id),)))
    passed = sum(bool(relay.hears(amina, 2)) for _ in range(100))
    assert passed == 2000 // len(FRAMES[2])
    relay.now += 1.0
    assert relay.hears(amina, 2) == [kenji]


def test_what_is_not_for_rooms_is_left_to_others(host, relay) -> None:
    link = relay.link(host.identity.dh)
    assert not relay.rooms.receive(Bye(), link, relay.now)
    assert not relay.rooms.receive(Passed(host.room, ()), link, relay.now)
    for message in (Standing(host.room, 1, True, (), 0, True), RelayRefuse("full")):
        with pytest.raises(RemoteError):
            relay.tell(link, message)
    with pytest.raises(RemoteError):
        relay.tell(77, Open(host.genesis))
    with pytest.raises(RemoteError):
        relay.tell(relay.seat(host), Present(host.room, (), ()))
    relay.rooms.link_down(77, relay.now)


def test_a_member_is_in_one_room_on_one_link(host, relay, people) -> None:
    other = Host()
    link = relay.seat(host, people.amina)
    relay.tell(link, Open(other.genesis, tuple(other.ops)))
    with pytest.raises(RemoteError):
        relay.tell(link, other.pass_of(people.amina, relay.dh, relay.ties[link]))


# Two relays and more.

TOLD, TAKEN, WARM, TURNED = range(4)


def says(relay: Relay, link: int) -> list[int]:
    """What a relay answered another that asked to hang under it."""
    return [one.says for one in relay.all(link, Standing) if one.says != TOLD]


class Grove:
    """Relays of one room, joined as their calls ask for it."""

    def __init__(self, host: Host, count: int) -> None:
        self.host = host
        self.relays = [Relay() for _ in range(count)]
        order = [[r.dh, bytes((198, 51, 100, n)), 4433] for n, r in enumerate(self.relays)]
        host.carriers(order)
        self.down: set[int] = set()
        self.lines: dict[tuple[int, int], tuple[int, int]] = {}
        for relay in self.relays:
            relay.opened(host)

    def run(self, seconds: float = 3.0) -> None:
        for _ in range(int(seconds / 0.25)):
            for relay in self.relays:
                relay.wait(0.25)
            self.deliver()

    def deliver(self) -> None:
        busy = True
        while busy:
            busy = False
            for number, relay in enumerate(self.relays):
                events, relay.events = relay.events, []
                for event in events:
                    busy = True
                    if isinstance(event, Call):
                        self._call(number, event)
                    else:
                        self._cut(number, event.link)
                for link in list(relay.got):
                    there = self.lines.get((number, link))
                    if there is None:
                        continue
                    for message in relay.got.pop(link):
                        busy = True
                        self.relays[there[0]].tell(there[1], message)

    def _call(self, number: int, call: Call) -> None:
        caller = self.relays[number]
        there = next(n for n, relay in enumerate(self.relays) if relay.dh == call.dh)
        assert call.address == (f"198.51.100.{there}", 4433)
        if there in self.down:
            caller.rooms.called(call, None, b"", caller.now)
            return
        tie = os.urandom(64)
        link = self.relays[there].link(caller.dh, tie)
        own, caller._next = caller._next, caller._next + 1
        self.lines[number, own] = there, link
        self.lines[there, link] = number, own
        caller.rooms.called(call, own, tie, caller.now)
        caller.flush()

    def _cut(self, number: int, link: int) -> None:
        self.relays[number].rooms.link_down(link, self.relays[number].now)
        there = self.lines.pop((number, link), None)
        if there is not None:
            del self.lines[there]
            self.relays[there[0]].rooms.link_down(there[1], self.relays[there[0]].now)
            self.relays[there[0]].flush()

    def kill(self, number: int) -> None:
        self.down.add(number)
        for at, link in [key for key in self.lines if key[0] == number]:
            self._cut(at, link)

    def hears(self, number: int, source: int, slot: int) -> set[tuple[int, int]]:
        """All seats that a frame reaches, by relay and link."""
        reached: list[tuple[int, int]] = []
        todo = [(number, source)]
        while todo:
            at, link = todo.pop()
            for target in self.relays[at].hears(link, slot):
                there = self.lines.get((at, target))
                if there is None:
                    reached.append((at, target))
                else:
                    todo.append(there)
        assert len(reached) == len(set(reached)), "nobody hears a frame twice"
        return set(reached)


@pytest.fixture
def grove(host: Host) -> Grove:
    made = Grove(host, 3)
    made.run()
    return made


def test_members_on_different_relays_hear_each_other(host, grove, people) -> None:
    amina = grove.relays[2].seat(host, people.amina)
    others = {(n, grove.relays[n].seat(host)) for n in range(3)}
    grant = host.grant(2, people.amina.member_id)
    grove.relays[0].tell(next(link for n, link in others if n == 0), Floor(host.room, (grant,)))
    grove.run(1.0)
    assert grove.hears(2, amina, 2) == {one for one in others if one[0] == 2}
    grove.relays[2].tell(amina, host.route_of(people.amina, 2, 1, grove.relays[2].dh))
    grove.run(1.0)
    assert grove.hears(2, amina, 2) == others


def test_everybody_is_told_of_everybody_and_of_those_who_went(host, grove, people) -> None:
    amina = grove.relays[0].seat(host, people.amina)
    kenji = grove.relays[1].seat(host, people.kenji)
    grove.run(1.0)
    omar = grove.relays[2].seat(host, people.omar)
    everybody = {one.member_id for one in vars(people).values()}
    assert set(grove.relays[2].all(omar, Passed)[0].members) == everybody
    grove.run(1.0)
    for number, link in ((0, amina), (1, kenji)):
        told = grove.relays[number].all(link, Present)
        assert set().union(*(one.here for one in told)) == everybody
    grove.relays[1].rooms.link_down(kenji, grove.relays[1].now)
    grove.run(1.0)
    assert people.kenji.member_id in grove.relays[2].all(omar, Present)[-1].gone


def test_a_relay_in_league_with_the_removed_prepares_no_seats_for_them_here(
    host, relay, people
) -> None:
    """It says beforehand that names which they made up sit there; the old pass they have."""
    old = host.pass_key
    [bough] = joined(host, relay)
    for member in (host.identity, people.kenji):
        relay.seat(host, member)
    relay.tell(bough, Present(host.room, (people.omar.member_id,), ()))
    relay.wait(1.0)
    relay.tell(bough, Floor(host.room, (host.remove(people.amina.member_id), host.new_epoch())))
    for identity, refusal in ((people.omar, ["bad_pass"]), (people.kenji, [])):
        link = relay.link(identity.dh)
        relay.tell(link, host.pass_of(identity, relay.dh, relay.ties[link], pass_key=old))
        assert relay.refusal(link) == refusal


def test_gossip_and_wraps_find_their_member_behind_another_relay(host, grove, people) -> None:
    host_link = grove.relays[0].seat(host, host.identity)
    amina = grove.relays[1].seat(host, people.amina)
    kenji = grove.relays[2].seat(host, people.kenji)
    grove.run(1.0)
    note = Gossip(host.room, people.kenji.member_id, host.identity.member_id, b"sealed")
    grove.relays[0].tell(host_link, note)
    grove.relays[0].tell(
        host_link, Gossip(host.room, EVERYBODY, host.identity.member_id, b"to all")
    )
    [mine] = host.wraps(people.kenji)
    grove.relays[0].tell(host_link, RelayWraps(host.room, host.epoch, (mine,)))
    names = people.kenji.member_id, host.identity.member_id
    grove.relays[0].tell(host_link, AskWrap(host.room, *names, host.epoch))
    grove.deliver()
    assert len(grove.relays[2].all(kenji, AskWrap)) == 1
    assert [one.blob for one in grove.relays[2].all(kenji, Gossip)] == [b"sealed", b"to all"]
    assert [one.blob for one in grove.relays[1].all(amina, Gossip)] == [b"to all"]
    assert [one.wraps for one in grove.relays[2].all(kenji, RelayWraps)] == [(mine,)]
    assert grove.relays[1].all(amina, RelayWraps) == []


def test_a_relay_that_joins_later_gets_routes_and_wraps(host, people) -> None:
    grove = Grove(host, 3)
    grove.down = {2}
    amina = grove.relays[0].seat(host, people.amina)
    host_link = grove.relays[0].seat(host, host.identity)
    grant = host.grant(2, people.amina.member_id)
    grove.relays[0].tell(host_link, Floor(host.room, (grant,)))
    grove.relays[0].tell(amina, host.route_of(people.amina, 2, 1, grove.relays[0].dh))
    [mine] = host.wraps(people.kenji)
    grove.relays[0].tell(host_link, RelayWraps(host.room, host.epoch, (mine,)))
    grove.run()
    late = Relay()
    late.secret, late.dh = grove.relays[1].secret, grove.relays[1].dh
    grove.kill(1)
    grove.relays[1] = late
    late.rooms = Rooms(late.dh, lambda: late.limits, lambda _: False, late.now, os.urandom)
    late.opened(host)
    grove.down = {2}
    grove.run(60.0)
    kenji = late.seat(host, people.kenji)
    assert (1, kenji) in grove.hears(0, amina, 2)
    assert [one.wraps for one in late.all(kenji, RelayWraps)] == [(mine,)]


def test_when_the_root_dies_the_next_takes_its_place_and_gives_it_back(host, grove, people) -> None:
    amina, kenji = (
        grove.relays[1].seat(host, people.amina),
        grove.relays[2].seat(host, people.kenji),
    )
    grant = host.grant(2, people.amina.member_id)
    grove.relays[1].tell(amina, Floor(host.room, (grant,)))
    grove.relays[1].tell(amina, host.route_of(people.amina, 2, 1, grove.relays[1].dh))
    grove.run(1.0)
    assert grove.hears(1, amina, 2) == {(2, kenji)}
    grove.kill(0)
    grove.run(5.0)
    grove.relays[1].tell(amina, host.route_of(people.amina, 2, 2, grove.relays[1].dh))
    grove.deliver()
    assert grove.hears(1, amina, 2) == {(2, kenji)}
    grove.down = set()
    grove.run(120.0)
    parents = [relay.rooms.rooms()[0].cascade.parent for relay in grove.relays]
    assert parents == [None, grove.relays[0].dh, grove.relays[0].dh]
    grove.relays[1].tell(amina, host.route_of(people.amina, 2, 3, grove.relays[1].dh))
    grove.deliver()
    assert grove.hears(1, amina, 2) == {(2, kenji)}


def test_a_speaker_that_moves_is_heard_without_a_gap_or_a_double(host, grove, people) -> None:
    kenji = grove.relays[0].seat(host, people.kenji)
    old = grove.relays[1].seat(host, people.amina)
    grant = host.grant(2, people.amina.member_id)
    grove.relays[1].tell(old, Floor(host.room, (grant,)))
    grove.relays[1].tell(old, host.route_of(people.amina, 2, 1, grove.relays[1].dh))
    grove.deliver()
    new = grove.relays[2].seat(host, people.amina)
    before = grove.hears(1, old, 2) | grove.hears(2, new, 2)
    assert (0, kenji) in before
    grove.relays[2].tell(new, host.route_of(people.amina, 2, 2, grove.relays[2].dh))
    grove.deliver()
    assert (0, kenji) in grove.hears(2, new, 2)
    assert (0, kenji) not in grove.hears(1, old, 2)


def test_a_stranger_joins_no_tree_and_nobody_routes_for_another(host, grove, people) -> None:
    relay = grove.relays[0]
    stranger = relay.link(os.urandom(32))
    relay.tell(stranger, JoinTree(host.room))
    relay.tell(stranger, JoinTree(os.urandom(32)))
    assert relay.refusal(stranger) == ["no_room", "no_room"]
    amina = relay.seat(host, people.amina)
    relay.tell(amina, Floor(host.room, (host.grant(2, people.amina.member_id),)))
    for wrong in (
        host.route_of(people.kenji, 2, 1, relay.dh),
        host.route_of(people.amina, 2, 1, grove.relays[1].dh),
    ):
        with pytest.raises(RemoteError):
            relay.tell(amina, wrong)
    relay.tell(amina, host.route_of(people.amina, 3, 1, relay.dh))  # no grant: nothing happens
    good = host.route_of(people.amina, 2, 1, relay.dh)
    with pytest.raises(RemoteError):
        relay.tell(amina, msgspec.structs.replace(good, seq=2))


def test_relays_that_the_room_no_longer_names_are_let_go(host, grove) -> None:
    relay = grove.relays[0]
    link = relay.seat(host)
    assert len(relay.rooms.rooms()[0].seating.boughs) == 2
    keep = grove.relays[1]
    order = [[relay.dh, bytes([192, 0, 2, 1]), 1], [keep.dh, bytes([192, 0, 2, 1]), 1]]
    relay.tell(link, Floor(host.room, (host.carriers(order),)))
    assert [bough.dh for bough in relay.rooms.rooms()[0].seating.boughs.values()] == [keep.dh]
    assert sum(isinstance(event, Cut) for event in relay.events) == 1


@pytest.mark.parametrize("ip", [bytes((198, 51, 100, 9)), bytes((224, 0, 0, 1))])
def test_an_address_that_is_no_relay_gets_one_handshake(host, ip) -> None:
    """Nobody has a relay knock at a third party by naming it in a room."""
    relay = Relay()
    link = relay.link(host.identity.dh)
    relay.tell(link, Open(host.genesis, tuple(host.ops)))
    victims = [os.urandom(32) for _ in range(30)]
    for _ in range(3):
        for victim in victims:
            order = [[victim, ip, 53], [relay.dh, bytes((198, 51, 100, 1)), 4433]]
            host.carriers(order)
        member = relay.seat(host)
        relay.tell(member, Floor(host.room, tuple(host.ops)))
        for _ in range(60):
            relay.wait(1.0)
            calls = [event for event in relay.events if isinstance(event, Call)]
            for call in calls[-1:]:
                relay.rooms.called(call, None, b"", relay.now)
    calls = [event for event in relay.events if isinstance(event, Call)]
    assert len(calls) == (1 if ip[0] == 198 else 0)


def parents_of(grove: Grove) -> list[int | None]:
    """Of each relay the number of that under which it hangs."""
    keys = [relay.dh for relay in grove.relays]
    found = [relay.rooms.rooms()[0].cascade.parent for relay in grove.relays]
    return [None if key is None else keys.index(key) for key in found]


def test_many_relays_make_a_tree_of_depth_two_with_eight_below_each(host, people) -> None:
    grove = Grove(host, 40)
    grove.run(30.0)
    parents = parents_of(grove)
    assert parents.count(None) == 1
    assert all(parent is None or parent < n for n, parent in enumerate(parents))
    assert max(parents.count(n) for n in range(40)) <= CHILDREN_MAX + 3
    assert max(relay.rooms.rooms()[0].cascade.depth for relay in grove.relays) == 2
    amina = grove.relays[39].seat(host, people.amina)
    others = {(n, grove.relays[n].seat(host)) for n in range(40)}
    grant = host.grant(2, people.amina.member_id)
    grove.relays[39].tell(amina, Floor(host.room, (grant,)))
    grove.relays[39].tell(amina, host.route_of(people.amina, 2, 1, grove.relays[39].dh))
    grove.run(2.0)
    assert grove.hears(39, amina, 2) == others


def test_relays_that_are_named_first_and_come_last_find_a_place(host, people) -> None:
    grove = Grove(host, 24)
    late = grove.relays[:12]
    for relay in late:
        relay.rooms = Rooms(relay.dh, lambda: Limits(), lambda _: False, relay.now, os.urandom)
    grove.run(2.0)
    for relay in reversed(late):
        relay.opened(host)
        grove.run(0.5)
    grove.run(15.0)
    parents = parents_of(grove)
    assert parents.count(None) == 1
    assert all(parent is None or parent < n for n, parent in enumerate(parents))
    assert max(relay.rooms.rooms()[0].cascade.depth for relay in grove.relays) <= DEPTH_MAX


def test_when_a_relay_dies_those_below_hang_under_their_second_parent(host, people) -> None:
    grove = Grove(host, 14)
    grove.run(12.0)
    parents = parents_of(grove)
    dead = max(set(parents) - {None, 0})
    orphans = [n for n, parent in enumerate(parents) if parent == dead]
    amina = grove.relays[orphans[0]].seat(host, people.amina)
    kenji = grove.relays[1 if dead != 1 else 2].seat(host, people.kenji)
    there = 1 if dead != 1 else 2
    at = orphans[0]
    grove.relays[at].tell(amina, Floor(host.room, (host.grant(2, people.amina.member_id),)))
    grove.relays[at].tell(amina, host.route_of(people.amina, 2, 1, grove.relays[at].dh))
    grove.run(2.0)
    assert grove.hears(at, amina, 2) == {(there, kenji)}
    grove.kill(dead)
    grove.deliver()  # no time passes
    assert all(parents_of(grove)[n] not in (None, dead) for n in orphans)
    grove.run(2.5)  # the frame of this test is always the same, and so no news
    grove.relays[at].tell(amina, host.route_of(people.amina, 2, 1, grove.relays[at].dh))
    grove.deliver()
    assert grove.hears(at, amina, 2) == {(there, kenji)}


def test_a_parent_that_stops_is_heard_until_another_has_taken_its_children(host, people) -> None:
    grove = Grove(host, 14)
    grove.run(12.0)
    parents = parents_of(grove)
    stops = max(set(parents) - {None, 0})
    grove.relays[stops].rooms.say_moving(30.0)
    grove.relays[stops].flush()
    assert grove.relays[stops].rooms.carries
    grove.deliver()
    assert stops not in parents_of(grove)
    assert not grove.relays[stops].rooms.carries
    assert grove.relays[stops].rooms.rooms()[0].cascade.children == 0


def test_the_second_parent_takes_over_from_one_that_is_silent(host, people) -> None:
    grove = Grove(host, 14)
    grove.run(12.0)
    child = next(n for n, p in enumerate(parents_of(grove)) if p not in (None, 0))
    rooms, before = grove.relays[child].rooms, parents_of(grove)[child]
    [room] = rooms.rooms()
    first = room.cascade.links[room.cascade.parent]
    grove.relays[0].rooms.watch_parents(lambda _link: 5.0, grove.relays[0].now)  # has none
    rooms.watch_parents(lambda _link: 5.0, grove.relays[child].now)
    grove.relays[child].flush()
    grove.deliver()
    assert parents_of(grove)[child] == before  # both are silent: it is our own line
    rooms.watch_parents(lambda link: 0.7 if link == first else 0.1, grove.relays[child].now)
    grove.relays[child].flush()
    grove.deliver()
    assert parents_of(grove)[child] not in (before, None)
    assert rooms.counters["silent parent"] == 1


def test_sound_over_a_warm_link_goes_nowhere(host, people) -> None:
    grove = Grove(host, 14)
    grove.run(12.0)
    child = next(n for n, p in enumerate(parents_of(grove)) if p not in (None, 0))
    relay = grove.relays[child]
    [room] = relay.rooms.rooms()
    [link, *_] = room.seating.warm
    amina = relay.seat(host, people.amina)
    relay.tell(amina, Floor(host.room, (host.grant(2, people.amina.member_id),)))
    assert relay.hears(link, 2) == []
    relay.tell(link, Gossip(host.room, EVERYBODY, people.amina.member_id, b"late"))
    assert relay.all(amina, Gossip) == []
    assert link not in room.seating.listeners(amina)
    assert link in room.seating.all_but(None)


def joined(host: Host, relay: Relay, count: int = 1) -> list[int]:
    """Links of other relays that hang under this one."""
    others = [os.urandom(32) for _ in range(count)]
    order = [[dh, bytes((198, 51, 100, 7)), 1] for dh in (relay.dh, *others)]
    relay.tell(relay.link(host.identity.dh), Open(host.genesis, (host.carriers(order),)))
    links = [relay.link(dh) for dh in others]
    for link in links:
        relay.tell(link, JoinTree(host.room))
    return links


def test_a_relay_that_calls_again_takes_its_own_place(host, relay) -> None:
    [old] = joined(host, relay)
    new = relay.link(relay.rooms.rooms()[0].seating.boughs[old].dh)
    relay.tell(new, JoinTree(host.room))
    assert relay.events == [Cut(old)]
    assert list(relay.rooms.rooms()[0].seating.boughs) == [new]
    relay.tell(new, JoinTree(host.room))  # again: nothing new
    assert list(relay.rooms.rooms()[0].seating.boughs) == [new]
    relay.tell(new, Tune(host.room, on=False))  # of no meaning between relays
    assert relay.rooms.rooms()[0].seating.listeners(99) == [new]


def test_a_heartbeat_of_another_relay_goes_nowhere_and_is_no_bad_frame(host, relay) -> None:
    [bough] = joined(host, relay)
    relay.seat(host)
    assert relay.rooms.frame(HEARTBEAT, bough, relay.now) is None
    assert relay.rooms.counters["frame"] == 0
    assert relay.rooms.frame(HEARTBEAT[:1] * 2, bough, relay.now) is None
    assert relay.rooms.counters["frame"] == 1


def test_relays_do_not_keep_a_room_for_each_other_in_which_nobody_is(host, relay, people) -> None:
    [bough] = joined(host, relay)
    relay.tell(bough, Present(host.room, (people.amina.member_id,), ()))
    relay.wait(1.0)
    relay.wait(EMPTY_S)
    relay.tell(bough, Present(host.room, (), (people.amina.member_id,)))
    relay.wait(EMPTY_S)
    assert (relay.rooms.count, relay.events) == (1, [])
    relay.wait(1.0)
    assert (relay.rooms.count, relay.events) == (0, [Cut(bough)])
    assert relay.rooms.frame(FRAMES[2], bough, relay.now) is None


def test_only_so_many_relays_hang_under_one(host, relay) -> None:
    links = joined(host, relay, CHILDREN_MAX + 4)
    taken = [link for link in links if says(relay, link) == [TAKEN]]
    assert taken == links[:CHILDREN_MAX]
    assert all(says(relay, link) == [TURNED] for link in links[CHILDREN_MAX:])
    relay.tell(links[-1], JoinTree(host.room, 1))
    assert says(relay, links[-1]) == [TURNED, WARM]
    relay.rooms.link_down(links[0], relay.now)
    relay.tell(links[-1], JoinTree(host.room))
    assert says(relay, links[-1])[-1] == TAKEN


def test_a_branch_of_thousands_is_told_to_those_here(host, relay, people) -> None:
    [bough] = joined(host, relay)
    amina = relay.seat(host, people.amina)
    members = [os.urandom(16) for _ in range(9000)]
    for at in range(0, len(members), MEMBERS_PER_MESSAGE):
        page = tuple(members[at : at + MEMBERS_PER_MESSAGE])
        relay.tell(bough, Present(host.room, page, ()))
    relay.wait(1.0)
    assert {one for each in relay.all(amina, Present) for one in each.here} >= set(members)


def test_a_relay_whose_members_come_and_go_without_end_is_bounded(host, relay) -> None:
    [bough] = joined(host, relay)
    ghosts = tuple(os.urandom(16) for _ in range(MEMBERS_PER_MESSAGE))
    turns = iter(range(200))

    def next_turn() -> Present:
        here, gone = (ghosts, ()) if next(turns) % 2 else ((), ghosts)
        return Present(host.room, here, gone)

    now = relay.now
    told = MEMBERS_PER_MESSAGE * accepted(relay, bough, next_turn, 200)
    assert PRESENT_RATE.burst - MEMBERS_PER_MESSAGE < told
    assert told <= PRESENT_RATE.burst + PRESENT_RATE.per_s * (relay.now - now) + 1


def test_a_relay_that_lies_about_its_members_is_bounded(host, relay, people, monkeypatch) -> None:
    monkeypatch.setattr(relay_room, "MEMBERS_MAX", 1024)
    [bough] = joined(host, relay)
    ghosts = tuple(os.urandom(16) for _ in range(300))
    relay.tell(bough, Present(host.room, ghosts, ()))
    amina = relay.seat(host, people.amina)
    relay.tell(bough, Gossip(host.room, EVERYBODY, ghosts[0], b"sealed"))
    relay.tell(bough, Gossip(host.room, EVERYBODY, ghosts[0], b"sealed"))  # gone round
    relay.tell(bough, Gossip(host.room, EVERYBODY, os.urandom(16), b"of nobody"))
    assert [one.blob for one in relay.all(amina, Gossip)] == [b"sealed"]
    assert accepted(relay, bough, lambda: Present(host.room, ghosts, ()), 4) == 4
    more = [tuple(os.urandom(16) for _ in range(400)) for _ in range(2)]
    relay.tell(bough, Present(host.room, more[0], ()))
    with pytest.raises(RemoteError, match="members"):
        relay.tell(bough, Present(host.room, more[1], ()))


def test_a_full_room_takes_nobody_new(host, relay, people, monkeypatch) -> None:
    monkeypatch.setattr(rooms_module, "SEATS_MAX", 1)
    relay.seat(host, people.amina)
    link = relay.link(people.kenji.dh)
    relay.tell(link, host.pass_of(people.kenji, relay.dh, relay.ties[link]))
    assert relay.refusal(link) == ["full"]
    assert relay.seat(host, people.amina)


def test_a_parent_that_refuses_dies_or_is_too_late_is_let_go(host, relay) -> None:
    parents = [os.urandom(32) for _ in range(2)]
    order = [[dh, bytes((198, 51, 100, n)), 1] for n, dh in enumerate((*parents, relay.dh))]
    relay.opened(host)
    relay.tell(relay.link(host.identity.dh), Open(host.genesis, (host.carriers(order),)))
    relay.wait(1.0)
    calls = {event.dh: event for event in relay.events}
    assert set(calls) == set(parents)
    relay.rooms.called(calls[parents[0]], 70, os.urandom(64), relay.now)
    relay.flush()
    assert [type(one) for one in relay.got[70]] == [Open, JoinTree]
    relay.wait(1.0)  # still waits for its answer
    relay.tell(70, RelayRefuse("full"))
    assert relay.events[-1] == Cut(70)
    relay.rooms.link_down(70, relay.now)
    relay.rooms.called(calls[parents[1]], 71, os.urandom(64), relay.now)
    relay.tell(71, Standing(host.room, TAKEN, True, (), 0, True))
    [room] = relay.rooms.rooms()
    assert list(room.seating.boughs) == [71]
    assert room.cascade.depth == 1
    with pytest.raises(RemoteError):
        relay.tell(71, Standing(os.urandom(32), TAKEN, True, (), 0, True))
    relay.wait(5.0)
    again = relay.events[-1]
    assert again.dh == parents[0]
    relay.rooms.called(again, 72, os.urandom(64), relay.now)
    relay.flush()
    assert relay.got[72][-1] == JoinTree(host.room, 1)
    relay.tell(72, Standing(host.room, WARM, True, (), 0, True))
    assert list(room.seating.warm) == [72]
    assert room.cascade.second == parents[0]
    relay.rooms.link_down(71, relay.now)
    relay.flush()
    assert relay.got[72][-1] == JoinTree(host.room)
    relay.tell(72, Standing(host.room, TAKEN, True, (), 0, True))
    assert list(room.seating.boughs) == [72]
    assert room.seating.warm == {}


def test_who_sits_as_a_member_hangs_not_as_a_relay(host, relay, people) -> None:
    order = [[dh, bytes((198, 51, 100, 7)), 1] for dh in (relay.dh, people.amina.dh)]
    link = relay.seat(host, people.amina)
    relay.tell(link, Floor(host.room, (host.carriers(order),)))
    relay.tell(link, JoinTree(host.room))
    assert relay.refusal(link) == ["full"]


def accepted_late(relay: Relay, link: int, message) -> int:
    """How many messages pass before the link is told that it hangs nowhere."""
    for count in range(100):
        try:
            relay.tell(link, message)
        except RemoteError:
            return count
    return 100


def test_a_link_between_relays_is_of_one_room(host, relay) -> None:
    [child] = joined(host, relay)
    [room] = relay.rooms.rooms()
    dh = room.seating.boughs[child].dh
    other = Host()
    other.carriers([[key, bytes((198, 51, 100, 7)), 1] for key in (relay.dh, dh)])
    relay.opened(other)
    idle = relay.link(dh)
    relay.tell(idle, JoinTree(other.room, 2))
    relay.tell(idle, JoinTree(host.room))
    assert relay.refusal(idle) == ["full"]
    relay.tell(child, JoinTree(other.room))
    assert relay.refusal(child) == ["full"]


def test_what_comes_over_a_link_that_was_replaced_ends_it_and_a_flood_is_refused(
    host, relay
) -> None:
    [old] = joined(host, relay)
    [room] = relay.rooms.rooms()
    new = relay.link(room.seating.boughs[old].dh)
    relay.tell(new, JoinTree(host.room))
    relay.events.clear()
    told = Standing(host.room, TOLD, True, (), 0, True)
    relay.tell(old, told)
    assert relay.events == [Cut(old)]
    relay.tell(old, Floor(host.room, ()))  # on its way when the link was replaced
    assert accepted(relay, new, lambda: told, 100) < 50
    assert accepted_late(relay, old, Floor(host.room, ())) < 50


def test_a_refusal_ends_a_link_that_carries_nothing_and_no_other(host, relay) -> None:
    [child] = joined(host, relay)
    relay.tell(child, RelayRefuse("draining"))
    assert Cut(child) not in relay.events
    late = relay.link(host.identity.dh)
    with pytest.raises(RemoteError):
        relay.tell(late, RelayRefuse("full"))
    relay.rooms._rooms.clear()
    relay.rooms._links[child].room = None
    relay.tell(child, RelayRefuse("full"))
    assert relay.events[-1] == Cut(child)


def test_what_a_room_hears_from_nobody_is_refused(host, relay) -> None:
    [room] = relay.rooms.rooms()
    with pytest.raises(RemoteError):
        room.receive(Floor(host.room, ()), 99, relay.now)
    room.detach(99, relay.now)


def test_an_answer_that_comes_when_the_room_is_over_ends_the_link(host) -> None:
    relay = Relay()
    relay.rooms.called(Call(host.room, b"d" * 32, ("198.51.100.1", 1)), 7, bytes(64), relay.now)
    relay.rooms.called(Call(host.room, b"d" * 32, ("198.51.100.1", 1)), None, b"", relay.now)
    relay.flush()
    assert relay.events == [Cut(7)]


def test_a_carrier_at_no_address_of_any_kind_is_called_nowhere() -> None:
    assert rooms_module._address_of(Carrier(bytes(32), b"12345", 4433)) is None
    assert rooms_module._address_of(Carrier(bytes(32), b"\x0b\0\x01\x02", 4433)) == (
        "11.0.1.2",
        4433,
    )
