"""Maps of members: in the order of ids, never changed, and compared with little work."""

from lab.room_people import People
from p2p.room.ops import kinds
from p2p.room.state.member_map import MemberMap


def members(count: int) -> list:
    return list(People(count).state().members.values())


def test_members_stand_in_the_order_of_their_ids():
    some = members(20)
    ids = sorted(member.id for member in some)
    assert list(MemberMap(reversed(some))) == ids
    assert len(MemberMap(some)) == 21
    assert MemberMap(some)[ids[3]].id == ids[3]
    assert bytes(16) not in MemberMap(some)
    assert b"" not in MemberMap(some)


def test_a_changed_copy_leaves_the_map_as_it_is():
    first, *rest = members(20)
    before = MemberMap(rest)
    after = before.but([first])
    assert first.id not in before
    assert list(after) == [first.id, *before]
    assert after == MemberMap([first, *rest])


def test_it_is_told_who_is_not_the_same_in_two_maps():
    people = People(20)
    before = people.state().members
    people.write(4, kinds.Leave)
    left = people.member(4)
    after = before.but([left])
    assert after[left.id] is left
    assert list(after.unlike(before)) == [left.id]
    assert list(after.unlike(MemberMap())) == list(after)
    assert list(MemberMap().unlike(after)) == list(after)
    assert list(after.unlike(after)) == []
    assert len(after) == len(before)
