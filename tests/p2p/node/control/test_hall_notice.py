"""The sound for large rooms is proposed to whoever runs one."""

from types import SimpleNamespace

import pytest

from p2p.node.control.hall_notice import HALL_ABOVE, hall_is_due

ME = b"me"


def a_room(count: int, rank: int = 0, profile: int = 0, senior: int = 4):
    others = {bytes([n]): SimpleNamespace(id=bytes([n]), rank=4) for n in range(1, count - 1)}
    me = SimpleNamespace(id=ME, rank=rank)
    members = others | {ME: me, b"first": SimpleNamespace(id=b"first", rank=senior)}
    return SimpleNamespace(
        me=ME,
        myself=me,
        state=SimpleNamespace(profile=profile, members=members, ranked=(b"first",)),
    )


def everybody_but(room, *away: bytes):
    return SimpleNamespace(here=room.state.members.keys() - {ME, *away})


@pytest.mark.parametrize(
    ("room", "due"),
    [
        (a_room(HALL_ABOVE + 1), True),
        (a_room(HALL_ABOVE), False),
        (a_room(HALL_ABOVE + 1, profile=1), False),
        (a_room(HALL_ABOVE + 1, rank=3), False),
        (a_room(HALL_ABOVE + 1, rank=2, senior=1), False),
        (a_room(HALL_ABOVE + 1, rank=2, senior=2), True),
    ],
)
def test_it_is_due_above_fifty_and_for_the_most_senior_one_here(room, due):
    assert hall_is_due(room, everybody_but(room)) is due


def test_who_is_away_does_not_count():
    room = a_room(HALL_ABOVE + 1)
    assert not hall_is_due(room, everybody_but(room, bytes([1])))
    room = a_room(HALL_ABOVE + 2, rank=2, senior=1)
    assert hall_is_due(room, everybody_but(room, b"first"))
