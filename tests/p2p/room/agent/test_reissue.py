"""What a change of epochs loses of somebody's acts is said again, once, if still wanted."""

from lab.room_people import Rooms
from p2p.room import commands as c
from p2p.room.agent.reissue import REMEMBERED_MAX
from p2p.room.events import EpochChanged
from p2p.room.stage import Stage

ZERO = bytes(32)


def moderated(count: int = 4) -> Rooms:
    """The host, moderators 1 and 2, and listeners, in the first epoch."""
    rooms = Rooms(count)
    rooms.do(0, c.Promote(rooms.ids[1], 2))
    rooms.do(0, c.Promote(rooms.ids[2], 2))
    epoch(rooms, 0)
    return rooms


def epoch(rooms: Rooms, by: int) -> None:
    room = rooms[by]
    room.write_epoch(room.state.heads, 0, 3, ZERO, ZERO, ZERO, room.roster())
    rooms.deliver()


def apart(rooms: Rooms, who: int, what, then) -> None:
    """``who`` does something that nobody hears of; meanwhile ``then`` happens; they meet again."""
    rooms.cut = {who}
    what()
    rooms.cut = set()
    rooms.cut = {who}
    then()
    rooms.cut = set()
    rooms.sync()
    rooms.run(1)
    rooms.sync()


def test_an_epoch_is_told_and_wraps_for_the_roster():
    rooms = moderated()
    state = rooms[3].state
    info = state.epochs[state.heads[0]]
    assert info.roster_count == 5
    assert EpochChanged(state.heads) in rooms.events(3)


def test_an_invitation_lost_in_the_change_is_given_again():
    rooms = moderated()
    rooms.do(3, c.RaiseHand())
    rooms.run(1)
    apart(rooms, 1, lambda: rooms.do(1, c.Accept(rooms.ids[3])), lambda: epoch(rooms, 0))
    assert rooms.stage(3) == {Stage.INVITED}
    assert rooms[0].state.live[rooms.ids[3]].by == rooms.ids[1]


def test_who_was_heard_before_the_change_need_not_be_asked_again():
    rooms = moderated()
    rooms.do(3, c.RaiseHand())
    rooms.run(1)

    def without_the_host():
        rooms.cut = {0}
        rooms.do(1, c.Accept(rooms.ids[3]))
        rooms.do(3, c.TakeFloor())

    rooms.cut = {0}
    without_the_host()
    rooms[0].write_epoch(rooms[0].state.heads, 0, 3, ZERO, ZERO, ZERO, rooms[0].roster())
    rooms[0].to_send(rooms.now)
    rooms.cut = set()
    rooms.sync()
    rooms.run(1)
    assert rooms.stage(3) == {Stage.SPEAKING}


def test_a_mute_lost_in_the_change_is_said_again_but_not_one_that_was_lifted():
    rooms = moderated()
    rooms.do(1, c.Accept(rooms.ids[3]))
    rooms.do(3, c.TakeFloor())
    apart(rooms, 1, lambda: rooms.do(1, c.Mute(rooms.ids[3])), lambda: epoch(rooms, 0))
    assert rooms.stage(3) == {Stage.MUTED}
    rooms.do(1, c.Accept(rooms.ids[3]))
    assert rooms.stage(3) == {Stage.SPEAKING}
    rooms.do(1, c.Mute(rooms.ids[3]))

    def lift_and_change():
        rooms.cut = {1}
        rooms[2].do(c.Accept(rooms.ids[3]), rooms.now)
        epoch(rooms, 2)

    rooms.cut = {1}
    lift_and_change()
    rooms.cut = set()
    rooms.sync()
    rooms.run(1)
    assert rooms.stage(3) == {Stage.SPEAKING}


def test_nothing_is_said_again_that_somebody_ended_meanwhile():
    rooms = moderated()
    rooms.do(3, c.RaiseHand())
    rooms.run(1)
    rooms.do(1, c.Accept(rooms.ids[3]))

    def end_and_change():
        rooms.do(0, c.MoveDown(rooms.ids[3]))
        epoch(rooms, 0)

    apart(rooms, 1, lambda: None, end_and_change)
    assert rooms.stage(3) == {Stage.LISTENING}
    rooms.do(4, c.RaiseHand())
    rooms.run(1)
    rooms.do(1, c.Accept(rooms.ids[4]))

    def decline_and_change():
        rooms.do(4, c.Decline())
        epoch(rooms, 0)

    apart(rooms, 1, lambda: None, decline_and_change)
    assert rooms.stage(4) == {Stage.LISTENING}


def test_who_was_moved_down_stays_down_if_an_old_epoch_says_otherwise():
    rooms = moderated()
    rooms.do(1, c.Accept(rooms.ids[3]))
    rooms.do(3, c.TakeFloor())
    rooms.cut = {2}
    rooms.do(1, c.MoveDown(rooms.ids[3]))
    for _ in range(3):
        epoch(rooms, 0)
    rooms[2].write_epoch(rooms[2].state.heads, 0, 3, ZERO, ZERO, ZERO, rooms[2].roster())
    rooms[2].to_send(rooms.now)
    rooms.cut = set()
    rooms.sync()
    rooms.run(1)
    rooms.sync()
    assert rooms.stage(3) == {Stage.LISTENING}
    assert len(rooms[4].state.heads) == 2


def test_a_full_stage_takes_nobody_back():
    rooms = moderated(18)
    rooms.cut = {1}
    rooms[1].do(c.Accept(rooms.ids[18]), rooms.now)
    rooms[1].to_send(rooms.now)
    for number in range(3, 18):
        rooms[0].do(c.Accept(rooms.ids[number]), rooms.now)
    rooms.deliver()
    epoch(rooms, 0)
    rooms.cut = set()
    rooms.sync()
    rooms.run(1)
    assert rooms.stage(18) == {Stage.LISTENING}


def test_a_moderator_that_lost_its_rank_says_nothing_again():
    rooms = moderated()
    rooms.do(3, c.RaiseHand())
    rooms.run(1)

    def demote_and_change():
        rooms[0].do(c.Promote(rooms.ids[1], 4), rooms.now)
        epoch(rooms, 0)

    apart(rooms, 1, lambda: rooms.do(1, c.Accept(rooms.ids[3])), demote_and_change)
    assert rooms.stage(3) == {Stage.HAND_UP}


def test_the_stage_is_lost_only_once():
    rooms = moderated()
    rooms.do(1, c.Accept(rooms.ids[3]))
    rooms.do(3, c.TakeFloor())
    rooms.do(0, c.MoveDown(rooms.ids[3]))
    rooms.do(1, c.Accept(rooms.ids[3]))
    rooms.run(1)
    assert rooms.stage(3) == {Stage.INVITED}


def test_what_was_said_again_is_remembered_but_not_for_ever():
    rooms = moderated(2)
    reissue = rooms[1]._duties.reissue
    ids = [number.to_bytes(16, "big") for number in range(REMEMBERED_MAX + 1)]
    assert all(reissue._first(one) for one in ids)
    assert not reissue._first(ids[-1])
    assert reissue._first(ids[0])
