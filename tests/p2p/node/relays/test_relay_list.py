"""Members who trust different relays of the same few hear each other, without anybody's doing."""

from crypto.contact import Contact
from crypto.genesis import Genesis
from crypto.identity import Identity
from lab.node_house import a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.node.relays.relay_list import RelayList, carrier_of
from p2p.room.commands import SetCarriers
from p2p.room.ops.kinds import CARRIERS_MAX, Carriers
from p2p.room.room import Room


class Seats:
    """What ``RelayList`` knows of our seats."""

    def __init__(self, useful: list[Contact]) -> None:
        self.seats: list[Seats] = []
        self.useful = useful
        self.named: list[bytes] = []
        self.told: list[bytes] = []

    def sit(self) -> None:
        self.seats = [self]

    @property
    def first(self) -> "Seats | None":
        return self.seats[0] if self.seats else None

    def send_floor(self, ops: list[bytes]) -> None:
        self.told += ops

    def set_named(self, keys: list[bytes]) -> None:
        self.named = keys


def relay(number: int) -> Contact:
    return Contact(bytes([number]) * 32, ("192.0.2.1", 4000 + number), "relay")


def a_room() -> Room:
    host = Identity.generate(lambda count: bytes(range(count)))
    genesis = Genesis(2, host.sign_key, host.dh, "open", 1_700_000_000, bytes(32))
    return Room(host, genesis.encode(), "host", now=0.0)


def test_nothing_is_named_before_a_relay_has_taken_us():
    room, seats = a_room(), Seats([relay(1)])
    relay_list = RelayList(room, seats)
    relay_list.tick(0.0)
    assert room.state.carriers == ()
    seats.sit()
    relay_list.tick(0.1)
    assert room.state.carriers == (carrier_of(relay(1)),)
    relay_list.tick(0.2)
    assert seats.named == [relay(1).dh]
    relay_list.tick(0.3)
    assert seats.told == room.ops_of(Carriers), "said once to all the relays where we sit"


def test_new_relays_are_added_behind_those_that_are_named_and_only_so_many():
    room, seats = a_room(), Seats([relay(n) for n in range(3, 90)])
    seats.sit()
    room.do(SetCarriers((carrier_of(relay(2)), carrier_of(relay(5)))), 0.0)
    relay_list = RelayList(room, seats)
    relay_list.tick(1.0)
    named = room.state.carriers
    assert named[:3] == tuple(carrier_of(relay(n)) for n in (2, 5, 3))
    assert len(named) == len(set(named)) == CARRIERS_MAX
    before = len(room.ids())
    relay_list.tick(100.0)
    assert len(room.ids()) == before


async def test_who_sits_at_another_relay_of_the_same_list_is_heard() -> None:
    async with a_house() as house:
        one, two, three = [await house.relay() for _ in range(3)]
        house.entry_nodes.clear()
        host = await house.host("host", mode="shield", relays=(one, two, three))
        words = (await host.key()).words
        guest = await house.guest("guest", words, mode="shield", relays=(three, two))
        await guest.until(e.Joined)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        seats = [p.session.peers.dispatch.relay_room.failover.first for p in (host, guest)]
        assert seats[0].link.contact.dh != seats[1].link.contact.dh


def test_what_was_taken_out_is_added_by_nobody_but_who_asks_for_it():
    room, seats = a_room(), Seats([relay(1), relay(2)])
    seats.sit()
    relay_list = RelayList(room, seats)
    relay_list.tick(0.0)
    relay_list.take_out(relay(1), 1.0)
    assert seats.told[-1:] == room.ops_of(Carriers)[-1:], "those who sit there are told"
    for now in (4.0, 8.0):
        relay_list.tick(now)
        assert room.state.carriers == (carrier_of(relay(2)),)
        assert [one.dh for one in room.state.carriers_out] == [relay(1).dh]
    seats.useful.append(relay(3))
    relay_list.tick(12.0)
    assert room.state.carriers == (carrier_of(relay(2)), carrier_of(relay(3)))
    assert [one.dh for one in room.state.carriers_out] == [relay(1).dh]
    relay_list.ask(relay(1).dh)
    relay_list.tick(16.0)
    assert carrier_of(relay(1)) in room.state.carriers
    assert room.state.carriers_out == ()
    relay_list.take_out(relay(1), 17.0)
    relay_list.tick(20.0)
    assert carrier_of(relay(1)) not in room.state.carriers, "asked for once is not for ever"


def test_what_was_asked_for_and_is_not_there_yet_stays_out_while_another_is_added():
    room, seats = a_room(), Seats([relay(2)])
    seats.sit()
    relay_list = RelayList(room, seats)
    relay_list.take_out(relay(1), 0.0)
    relay_list.ask(relay(1).dh)
    relay_list.tick(1.0)
    assert room.state.carriers == (carrier_of(relay(2)),)
    assert [one.dh for one in room.state.carriers_out] == [relay(1).dh]
    seats.useful.append(relay(1))
    relay_list.tick(5.0)
    assert room.state.carriers == (carrier_of(relay(2)), carrier_of(relay(1)))


def test_a_full_list_has_room_for_who_is_taken_out_of_it():
    room, seats = a_room(), Seats([relay(n) for n in range(1, CARRIERS_MAX + 2)])
    seats.sit()
    relay_list = RelayList(room, seats)
    relay_list.tick(0.0)
    relay_list.take_out(relay(8), 1.0)
    relay_list.tick(4.0)
    named = {one.dh for one in room.state.carriers}
    assert relay(8).dh not in named
    assert len(named) == CARRIERS_MAX
