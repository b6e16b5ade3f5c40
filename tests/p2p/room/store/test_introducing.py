"""A newcomer that is shown the first page alone knows that it is in, whatever the room has seen."""

import os

from crypto.genesis import Genesis
from crypto.identity import Identity, sign, sign_public_of
from crypto.ids import MemberId
from p2p.room import commands as c
from p2p.room.ops.ids import NONE
from p2p.room.room import Room
from p2p.wire.codec import pages

NOBODY = MemberId(bytes(16))


class House:
    """A host, and a moderator that is its only other member at first."""

    def __init__(self) -> None:
        self.now = 0.0
        self.host_keys = Identity.generate(os.urandom)
        self.genesis = Genesis(2, self.host_keys.sign_key, self.host_keys.dh, "open", 0, bytes(32))
        self.host = self.room(self.host_keys)
        self.moderator = self.come(self.host)
        self.do(self.host, c.Promote(self.moderator.me, 2))
        for op in self.host.ops():
            self.moderator.receive(op, self.host.me, self.now)

    def room(self, keys: Identity, invite: tuple = (NONE, b"")) -> Room:
        """Of somebody who is outside."""
        recv = os.urandom(32)
        encoded, (ticket, proof) = self.genesis.encode(), invite
        return Room(keys, encoded, "x" * 24, now=0.0, recv=recv, invite=ticket, proof=proof)

    def do(self, room: Room, command: object) -> None:
        """Slowly enough, and everybody hears of it."""
        self.now += 10.0
        room.do(command, self.now)  # type: ignore[arg-type]
        self.tell()

    def tell(self) -> None:
        """Host and moderator learn what the other knows."""
        both = [self.host, getattr(self, "moderator", self.host)]
        for one, other in (both, both[::-1]):
            for op in one.ops():
                other.receive(op, None, self.now)

    def come(self, door: Room, keys: Identity | None = None, invite: tuple = (NONE, b"")) -> Room:
        """Somebody new comes in, and sees all."""
        newcomer = self.room(keys or Identity.generate(os.urandom), invite)
        door.admit(newcomer.join_op)
        self.tell()
        for op in door.ops():
            newcomer.receive(op, None, self.now)
        assert newcomer.is_in
        return newcomer

    def shown(self, door: Room, newcomer: Room) -> Room:
        """What somebody knows who has the same keys, from the first page alone."""
        first, *more = pages(door.introduction(newcomer.me, self.host.me))
        assert more, "there is more than one page"
        room = self.room(self.keys)
        for op in first:
            room.receive(op, None, self.now)
        return room

    def late(self, door: Room, invite: tuple = (NONE, b"")) -> Room:
        """One more comes in; what it knows from the first page."""
        self.keys = Identity.generate(os.urandom)
        newcomer = self.room(self.keys, invite)
        assert door.refusal(newcomer.join_op, self.keys.dh) is None
        door.admit(newcomer.join_op)
        return self.shown(door, newcomer)

    def ticket(self, keys: Identity) -> tuple:
        """An invite of the moderator's, proven."""
        seed, before = os.urandom(32), set(self.moderator.state.invites)
        self.do(self.moderator, c.MakeInvite(sign_public_of(seed), 1, 0))
        (invite,) = set(self.moderator.state.invites) - before
        return invite, sign(seed, b"invite", self.host.room_id + keys.member_id)


def test_a_room_that_was_locked_and_opened_again_many_times() -> None:
    house = House()
    for _ in range(14):
        house.come(house.host)
    for number in range(26):
        house.do(house.host, c.SetLock(True))
        house.do(house.host, c.SetLock(False))
        if number >= 14:
            assert house.late(house.host).is_in


def test_a_room_that_asks_a_moderator_for_each() -> None:
    house = House()
    house.do(house.moderator, c.SetEntry("ask"))
    for _ in range(22):
        keys = Identity.generate(os.urandom)
        house.host.write_ask(house.room(keys).join_op)
        house.tell()
        house.do(house.moderator, c.Let(keys.member_id, True))
        house.come(house.host, keys)
    house.keys = Identity.generate(os.urandom)
    newcomer = house.room(house.keys)
    house.host.write_ask(newcomer.join_op)
    house.do(house.host, c.Let(newcomer.me, False))
    house.do(house.host, c.Let(newcomer.me, True))
    house.host.admit(newcomer.join_op)
    room = house.shown(house.host, newcomer)
    assert room.is_in
    assert room.state.entry == "ask"


def test_a_room_that_wants_an_invite_of_each() -> None:
    house = House()
    house.do(house.host, c.SetEntry("invited"))
    for _ in range(22):
        keys = Identity.generate(os.urandom)
        house.come(house.host, keys, house.ticket(keys))
    house.keys = Identity.generate(os.urandom)
    newcomer = house.room(house.keys, house.ticket(house.keys))
    house.moderator.admit(newcomer.join_op)
    room = house.shown(house.moderator, newcomer)
    assert room.is_in
    assert room.state.entry == "invited"


def test_a_locked_room_in_which_a_moderator_has_vouched_for_who_comes_back() -> None:
    house = House()
    house.keys = Identity.generate(os.urandom)
    back = house.come(house.host, house.keys)
    for _ in range(30):
        house.come(house.host)
    house.do(house.moderator, c.SetLock(True))
    room = house.shown(house.moderator, back)
    assert room.is_in
    assert room.state.locked


def test_nobody_hangs_on_the_word_of_a_door_that_was_removed() -> None:
    house = House()
    house.keys = Identity.generate(os.urandom)
    evil = house.come(house.host)
    evil.admit(house.room(house.keys).join_op)
    for op in evil.ops():
        house.host.receive(op, evil.me, house.now)
    house.tell()
    for _ in range(30):
        house.come(house.host)
    house.do(house.host, c.Remove(evil.me))
    newcomer = house.room(house.keys)
    house.moderator.admit(newcomer.join_op)
    assert house.shown(house.moderator, newcomer).is_in


def test_who_is_known_by_nothing_is_no_hindrance() -> None:
    house = House()
    newcomer = house.come(house.host)
    shown = house.host.introduction(newcomer.me, NOBODY)
    assert shown == house.host.introduction(newcomer.me)
    assert sorted(shown) == sorted(house.host.ops())
