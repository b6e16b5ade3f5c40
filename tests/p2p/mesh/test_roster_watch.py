"""What has changed of the roster is told once, however large the room."""

from lab.room_people import People
from p2p.mesh.roster_watch import RosterWatch
from p2p.room.ops import kinds
from p2p.room.state.member_map import MemberMap


def test_all_are_told_at_first_and_then_who_came_left_or_was_removed():
    people = People(3)
    host, one, two, three = people.ids
    watch = RosterWatch()
    first = people.state().members
    assert watch.look(first) == ({host, one, two, three}, set())
    assert watch.look(first) == (set(), set())
    people.write(1, kinds.Leave)
    people.remove(2)
    now = people.state().members
    changed = first.but([now[one], now[two]])
    assert watch.look(changed) == (set(), {one, two})
    only = MemberMap([now[host]])
    assert watch.look(only) == ({host}, {one, two, three})
    assert watch.look(only.but([])) == (set(), set())
