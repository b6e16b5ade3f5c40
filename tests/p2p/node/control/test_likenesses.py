"""The same person after a crash is no false alarm; somebody else of that name is one."""

from lab.room_people import Rooms, genesis_of, identity
from p2p.node.control.likenesses import likenesses
from p2p.room.room import Room


def rooms_of(*names: str) -> list[Room]:
    """A host and members of these names, all in one room."""
    genesis = genesis_of(identity(0)).encode()
    rooms = [Room(identity(n), genesis, name, now=100.0) for n, name in enumerate(names)]
    for room in rooms[1:]:
        rooms[0].admit(room.join_op)
    return rooms


def test_whoever_came_back_beside_a_ghost_of_itself_imitates_nobody() -> None:
    host, ghost, again = rooms_of("host", "王小明", "王小明")
    found = likenesses(host.state.members.values(), lambda one: one != ghost.me)
    assert found.imitates == {}
    assert found.namesakes == {again.me: ghost.me}


def test_while_both_are_here_each_is_marked_as_it_was() -> None:
    host, one, other = rooms_of("host", "lau", "1au")
    found = likenesses(host.state.members.values(), lambda _: True)
    assert found.imitates == {one.me: other.me, other.me: one.me}
    assert found.namesakes == {}


def test_of_two_who_claim_to_be_back_each_is_marked() -> None:
    host, ghost, one, other = rooms_of("host", "lau", "lau", "lau")
    found = likenesses(host.state.members.values(), lambda who: who != ghost.me)
    assert found.imitates == {one.me: other.me, other.me: one.me}


def test_where_no_names_are_alike_nothing_is_found() -> None:
    found = likenesses(Rooms(3)[0].state.members.values(), lambda _: True)
    assert (found.imitates, found.namesakes) == ({}, {})
