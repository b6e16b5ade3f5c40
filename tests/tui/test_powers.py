import pytest

from tests.tui.scripted import full_room, member, room, run_room
from tui.powers import (
    branch_of,
    find,
    is_last_moderator,
    may_quiet,
    may_remove,
    myself,
    ranks_to_give,
    runs_room,
    successors,
)

RANKED = {
    "host": 0,
    "co-host": 1,
    "moderator": 2,
    "helper": 3,
    "speaker": 4,
}


def ranked(name, n=1):
    return member(n, name, "moderator" if name == "helper" else name, rank=RANKED[name])


@pytest.mark.parametrize(
    ("actor", "below", "quiet_only"),
    [
        ("host", {"co-host", "moderator", "helper", "speaker"}, set()),
        ("co-host", {"moderator", "helper", "speaker"}, set()),
        ("moderator", {"helper", "speaker"}, set()),
        ("helper", set(), {"speaker"}),
        ("speaker", set(), set()),
    ],
)
def test_each_rank_acts_only_on_those_below_it(actor, below, quiet_only):
    me = ranked(actor)
    removable = {name for name in RANKED if may_remove(me, ranked(name, 2))}
    quietable = {name for name in RANKED if may_quiet(me, ranked(name, 2))}
    assert removable == below
    assert quietable == below | quiet_only


@pytest.mark.parametrize(
    ("actor", "other", "ranks"),
    [
        ("host", "speaker", ["co-host", "moderator"]),
        ("host", "co-host", ["moderator", "speaker"]),
        ("host", "moderator", ["co-host", "speaker"]),
        ("host", "helper", ["co-host", "moderator", "speaker"]),
        ("co-host", "speaker", ["moderator"]),
        ("co-host", "moderator", ["speaker"]),
        ("co-host", "co-host", []),
        ("co-host", "host", []),
        ("moderator", "speaker", ["moderator"]),
        ("moderator", "helper", ["speaker"]),
        ("moderator", "moderator", []),
        ("helper", "speaker", []),
        ("speaker", "speaker", []),
    ],
)
def test_a_rank_is_given_only_below_ones_own(actor, other, ranks):
    assert ranks_to_give(ranked(actor), ranked(other, 2)) == ranks


def test_nobody_who_left_is_given_a_rank():
    assert ranks_to_give(ranked("host"), member(2, "lau", state="left")) == []


def test_before_joining_nobody_is_me_and_nothing_may_be_done():
    view = room(member(1, "lau"))
    assert myself(view) is None
    assert not runs_room(view)
    assert not is_last_moderator(view)
    assert successors(view) == []
    assert find(view, 7) is None


@pytest.mark.parametrize(
    ("role", "runs"), [("host", True), ("moderator", True), ("speaker", False)]
)
def test_ranks_up_to_moderator_run_the_room(role, runs):
    assert runs_room(full_room(role)) is runs


def test_the_last_moderator_is_the_one_whom_nobody_here_could_follow():
    me = member(1, "amina", "moderator", me=True)
    assert not is_last_moderator(room(me))
    assert is_last_moderator(room(me, member(2, "lau")))
    helper = member(2, "lau", "moderator", rank=3)
    assert is_last_moderator(room(me, helper))
    assert not is_last_moderator(room(me, member(2, "lau", "moderator")))
    assert is_last_moderator(room(me, member(2, "l", "moderator", state="gone"), member(3, "k")))
    assert not is_last_moderator(room(member(1, "amina", "speaker", me=True), member(2, "lau")))


def test_successors_are_those_here_below_us_and_the_best_known_come_first():
    names = [one.n for one in successors(run_room("host"))]
    assert names[:4] == [1, 9, 4, 3]
    assert names[4] == 2
    assert 12 not in names
    assert all(one.rank > 2 for one in successors(run_room("moderator")))
    assert successors(room(member(1, "amina", "speaker", me=True), member(2, "lau"))) == []


def test_a_branch_is_everybody_brought_in_by_somebody_s_invites_and_theirs():
    assert [one.n for one in branch_of(run_room(), 6)] == [10, 11, 13]
    assert branch_of(run_room(), 2) == []


def test_a_branch_is_also_who_came_in_by_no_other_door():
    view = room(
        member(1, "host", let_in_by=()),
        member(2, "a", let_in_by=(1,)),
        member(3, "b", let_in_by=(2,)),
        member(4, "c", let_in_by=(3, 2)),
        member(5, "d", let_in_by=(3, 1)),
        member(6, "e", let_in_by=(3,), rank=2),
        member(7, "f", let_in_by=(6,)),
        member(8, "g", let_in_by=(2,), state="left"),
    )
    assert [one.n for one in branch_of(view, 2)] == [3, 4]


def test_invites_in_a_circle_end():
    view = room(member(1, "a", invited_by=2), member(2, "b", invited_by=1))
    assert [one.n for one in branch_of(view, 1)] == [2]
