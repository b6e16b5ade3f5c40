"""The same person after a crash is no false alarm; somebody else of that name is one."""

import dataclasses
import random

from lab.room_people import Rooms, genesis_of, identity
from p2p.node.control.likenesses import Likenesses
from p2p.room.room import Room
from p2p.room.state.member_map import MemberMap


def rooms_of(*names: str) -> list[Room]:
    """A host and members of these names, all in one room."""
    genesis = genesis_of(identity(0)).encode()
    rooms = [Room(identity(n), genesis, name, now=100.0) for n, name in enumerate(names)]
    for room in rooms[1:]:
        rooms[0].admit(room.join_op)
    return rooms


def found(members: MemberMap, *away: bytes) -> tuple[dict, dict]:
    """Who imitates whom, and whose namesake cannot be reached."""
    alike = Likenesses()
    alike.look(members, members, members.keys() - {*away})
    return told(alike, members)


def told(alike: Likenesses, members: MemberMap) -> tuple[dict, dict]:
    imitates = {one: alike.imitates(one) for one in members if alike.imitates(one)}
    namesakes = {m.id: alike.namesake(m) for m in members.values() if alike.namesake(m)}
    return imitates, namesakes


def test_whoever_came_back_beside_a_ghost_of_itself_imitates_nobody() -> None:
    host, ghost, again = rooms_of("host", "王小明", "王小明")
    assert found(host.state.members, ghost.me) == ({}, {again.me: ghost.me})


def test_while_both_are_here_each_is_marked_as_it_was() -> None:
    host, one, other = rooms_of("host", "lau", "1au")
    assert found(host.state.members) == ({one.me: other.me, other.me: one.me}, {})


def test_of_two_who_claim_to_be_back_each_is_marked() -> None:
    host, ghost, one, other = rooms_of("host", "lau", "lau", "lau")
    imitates, _ = found(host.state.members, ghost.me)
    assert imitates == {one.me: other.me, other.me: one.me}


def test_where_no_names_are_alike_nothing_is_found() -> None:
    assert found(Rooms(3)[0].state.members) == ({}, {})


def test_kept_up_by_changes_it_is_what_it_is_anew() -> None:
    host, *others = rooms_of("host", "lau", "lau", "1au", "sofia")
    members, alike, dice = host.state.members, Likenesses(), random.Random(1)
    here = set(members)
    alike.look(members, members, frozenset(here))
    for _ in range(60):
        one = dice.choice(others).me
        here ^= {one}
        if dice.random() < 0.2:
            rank = dice.choice([2, 4])
            members = members.but([dataclasses.replace(members[one], rank=rank)])
        before = told(alike, members)
        touched = alike.look([one], members, frozenset(here))
        now = told(alike, members)
        assert now == found(members, *(members.keys() - here))
        assert {m for m, _ in before[0].items() ^ now[0].items()} <= touched
