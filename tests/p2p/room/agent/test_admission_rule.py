"""Doors: who is let in while the room is open, asks, wants an invite, or is locked."""

import pytest

from crypto.identity import sign, sign_public_of
from lab.room_people import Rooms, identity
from p2p.errors import UserError
from p2p.room import commands as c
from p2p.room.events import AskingChanged, EntryChanged
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op, Pen
from p2p.room.state.invites import CONTEXT

SEED = b"s" * 32


def join(rooms: Rooms, number: int, invite: bytes = NONE, seed: bytes = SEED) -> Op:
    key = identity(number)
    proof = sign(seed, CONTEXT, rooms[0].room_id + key.member_id) if invite != NONE else b""
    fields = (key.sign_key, key.dh, bytes(32), f"guest {number}", invite, proof)
    return Pen(key, rooms[0].room_id).write(kinds.Join, *fields)


def refusal(rooms: Rooms, number: int, at: int = 1, room_s: float = 0.0, **invite) -> str | None:
    return rooms[at].refusal(join(rooms, number, **invite).data, identity(number).dh, room_s)


def invite(rooms: Rooms, by: int, uses: int = 0, expires_s: int = 0, seed: bytes = SEED) -> bytes:
    rooms.do(by, c.MakeInvite(sign_public_of(seed), uses, expires_s))
    [made] = [one for one in rooms[0].state.invites.values() if one.key == sign_public_of(seed)]
    return made.id


def test_a_room_that_wants_an_invite_lets_nobody_in_without_one():
    rooms = Rooms(2)
    made = invite(rooms, 2)
    rooms.do(0, c.SetEntry("invited"))
    assert EntryChanged("invited") in rooms.events(1)
    assert refusal(rooms, 9) == "invited"
    assert refusal(rooms, 9, invite=b"x" * 16) == "invited"
    assert refusal(rooms, 9, invite=made, seed=b"w" * 32) == "invited"
    assert refusal(rooms, 9, invite=made) is None
    rooms.do(2, c.Uninvite(made))
    assert refusal(rooms, 9, invite=made) == "invited"


def test_an_invite_ends_with_its_uses_and_with_time():
    rooms = Rooms(2)
    rooms.do(0, c.SetEntry("invited"))
    once = invite(rooms, 2, uses=1)
    soon = invite(rooms, 2, expires_s=600, seed=b"t" * 32)
    assert refusal(rooms, 9, invite=once) is None
    rooms[1].admit(join(rooms, 9, once).data)
    rooms.deliver()
    assert refusal(rooms, 9, invite=once) is None
    assert refusal(rooms, 10, invite=once) == "used_up"
    assert refusal(rooms, 10, room_s=599.9, invite=soon, seed=b"t" * 32) is None
    assert refusal(rooms, 10, room_s=600, invite=soon, seed=b"t" * 32) == "expired"
    rooms.do(0, c.SetEntry("open"))
    assert refusal(rooms, 10, invite=once) is None


def test_the_invites_of_a_removed_member_let_nobody_in():
    rooms = Rooms(2)
    rooms.do(0, c.SetEntry("invited"))
    made = invite(rooms, 2)
    rooms.do(0, c.Remove(rooms.ids[2]))
    assert refusal(rooms, 9, invite=made) == "invited"


def test_who_asks_waits_for_a_moderators_word():
    rooms = Rooms(2)
    rooms.do(0, c.SetEntry("ask"))
    assert refusal(rooms, 9) == "ask"
    assert refusal(rooms, 9, invite=invite(rooms, 2)) is None
    rooms[1].write_ask(join(rooms, 9).data)
    rooms[2].write_ask(join(rooms, 9).data)
    rooms[1].write_ask(join(rooms, 10).data)
    rooms[1].write_ask(b"noise")
    rooms[1].write_ask(join(rooms, 11).data[:-1] + b"\x00")
    rooms.deliver()
    asking = rooms[0].state.asking
    assert [one.member for one in asking] == sorted([join(rooms, n).author for n in (9, 10)])
    assert {str(one.name) for one in asking} == {"guest 9", "guest 10"}
    assert AskingChanged(asking) in rooms.events(0)
    rooms.do(0, c.Let(join(rooms, 9).author, True))
    rooms.do(0, c.Let(join(rooms, 10).author, False))
    assert rooms[0].state.asking == ()
    assert refusal(rooms, 9) is None
    assert refusal(rooms, 10) == "denied"
    rooms.do(0, c.Let(join(rooms, 10).author, True))
    assert refusal(rooms, 10) is None
    rooms.do(0, c.SetLock(True))
    assert refusal(rooms, 10) == "locked"


def test_an_operation_that_is_no_join_asks_for_nobody():
    rooms = Rooms(1)
    rooms.do(0, c.SetEntry("ask"))
    pen = Pen(identity(9), rooms[0].room_id)
    pen.write(kinds.Join, identity(9).sign_key, identity(9).dh, bytes(32), "x")
    rooms[1].write_ask(pen.write(kinds.Hand, True).data)
    rooms.deliver()
    assert rooms[0].state.asking == ()


def test_nobody_is_asked_for_by_somebody_who_is_gone():
    rooms = Rooms(2)
    rooms.do(0, c.SetEntry("ask"))
    rooms[1].write_ask(join(rooms, 9).data)
    rooms.deliver()
    assert len(rooms[2].state.asking) == 1
    rooms.do(0, c.Remove(rooms.ids[1]))
    assert rooms[2].state.asking == ()


def test_who_left_and_was_forgotten_is_still_told_so():
    rooms = Rooms(1)
    pen = Pen(identity(9), rooms[0].room_id)
    pen.write(kinds.Join, identity(9).sign_key, identity(9).dh, bytes(32), "x")
    rooms[0]._ops._gone.forget(pen.write(kinds.Leave))
    assert refusal(rooms, 9, at=0) == "left"


def test_a_word_on_somebody_who_never_asked_is_refused():
    rooms = Rooms(1)
    with pytest.raises(UserError) as caught:
        rooms.do(0, c.Let(b"x" * 16, True))
    assert caught.value.code == "no_such_member"
    rooms.do(0, c.Let(rooms.ids[1], False))
    assert rooms[0].roster() == [rooms[0].myself]


def test_a_door_that_is_not_in_itself_lets_nobody_in():
    rooms = Rooms(2, join=False)
    rooms[0].admit(rooms[1].join_op)
    rooms.deliver()
    assert refusal(rooms, 9, at=1) is None
    assert refusal(rooms, 9, at=2) == "busy"
