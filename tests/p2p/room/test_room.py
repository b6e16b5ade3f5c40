"""Several rooms that talk to each other: what people do, and what everybody then agrees on."""

import pytest

from lab.room_people import People, Rooms, genesis_of, identity
from p2p.errors import RemoteError, UserError
from p2p.room import commands as c
from p2p.room.events import HandChanged, LockChanged, MemberChanged, StageChanged, TopicChanged
from p2p.room.ops import kinds
from p2p.room.ops.op import Pen
from p2p.room.ops.powers import POWERS
from p2p.room.room import Room
from p2p.room.stage import Stage
from p2p.room.store import quotas
from p2p.room.store.intake import AUTHOR_RATE, JOIN_RATE, OWN_RATE, SENDER_RATE


def test_everybody_sees_everybody_with_name_and_role():
    rooms = Rooms(3)
    for room in rooms.rooms:
        members = room.state.members
        assert {m.name for m in members.values()} == {"host", "amina", "王小明", "kenji"}
        assert members[rooms.ids[0]].role == "host"
        assert members[rooms.ids[1]].role == "listener"
        assert room.state.slots == {1: rooms.ids[0]}
        assert room.state.topic == "tea"
    assert rooms[0].is_host
    assert not rooms[1].is_host


def test_the_admission_of_somebody_unknown_is_told_from_everything_else():
    rooms = Rooms(1)
    host, other = rooms[0], identity(77)
    stranger = Room(other, host.genesis.encode(), "stranger", now=0.0)
    rooms[1].admit(stranger.join_op)
    [admit] = [out.data for out in rooms[1].to_send(0.0)]
    rooms.do(1, c.RaiseHand())
    hand = rooms[1].ops()[-1]
    assert host.brings_somebody(admit)
    known = [data for data in host.ops() if type(host._ops.read(data).body) is kinds.Admit]
    assert len(known) == 1
    assert not any(host.brings_somebody(one) for one in (hand, *known, b"junk"))
    host.receive(admit, None, 0.0)
    assert not host.brings_somebody(admit)


def test_a_hand_an_invitation_and_the_floor():
    rooms = Rooms(3)
    rooms.do(2, c.RaiseHand())
    rooms.run(1)
    assert {room.state.queue for room in rooms.rooms} == {(rooms.ids[2],)}
    rooms.do(0, c.Accept(rooms.ids[2]))
    assert rooms.stage(2) == {Stage.INVITED}
    assert all(room.state.slots[2] == rooms.ids[2] for room in rooms.rooms)
    rooms.do(2, c.TakeFloor())
    assert rooms.stage(2) == {Stage.SPEAKING}
    assert rooms[1].state.members[rooms.ids[2]].role == "speaker"
    rooms.do(2, c.TakeFloor())
    assert rooms.stage(2) == {Stage.SPEAKING}
    rooms.do(2, c.GoToAudience())
    assert rooms.stage(2) == {Stage.LISTENING}
    assert all(room.state.slots == {1: rooms.ids[0]} for room in rooms.rooms)


def test_the_host_speaks_without_asking():
    rooms = Rooms(1)
    rooms.do(0, c.TakeFloor())
    assert rooms.stage(0) == {Stage.HOST}


def test_what_happens_is_told_once_and_in_order():
    rooms = Rooms(2)
    me = rooms.ids[1]
    rooms.do(1, c.RaiseHand())
    rooms.run(1)
    assert rooms.events(1) == [
        StageChanged(me, Stage.HAND_UP, "asked"),
        HandChanged(me, 1),
    ]
    rooms.do(0, c.Accept(me))
    assert rooms.events(1) == [StageChanged(me, Stage.INVITED, "granted"), HandChanged(me, None)]
    rooms.do(1, c.TakeFloor())
    assert rooms.events(1) == [
        MemberChanged(me, "amina", "speaker", "here", None),
        StageChanged(me, Stage.SPEAKING, "asked"),
    ]
    rooms.do(0, c.Mute(me))
    by_host = MemberChanged(me, "amina", "speaker", "here", rooms.ids[0])
    assert rooms.events(1) == [by_host, StageChanged(me, Stage.MUTED, "muted")]
    rooms.do(0, c.Accept(me))
    assert rooms.events(1) == [by_host, StageChanged(me, Stage.SPEAKING, "granted")]
    rooms.do(0, c.MoveDown(me))
    assert rooms.events(1) == [
        MemberChanged(me, "amina", "listener", "here", rooms.ids[0]),
        StageChanged(me, Stage.LISTENING, "down"),
    ]
    rooms.do(0, c.SetLock(True))
    rooms.do(0, c.SetTopic("tea\x1b[2J and talk"))
    assert rooms.events(1) == [LockChanged(True), TopicChanged("tea[2J and talk")]
    rooms.do(0, c.Remove(me))
    assert rooms.events(1) == [
        MemberChanged(me, "amina", "listener", "removed", rooms.ids[0]),
        StageChanged(me, Stage.REMOVED, "removed"),
    ]
    assert rooms[1].is_gone
    assert rooms.events(1) == []


def test_a_newcomer_is_told_of_everybody_and_of_the_room():
    rooms = Rooms(1, join=False)
    rooms[0].admit(rooms[1].join_op)
    rooms.deliver()
    told = rooms.events(1)
    assert told[0] == TopicChanged("tea")
    assert {e.name for e in told if isinstance(e, MemberChanged)} == {"host", "amina"}


def test_a_newcomer_sees_itself_outside_until_a_door_has_let_it_in():
    rooms = Rooms(1, join=False)
    host, newcomer = rooms.rooms
    assert (newcomer.myself.stage, newcomer.is_in, newcomer.is_gone) == (
        Stage.OUTSIDE,
        False,
        False,
    )
    assert newcomer.next_timer() is None
    newcomer.on_timer(rooms.now)
    with pytest.raises(UserError) as caught:
        newcomer.do(c.RaiseHand(), rooms.now)
    assert caught.value.code == "is_gone"
    host.admit(newcomer.join_op)
    for data in host.introduction(newcomer.me):
        assert newcomer.receive(data, None, rooms.now)
    assert newcomer.is_in
    assert newcomer.roster() == host.roster()


def test_the_introduction_begins_with_the_admissions_down_to_the_newcomer():
    rooms = Rooms(3, join=False)
    for door, number in ((0, 1), (1, 2), (2, 3)):
        rooms[door].admit(rooms[number].join_op)
        rooms.deliver()
    ops = rooms[2].introduction(rooms.ids[3])
    read = rooms[0]._ops
    assert read.newcomer(read.read(ops[0])) is None
    assert [read.newcomer(read.read(data)) for data in ops[1:4]] == [
        rooms.ids[2] if n == 2 else rooms.ids[n] for n in (1, 2, 3)
    ]
    assert sorted(ops) == sorted(rooms[2].ops())


def test_who_is_removed_before_it_is_in_knows_that():
    rooms = Rooms(1)
    outsider = Room(identity(9), rooms.genesis.encode(), "late", now=rooms.now)
    rooms[1].admit(outsider.join_op)
    rooms.deliver()
    rooms.do(0, c.Remove(outsider.me))
    for data in rooms[0].ops():
        if rooms[0]._ops.newcomer(rooms[0]._ops.read(data)) != outsider.me:
            outsider.receive(data, None, rooms.now)
    assert outsider.myself.stage is Stage.REMOVED
    assert outsider.is_gone


def test_leaving_is_seen_and_final():
    rooms = Rooms(2)
    rooms.do(1, c.RaiseHand())
    rooms.do(1, c.Leave())
    assert rooms.stage(1) == {Stage.LEFT}
    assert rooms[0].state.queue == ()
    assert rooms.events(2)[-1] == StageChanged(rooms.ids[1], Stage.LEFT, "asked")
    with pytest.raises(UserError) as caught:
        rooms.do(1, c.RaiseHand())
    assert caught.value.code == "is_gone"


# -- the host's order of hands


def test_hands_stand_in_the_order_in_which_they_reached_the_host():
    rooms = Rooms(5)
    for number in (4, 2, 5, 1, 3):
        rooms.do(number, c.RaiseHand())
        rooms.now += 0.01
    rooms.run(1)
    expected = tuple(rooms.ids[n] for n in (4, 2, 5, 1, 3))
    assert {room.state.queue for room in rooms.rooms} == {expected}
    assert all(room.state.unnamed == () for room in rooms.rooms)


def test_hands_named_earlier_stay_in_front_of_later_ones():
    rooms = Rooms(7)
    for number in (7, 1, 6, 2, 5):
        rooms.do(number, c.RaiseHand())
        rooms.run(1)
    assert rooms[3].state.queue == tuple(rooms.ids[n] for n in (7, 1, 6, 2, 5))


def test_lowered_and_raised_again_is_at_the_end():
    rooms = Rooms(3)
    for number in (1, 2, 3):
        rooms.do(number, c.RaiseHand())
        rooms.run(1)
    rooms.do(1, c.LowerHand())
    rooms.do(1, c.RaiseHand())
    rooms.run(1)
    assert rooms[2].state.queue == tuple(rooms.ids[n] for n in (2, 3, 1))
    assert rooms[0].state.place_of(rooms.ids[1]) == 3
    assert rooms[0].state.place_of(rooms.ids[0]) is None


def test_how_long_a_hand_is_up_is_known():
    rooms = Rooms(2)
    rooms.do(1, c.RaiseHand())
    rooms.run(5)
    assert rooms[2].hand_since(rooms.ids[1]) == 100.0
    assert rooms[2].hand_since(rooms.ids[2]) is None


def test_many_hands_at_once_need_several_orders():
    rooms = Rooms(0)
    host = rooms[0]
    keys = [identity(n) for n in range(1, 41)]
    for key in keys:
        pen = Pen(key, host.room_id)
        host.admit(pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), "x").data)
        host.receive(pen.write(kinds.Hand, True).data, None, 100)
    host.on_timer(100.05)
    assert len(host.state.unnamed) == 40
    host.on_timer(100.2)
    assert host.state.unnamed == ()
    assert host.next_timer() is None


# -- invitations lapse


def test_an_invitation_lapses_after_a_minute_and_the_queue_goes_on():
    rooms = Rooms(3)
    for number in (1, 2):
        rooms.do(number, c.RaiseHand())
        rooms.run(1)
    rooms.do(0, c.Accept(rooms.ids[1]))
    rooms.run(59.9)
    assert rooms.stage(1) == {Stage.INVITED}
    rooms.events(1)
    rooms.run(0.2)
    assert rooms.stage(1) == {Stage.LISTENING}
    assert rooms.events(1) == [StageChanged(rooms.ids[1], Stage.LISTENING, "lapsed")]
    assert rooms[3].state.queue == (rooms.ids[2],)
    assert set(rooms[3].state.slots) == {1}


def test_an_invitation_to_somebody_out_of_reach_is_taken_back_by_the_host():
    rooms = Rooms(2)
    rooms.do(1, c.RaiseHand())
    rooms.run(1)
    rooms.cut = rooms.asleep = {1}
    rooms.do(0, c.Accept(rooms.ids[1]))
    rooms.run(61)
    assert rooms[0].state.members[rooms.ids[1]].stage is Stage.INVITED
    rooms.events(0)
    rooms.run(1.5)
    assert rooms.events(0) == [StageChanged(rooms.ids[1], Stage.LISTENING, "lapsed")]
    rooms.cut = rooms.asleep = set()
    rooms.sync()
    assert rooms.stage(1) == {Stage.LISTENING}
    rooms.do(1, c.RaiseHand())
    rooms.run(1)
    assert rooms[2].state.queue == (rooms.ids[1],)


def test_a_machine_that_slept_hears_the_news_before_it_takes_an_invitation_back():
    rooms = Rooms(2)
    rooms.do(1, c.RaiseHand())
    rooms.run(1)
    rooms.do(0, c.Accept(rooms.ids[1]))
    rooms.cut = {0}
    rooms.do(1, c.TakeFloor())
    rooms.now += 600
    rooms.cut = set()
    rooms[0].on_timer(rooms.now)
    assert rooms[0].state.members[rooms.ids[1]].stage is Stage.INVITED
    rooms.sync()
    rooms.run(20)
    assert rooms.stage(1) == {Stage.SPEAKING}


def test_a_machine_that_slept_still_takes_an_unanswered_invitation_back():
    rooms = Rooms(1)
    rooms.do(0, c.Accept(rooms.ids[1]))
    rooms.cut = rooms.asleep = {1}
    rooms.now += 600
    rooms.run(20)
    assert rooms[0].state.members[rooms.ids[1]].stage is Stage.LISTENING


def test_a_host_that_left_has_no_more_duties():
    rooms = Rooms(1)
    rooms.do(1, c.RaiseHand())
    rooms.do(0, c.Leave())
    assert rooms[0].next_timer() is None
    assert rooms[1].state.slots == {}
    assert rooms[1].state.members[rooms.ids[0]].role == "host"
    rooms.do(1, c.LowerHand())
    assert rooms.stage(1) == {Stage.LISTENING}


# -- coming back, catching up


def test_the_same_join_again_changes_nothing():
    rooms = Rooms(2)
    rooms.do(1, c.RaiseHand())
    rooms.run(1)
    before = rooms[0].state
    rooms.events(0)
    join = rooms[1].join_op
    assert rooms[0].refusal(join, identity(1).dh) is None
    rooms[0].admit(join)
    assert not rooms[0].receive(join, rooms.ids[1], rooms.now)
    assert rooms[0].state is before
    assert rooms.events(0) == []


def test_a_member_that_was_cut_off_catches_up_with_what_it_missed():
    rooms = Rooms(3)
    rooms.cut = {3}
    rooms.do(1, c.RaiseHand())
    rooms.do(3, c.RaiseHand())
    rooms.run(1)
    rooms.do(0, c.SetLock(True))
    assert not rooms[3].state.locked
    rooms.cut = set()
    rooms.sync()
    rooms.run(1)
    assert rooms[3].state == rooms[0].state == rooms[1].state
    assert rooms[3].ids() == rooms[0].ids()
    assert rooms[3].state.queue == (rooms.ids[1], rooms.ids[3])


def test_a_newcomer_can_apply_the_operations_page_by_page():
    rooms = Rooms(3)
    for number in (1, 2):
        rooms.do(number, c.RaiseHand())
        rooms.run(1)
    rooms.do(0, c.Accept(rooms.ids[1]))
    rooms.do(1, c.TakeFloor())
    newcomer = Room(identity(9), rooms.genesis.encode(), "new", now=0)
    for data in rooms[2].ops():
        assert newcomer.receive(data, rooms.ids[2], 0)
    assert newcomer.counts == {"new": len(rooms[2].ops())}
    assert newcomer.state.slots == rooms[0].state.slots
    assert newcomer.state.queue == rooms[0].state.queue


def test_what_is_missing_is_given_by_range():
    rooms = Rooms(2)
    ids = rooms[0].ids()
    assert rooms[0].missing(ids) == []
    assert len(rooms[0].missing((), ids[0], ids[1])) == 2
    assert len(rooms[0].missing(ids[:1], ids[0], ids[1])) == 1
    assert len(rooms[0].missing(())) == len(ids)


def test_an_operation_is_passed_on_once_and_not_back():
    rooms = Rooms(2)
    rooms.cut = {1, 2}
    rooms.do(1, c.RaiseHand())
    data = rooms[1].missing(rooms[2].ids())[0]
    rooms[2].receive(data, rooms.ids[1], rooms.now)
    assert rooms[2].to_send(rooms.now) == [(None, data, rooms.ids[1])]
    known = rooms[2].counts["known"]
    assert not rooms[2].receive(data, rooms.ids[0], rooms.now)
    assert rooms[2].to_send(rooms.now) == []
    assert rooms[2].counts["known"] == known + 1


def test_what_is_superseded_before_it_goes_out_does_not_go_out():
    rooms = Rooms(1)
    rooms[1].do(c.RaiseHand(), rooms.now)
    rooms[1].do(c.LowerHand(), rooms.now)
    assert len(rooms[1].to_send(rooms.now)) == 1


def test_operations_that_come_before_their_authors_join_wait_for_it():
    people = People(1)
    hand = people.raise_hand(1)
    room = Room(identity(0), people.genesis.encode(), "host", now=0)
    assert not room.receive(hand.data, None, 0)
    assert room.receive(people.ops[1].data, None, 0)
    assert room.state.queue == (people.ids[1],)
    assert {out.data for out in room.to_send(0)} >= {hand.data, people.ops[1].data}


# -- who may do what


@pytest.mark.parametrize(
    "command",
    [
        c.Accept(bytes(16)),
        c.Mute(bytes(16)),
        c.MoveDown(bytes(16)),
        c.Remove(bytes(16)),
        c.SetLock(True),
        c.SetTopic("mine"),
    ],
)
def test_only_the_host_decides_about_others(command):
    rooms = Rooms(1)
    with pytest.raises(UserError) as caught:
        rooms.do(1, command)
    assert caught.value.code == "not_host"


def test_a_removed_member_is_refused_and_changes_nothing_any_more():
    rooms = Rooms(2)
    rooms.do(1, c.RaiseHand())
    rooms.run(1)
    rooms.do(0, c.Remove(rooms.ids[1]))
    assert rooms.ids[1] in rooms[2].state.removed
    assert rooms[2].refusal(rooms[1].join_op, identity(1).dh) == "removed"
    before = rooms[2].state
    people = People(1)
    people.raise_hand(1)
    for data in [op.data for op in people.ops if op.author == rooms.ids[1]]:
        rooms[2].receive(data, rooms.ids[1], rooms.now)
    assert rooms[2].state == before


def test_a_locked_room_lets_nobody_new_in_but_its_own_members_back():
    rooms = Rooms(1)
    newcomer = Room(identity(9), rooms.genesis.encode(), "new", now=0)
    assert rooms[1].refusal(newcomer.join_op, identity(9).dh) is None
    rooms.do(0, c.SetLock(True))
    assert rooms[1].refusal(newcomer.join_op, identity(9).dh) == "locked"
    assert rooms[0].refusal(rooms[1].join_op, identity(1).dh) is None
    rooms.do(0, c.SetLock(False))
    assert rooms[1].refusal(newcomer.join_op, identity(9).dh) is None


def test_whoever_left_does_not_come_back_under_the_same_key():
    rooms = Rooms(2)
    rooms.do(1, c.Leave())
    assert rooms[2].refusal(rooms[1].join_op, identity(1).dh) == "left"


def test_a_join_that_is_not_the_knockers_is_refused():
    rooms = Rooms(1)
    people = People(2)
    join = Room(identity(2), rooms.genesis.encode(), "two", now=0).join_op
    assert rooms[0].refusal(join, identity(1).dh) == "bad_join"
    assert rooms[0].refusal(people.raise_hand(2).data, identity(2).dh) == "bad_join"
    assert rooms[0].refusal(b"noise", identity(2).dh) == "bad_join"
    stolen = Pen(identity(3), people.room_id)
    stolen.author = people.ids[2]
    forged = stolen.write(kinds.Join, identity(2).sign_key, identity(2).dh, bytes(32), "me")
    assert rooms[0].refusal(forged.data, identity(2).dh) == "bad_join"


def test_a_full_room_says_so(monkeypatch):
    rooms = Rooms(1)
    monkeypatch.setattr("p2p.room.agent.admission_rule.MEMBERS_MAX", 2)
    newcomer = Room(identity(9), rooms.genesis.encode(), "new", now=0)
    assert rooms[0].refusal(newcomer.join_op, identity(9).dh) == "full"


# -- bad input


def test_what_the_others_would_not_take_is_not_written_and_said(monkeypatch):
    rooms = Rooms(2)
    # Its topic is the first, and it vouches once.
    monkeypatch.setattr(quotas, "LASTING_MAX", 4 - 4 * 3)
    monkeypatch.setattr(quotas, "RESERVE", 3)
    rooms.do(0, c.SetLock(True))
    rooms.do(0, c.SetLock(False))
    written = len(rooms[0].ops())
    with pytest.raises(UserError, match="history_full"):
        rooms.do(0, c.SetLock(True))
    assert rooms[0].takes_epochs
    assert len(rooms[0].ops()) == written
    rooms.do(1, c.RaiseHand())
    rooms.do(0, c.Accept(rooms.ids[1]))
    assert rooms[1].myself.stage is Stage.INVITED
    rooms.do(0, c.Promote(rooms.ids[1], 1))
    for number in (1, 2):
        rooms.do(0, c.Remove(rooms.ids[number]))
    assert not rooms[0].takes_epochs


def test_a_malformed_genesis_is_refused():
    with pytest.raises(RemoteError):
        Room(identity(1), b"noise", "me", now=0)


def test_bad_operations_are_dropped_and_counted():
    rooms = Rooms(1)
    people = People(1)
    hand = people.raise_hand(1).data
    other = Pen(identity(1), genesis_of(identity(0), 7).room_id)
    elsewhere = other.write(kinds.Join, identity(1).sign_key, identity(1).dh, bytes(32), "x")
    forger = Pen(identity(2), people.room_id)
    forger.write(kinds.Join, identity(2).sign_key, identity(2).dh, bytes(32), "x")
    forger.author = people.host
    state = rooms[0].state
    for data in (
        b"",
        b"x" * 1345,
        b"x" * 4097,
        b"x" * 200,
        hand[:-1] + bytes([hand[-1] ^ 1]),
        elsewhere.data,
        forger.write(kinds.Lock, True).data,
    ):
        assert not rooms[0].receive(data, rooms.ids[1], rooms.now)
    assert rooms[0].counts["oversized"] == 2
    assert rooms[0].counts["malformed"] == 2
    assert rooms[0].counts["forged"] == 2
    assert rooms[0].counts["wrong_room"] == 1
    assert rooms[0].state == state


def test_a_flood_of_hands_is_cut_off_and_the_room_goes_on():
    rooms = Rooms(2)
    people = People(2)
    flood = [people.write(1, kinds.Hand, n % 2 == 0).data for n in range(500)]
    for data in flood:
        rooms[2].receive(data, rooms.ids[1], rooms.now)
    assert rooms[2].counts["flood"] == 500 - AUTHOR_RATE.burst
    assert len(rooms[2].ops()) < 10
    rooms.do(2, c.RaiseHand())
    assert rooms.ids[2] in rooms[0].state.queue
    rooms[2].receive(flood[-1], rooms.ids[0], rooms.now + 10)
    assert rooms[2].state.members[rooms.ids[1]].stage is Stage.LISTENING


def test_a_neighbour_that_sends_forgeries_without_end_is_not_even_checked():
    room = Room(identity(0), genesis_of(identity(0)).encode(), "host", now=0)
    pen = Pen(identity(5), room.room_id)
    pen.write(kinds.Join, identity(5).sign_key, identity(5).dh, bytes(32), "x")
    template = pen.write(kinds.Hand, True).data
    for n in range(int(SENDER_RATE.burst) + 10):
        room.receive(template[:-4] + n.to_bytes(4, "big"), b"s" * 16, 0)
    assert room.counts["flood"] == 10
    assert room.counts["held"] == 8
    assert room.counts["stranger"] == SENDER_RATE.burst - 8


def test_our_own_commands_stay_below_what_others_take():
    rooms = Rooms(1)
    for _ in range(int(OWN_RATE.burst) // 2):
        rooms.do(1, c.RaiseHand())
        rooms.do(1, c.LowerHand())
    with pytest.raises(UserError) as caught:
        rooms.do(1, c.RaiseHand())
    assert caught.value.code == "too_fast"
    assert rooms[0].counts["flood"] == 0
    assert OWN_RATE.burst < AUTHOR_RATE.burst
    rooms.do(1, c.Leave())
    assert rooms.stage(1) == {Stage.LEFT}


def test_time_that_runs_backwards_does_no_harm():
    rooms = Rooms(1)
    rooms.do(1, c.RaiseHand())
    rooms[0].on_timer(-5)
    rooms[0].receive(rooms[1].join_op, None, 0)
    rooms.run(1)
    assert rooms[1].state.queue == (rooms.ids[1],)


def test_the_host_is_heard_however_much_it_says():
    rooms = Rooms(1)
    people = People(1)
    for n in range(int(AUTHOR_RATE.burst) + 20):
        rooms[1].receive(people.write(0, kinds.Lock, n % 2 == 0).data, rooms.ids[0], rooms.now)
    assert rooms[1].counts["flood"] == 0
    assert not rooms[1].state.locked


def test_whoever_left_lets_its_invitations_be():
    rooms = Rooms(2)
    rooms.do(0, c.Accept(rooms.ids[1]))
    assert rooms[0].next_timer() is not None
    rooms.do(0, c.Leave())
    assert rooms[0].next_timer() is None
    rooms.run(61)
    assert rooms.stage(1) == {Stage.LISTENING}


def test_a_lapse_of_long_ago_is_not_told_again():
    rooms = Rooms(2)
    rooms.do(0, c.Accept(rooms.ids[1]))
    rooms.cut = rooms.asleep = {1}
    rooms.run(63)
    rooms.cut = rooms.asleep = set()
    rooms.sync()
    rooms.events(1)
    rooms.do(1, c.RaiseHand())
    rooms.do(1, c.LowerHand())
    rooms.run(1)
    rooms.do(1, c.RaiseHand())
    assert rooms.events(1)[0] == StageChanged(rooms.ids[1], Stage.HAND_UP, "asked")


def test_made_up_members_from_one_neighbour_do_not_fill_the_room():
    rooms = Rooms(2)
    room, door = rooms[0], rooms[1]._pen

    def admission(number: int) -> bytes:
        made_up = identity(number)
        pen = Pen(made_up, room.room_id)
        join = pen.write(kinds.Join, made_up.sign_key, made_up.dh, bytes(32), "x")
        return door.write(kinds.Admit, join.data).data

    most = int(JOIN_RATE.burst)
    for number in range(101, 104 + most):
        room.receive(admission(number), rooms.ids[1], 0)
    assert len(room.state.members) == most + 3
    assert room.counts["flood"] == 3
    assert room.receive(admission(100), rooms.ids[2], 0)
    room.welcome(rooms.ids[1], 0)
    assert room.receive(admission(99), rooms.ids[1], 0), "it has let us in"


def test_a_newcomer_hears_before_it_knows_who_listens():
    """Of many members the first operations show the keys, the removals and who may be heard."""
    rooms = Rooms(8)
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    rooms.do(0, c.Accept(rooms.ids[2]))
    rooms.do(2, c.TakeFloor())
    rooms.do(1, c.Remove(rooms.ids[7]))
    key = bytes(32)
    host = rooms[0]
    host.write_epoch((), 0, 3, key, key, key, host.roster())
    newcomer = Room(identity(20), host.genesis.encode(), "late", now=rooms.now)
    host.admit(newcomer.join_op)
    everything = host.introduction(newcomer.me)
    powers = [type(host._ops.read(data).body) in POWERS for data in everything]
    first = len(powers) - powers[::-1].index(True)
    for data in everything[:first]:
        assert newcomer.receive(data, None, rooms.now), "nothing waits for something behind it"
    known, whole = newcomer.state, host.state
    assert newcomer.is_in
    assert (known.heads, known.removed, known.slots) == (whole.heads, whole.removed, whole.slots)
    assert len(known.slots) == 2
    assert known.members.keys() == {newcomer.me, *rooms.ids[:3]}
    for data in everything:
        newcomer.receive(data, None, rooms.now)
    assert newcomer.state.members.keys() == host.state.members.keys()
    assert newcomer.ids() == host.ids()
