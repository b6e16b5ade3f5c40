"""What takes a look at everybody, and how often somebody can make a room do that."""

import copy
from collections import Counter

import pytest

from crypto.identity import sign, sign_public_of
from lab.room_people import People, Rooms, identity
from p2p.room import commands as c
from p2p.room.ops import kinds, registers
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Pen
from p2p.room.state import increments
from p2p.room.state.invites import CONTEXT
from p2p.room.store import opset, reading
from p2p.room.store.intake import DEAR_RATE
from p2p.room.store.opset import OpSet


def pen_of(number: int, rooms: Rooms) -> Pen:
    return Pen(identity(number), rooms[0].room_id)


def join_of(number: int, rooms: Rooms, name: str = "x") -> bytes:
    key = identity(number)
    fields = (key.sign_key, key.dh, bytes(32), name)
    return pen_of(number, rooms).write(kinds.Join, *fields).data


def a_member_with_doors_enough(rooms: Rooms, number: int) -> list[bytes]:
    return [join_of(number, rooms)] * 5


def another_join_of_a_member(rooms: Rooms, number: int) -> list[bytes]:
    return [join_of(number, rooms), join_of(number, rooms, "twin")]


@pytest.mark.parametrize("what", [a_member_with_doors_enough, another_join_of_a_member])
def test_admissions_that_let_nobody_in_are_few_and_others_go_on(what):
    rooms = Rooms(6)
    host, more = rooms[0], int(DEAR_RATE.burst) + 4
    for number in range(20, 20 + more):
        for door, join in enumerate(what(rooms, number), start=1):
            data = rooms[door]._pen.write(kinds.Admit, join).data
            host.receive(data, rooms.ids[door], rooms.now)
            assert identity(number).member_id in host.state.members
    assert host.counts["flood"] == 4
    last = rooms[1]._pen.write(kinds.Admit, join_of(19, rooms)).data
    assert host.receive(last, rooms.ids[1], rooms.now)


def test_somebody_that_was_removed_lets_nobody_in_as_often():
    rooms = Rooms(2)
    rooms.do(0, c.Remove(rooms.ids[1]))
    assert rooms[0].state.removed == {rooms.ids[1]}
    for number in range(20, 24 + int(DEAR_RATE.burst)):
        data = rooms[1]._pen.write(kinds.Admit, join_of(number, rooms)).data
        rooms[0].receive(data, rooms.ids[2], rooms.now)
    assert rooms[0].counts["flood"] == 4
    assert len(rooms[0].state.members) == 3


def test_a_locked_room_works_through_few_admissions_that_count_for_nobody(monkeypatch):
    """Beyond those that are noted they take a look at everybody: one may sign them without end."""
    monkeypatch.setattr(increments, "CLAIMS_MAX", 3)
    monkeypatch.setattr(opset, "CLAIMS_MAX", 3)
    rooms = Rooms(3)
    rooms.do(0, c.SetLock(on=True))
    host, burst = rooms[0], int(DEAR_RATE.burst)
    before = Counter(host.counts)
    for number in range(20, 23 + burst + 4):
        sender = 1 + number % 3
        data = rooms[1]._pen.write(kinds.Admit, join_of(number, rooms)).data
        host.receive(data, rooms.ids[sender], rooms.now)
        assert len(host.state.members) == 4
    came = host.counts - before
    assert came == {"new": 3 + burst, "flood": 4}
    late = pen_of(90, rooms)
    rooms[0]._write(kinds.Let, late.author, True)
    rooms[2]._write(kinds.Admit, join_of(90, rooms))
    rooms.deliver()
    assert late.author in host.state.members


@pytest.mark.parametrize("kind", [kinds.Admit, kinds.Invite, kinds.Uninvite])
def test_what_says_that_it_is_older_than_all_before_it_is_taken_in_seldom(kind, monkeypatch):
    """Of one author the first count, so each takes the place of another, and without end."""
    monkeypatch.setattr(reading, "INVITES_MAX", 2)
    monkeypatch.setattr(registers, "INVITES_MAX", 2)
    rooms = Rooms(2)
    host, more = rooms[0], int(DEAR_RATE.burst) + 6
    fields = {
        kinds.Admit: (join_of(20, rooms),),
        kinds.Invite: (bytes(32), 0, 0),
        kinds.Uninvite: (NONE,),
    }
    pen = copy.copy(rooms[1]._pen)
    for number in range(more):
        pen._seq = 1000 - number
        host.receive(pen.write(kind, *fields[kind]).data, rooms.ids[2], rooms.now)
        assert len(host.state.members) == 3 + (kind is kinds.Admit)
    assert host.counts["flood"] == more - DEAR_RATE.burst - (1 if kind is kinds.Admit else 2)


def test_whoever_brings_an_invite_gets_in_while_others_are_too_many(monkeypatch):
    monkeypatch.setattr(increments, "CLAIMS_MAX", 0)
    rooms = Rooms(2)
    seed = b"s" * 32
    rooms.do(0, c.MakeInvite(sign_public_of(seed), 0, 0))
    (invite,) = rooms[0].state.invites
    rooms.do(0, c.SetEntry("invited"))
    ops = rooms[0]._ops
    ops.settle()
    key = identity(30)
    proof = sign(seed, CONTEXT, rooms[0].room_id + key.member_id)
    for by, good in ((proof, True), (bytes(64), False)):
        fields = (key.sign_key, key.dh, bytes(32), "x", invite, by)
        join = pen_of(30, rooms).write(kinds.Join, *fields)
        admit = copy.copy(rooms[1]._pen).write(kinds.Admit, join.data)
        assert ops.is_dear(admit) is not good


def test_before_a_set_was_read_nothing_is_dear():
    people = People(2)
    ops = OpSet(people.genesis)
    assert not any(ops.is_dear(op) for op in people.ops)
