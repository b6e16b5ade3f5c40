"""Rooms that lose touch, miss things and meet again: in the end all hold and see the same."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from lab.room_people import Rooms
from p2p.errors import UserError
from p2p.room import commands as c
from p2p.room.stage import GONE, Stage

COUNT = 4
WHO = st.integers(0, COUNT)
OWN = (c.RaiseHand(), c.LowerHand(), c.TakeFloor(), c.Decline(), c.GoToAudience())
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("own"), WHO, st.sampled_from(OWN)),
        st.tuples(st.just("hand"), WHO, st.none()),
        st.tuples(st.just("accept"), WHO, st.none()),
        st.tuples(st.just("towards"), WHO, st.sampled_from([c.Mute, c.MoveDown, c.Remove])),
        st.tuples(st.just("leave"), WHO, st.none()),
        st.tuples(st.just("cut"), WHO, st.none()),
        st.tuples(st.just("sleep"), WHO, st.none()),
        st.tuples(st.just("heal"), WHO, st.none()),
        st.tuples(st.just("wait"), WHO, st.sampled_from([0.05, 1.0, 30.0, 70.0])),
    ),
    max_size=40,
)


def live(rooms: Rooms, steps) -> None:
    for what, who, detail in steps:
        with contextlib.suppress(UserError):
            match what:
                case "own":
                    rooms.do(who, detail)
                case "hand":
                    rooms.do(who, c.RaiseHand())
                case "leave":
                    rooms.do(who, c.Leave())
                case "accept":
                    rooms.do(0, c.Accept(rooms.ids[who]))
                case "towards":
                    rooms.do(0, detail(rooms.ids[who]))
                case "cut":
                    rooms.cut = rooms.cut | {who}
                case "sleep":
                    rooms.cut, rooms.asleep = rooms.cut | {who}, rooms.asleep | {who}
                case "heal":
                    heal(rooms)
                case "wait":
                    rooms.run(detail)


def heal(rooms: Rooms) -> None:
    rooms.cut, rooms.asleep = set(), set()
    rooms.sync()


@settings(max_examples=settings().max_examples * 3 // 5)
@given(STEPS)
def test_whatever_happens_all_end_with_the_same_room(steps):
    rooms = Rooms(COUNT)
    live(rooms, steps)
    heal(rooms)
    rooms.run(1)
    for room in rooms.rooms:
        assert room.state == rooms[0].state
        assert room.ids() == rooms[0].ids()
        assert room.missing(rooms[0].ids()) == []
        assert room.counts.keys() <= {"new", "known"}


@settings(max_examples=settings().max_examples * 2 // 5)
@given(STEPS)
def test_nobody_stays_stuck(steps):
    rooms = Rooms(COUNT)
    live(rooms, steps)
    heal(rooms)
    rooms.run(80)
    host_is_here = rooms[0].myself.stage not in GONE
    for number, room in enumerate(rooms.rooms):
        assert room.myself.stage is not Stage.INVITED
        if number == 0 or room.is_gone or not host_is_here:
            continue
        if room.myself.stage in (Stage.SPEAKING, Stage.MUTED):
            rooms.do(number, c.GoToAudience())
        if room.myself.stage is Stage.LISTENING:
            rooms.do(number, c.RaiseHand())
        rooms.run(1)
        rooms.do(0, c.Accept(rooms.ids[number]))
        rooms.do(number, c.TakeFloor())
        assert rooms.stage(number) == {Stage.SPEAKING}


@settings(max_examples=settings().max_examples * 2 // 5)
@given(STEPS)
def test_what_is_told_adds_up_to_what_is(steps):
    rooms = Rooms(COUNT)
    told: dict[bytes, int] = {}
    for step in steps:
        live(rooms, [step])
        for event in rooms.events(2):
            if type(event).__name__ == "HandChanged":
                assert told.get(event.member) != event.place
                if event.place is None:
                    del told[event.member]
                else:
                    told[event.member] = event.place
    queue = rooms[2].state.queue
    assert told == {member: place for place, member in enumerate(queue, start=1)}
