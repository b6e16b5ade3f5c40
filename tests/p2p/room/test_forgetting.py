"""Members who left and are forgotten: nobody goes on believing them here, and nothing breaks."""

import pytest

from lab.room_people import People, Rooms, identity, kept_of
from p2p.room import commands as c
from p2p.room import events
from p2p.room.ops import kinds
from p2p.room.ops.newcomer import admitted_by
from p2p.room.ops.op import Pen
from p2p.room.room import Room
from p2p.room.stage import Stage
from p2p.room.store import intake, pruning, reading
from p2p.room.store.intake import Intake
from p2p.room.store.opset import OpSet


@pytest.fixture(autouse=True)
def forgotten_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "LEFT_MAX", 0)


def here(room: Room) -> set[bytes]:
    return {member.id for member in room.state.members.values() if member.is_here}


@pytest.mark.parametrize("unsettled", [256, 1])
def test_all_who_stay_agree_who_is_here_and_tell_it(
    unsettled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the set drops who left before anybody has looked at the room."""
    monkeypatch.setattr(reading, "UNREAD_MAX", unsettled)
    rooms = Rooms(5)
    for number in (1, 2, 3):
        rooms.do(number, c.Leave())
        assert rooms[number].is_gone, "it still knows itself"
    for room in (rooms[0], rooms[4], rooms[5]):
        assert here(room) == {rooms.ids[0], rooms.ids[4], rooms.ids[5]}
        assert len(room.state.members) <= 4
    told = [e for e in rooms.events(4) if isinstance(e, events.MemberChanged)]
    expected = sorted((rooms.ids[n], "left") for n in (1, 2, 3))
    assert sorted((event.member, event.state) for event in told) == expected


@pytest.mark.parametrize("unsettled", [256, 1])
def test_a_speaker_who_leaves_and_is_forgotten_is_off_the_stage_and_a_hand_is_down(
    unsettled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "UNREAD_MAX", unsettled)
    rooms = Rooms(3)
    for number in (1, 2):
        rooms.do(number, c.RaiseHand())
    rooms.do(0, c.Accept(rooms.ids[1]))
    rooms.do(1, c.TakeFloor())
    rooms.events(3)
    for number in (1, 2):
        rooms.do(number, c.Leave())
    assert list(rooms[3].state.slots) == [kinds.HOST_SLOT]
    assert rooms[3].state.queue == ()
    told = rooms.events(3)
    assert events.StageChanged(rooms.ids[1], Stage.LEFT, "asked") in told
    assert events.HandChanged(rooms.ids[2], None) in told


def test_a_leave_goes_on_to_those_who_have_no_line_with_who_leaves() -> None:
    rooms = Rooms(3)
    rooms[1].do(c.Leave(), 100.0)
    (leave,) = rooms[1].to_send(100.0)
    assert rooms[2].receive(leave.data, rooms.ids[1], 100.0)
    (passed_on,) = rooms[2].to_send(100.0)
    assert (passed_on.data, passed_on.to, passed_on.but) == (leave.data, None, rooms.ids[1])
    assert rooms[3].receive(passed_on.data, rooms.ids[2], 100.0)
    assert not rooms[3].receive(leave.data, rooms.ids[1], 100.0), "it has forgotten it"
    assert here(rooms[2]) == here(rooms[3])


def test_who_slept_meanwhile_is_told_when_it_says_what_it_believes() -> None:
    rooms = Rooms(3)
    rooms.cut = {3}
    rooms.do(1, c.Leave())
    assert rooms.ids[1] in here(rooms[3])
    rooms.cut = set()
    rooms.sync()
    assert rooms.ids[1] not in here(rooms[3])
    assert rooms[2].counts["left"] >= 1


def test_a_stranger_with_the_join_of_one_who_left_is_answered_no_faster_than_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rooms = Rooms(2)
    monkeypatch.setattr(intake, "SENDER_RATE", intake.Rate(burst=2, per_s=0.1))
    ops = rooms[2]._ops
    [join] = [data for data in ops.all() if ops.newcomer(ops.read(data)) == rooms.ids[1]]
    rooms.do(1, c.Leave())
    now = rooms.now + 60.0
    for _ in range(9):
        assert not rooms[0].receive(join, rooms.ids[2], now)
    answers = rooms[0].to_send(now)
    assert [(out.to, out.data != join) for out in answers] == [(rooms.ids[2], True)] * 2
    assert not rooms[0].receive(join, None, now), "nobody is there to be told"
    assert rooms[0].to_send(now) == []


def test_whoever_came_by_an_invite_for_so_many_still_counts_for_it() -> None:
    people = People(4)
    host = identity(0)
    invites = [people.write(0, kinds.Invite, host.sign_key, uses, 0) for uses in (1, 0)]
    for number, invite in zip((10, 11), invites, strict=True):
        key = identity(number)
        pen = Pen(key, people.room_id)
        proof = host.sign(b"invite", people.room_id + key.member_id)
        fields = (key.sign_key, key.dh, bytes(32), "x", invite.id, proof)
        people.admit(pen.write(kinds.Join, *fields))
        people.ops.append(pen.write(kinds.Leave))
    assert people.state(kept_of(people)).invites[invites[0].id].is_used_up
    joined = {join.author for op in kept_of(people) if (join := admitted_by(op))}
    assert identity(10).member_id in joined
    assert identity(11).member_id not in joined


def test_buckets_of_those_who_said_nothing_for_a_while_are_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "BUCKETS_MAX", 4)
    people = People(9)
    judge = Intake(OpSet(people.genesis))
    for number, op in enumerate(people.ops):
        judge.take_in(op.data, people.ids[number], float(number // 5) * 3600.0)
    assert len(judge._senders) == 5
