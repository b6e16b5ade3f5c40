import pytest

from p2p.api import commands as ask
from tests.tui.scripted import full_room, run_room
from tui.powers import find
from tui.room.person_actions import actions_for, removal_answers, removal_commands


def keys(n, view):
    return "".join(action.key for action in actions_for(find(view, n), view))


@pytest.mark.parametrize(
    ("role", "n", "letters"),
    [
        ("host", 2, "MDXCOW+-S"),
        ("host", 6, "AXCOW"),
        ("host", 7, "XCOW"),
        ("host", 1, "MDXOBW+-S"),
        ("host", 3, "ADXCOBW+-S"),
        ("host", 12, "XCO"),
        ("co-host", 1, "W+-S"),
        ("co-host", 4, "MDXBW+-S"),
        ("moderator", 4, "W+-S"),
        ("moderator", 3, "ADXBW+-S"),
        ("moderator", 6, "AXOW"),
        ("listener", 6, "W"),
        ("speaker", 5, "D"),
        ("host", 5, ""),
    ],
)
def test_the_menu_holds_what_the_own_rank_allows(role, n, letters):
    assert keys(n, run_room(role)) == letters


def test_somebody_named_by_a_moderator_mutes_and_moves_down_and_nothing_else():
    from dataclasses import replace

    view = run_room("moderator")
    members = [replace(one, rank=3) if one.me else one for one in view.members]
    view = replace(view, members=tuple(members))
    assert keys(2, view) == "MDW+-S"
    assert keys(6, view) == "W"


def test_a_moderator_in_the_audience_may_accept_its_own_hand():
    from dataclasses import replace

    view = run_room("moderator")
    members = [
        replace(one, on_stage=False, hand_place=4) if one.me else one for one in view.members
    ]
    view = replace(view, members=tuple(members))
    (action,) = actions_for(find(view, 5), view)
    assert action.command == ask.AcceptHand(5)


def test_keys_and_function_keys_of_one_menu_differ():
    view = run_room("host")
    for one in view.members:
        actions = actions_for(one, view)
        assert len({action.key for action in actions}) == len(actions)
        assert len({action.f_key for action in actions}) == len(actions)


def test_somebody_who_left_has_no_menu():
    from dataclasses import replace

    view = full_room("host")
    assert actions_for(replace(find(view, 6), state="left"), view) == []


@pytest.mark.parametrize(
    ("letter", "commands"),
    [
        ("y", [ask.Remove(6)]),
        ("k", [ask.Remove(6, new_key=True)]),
        ("b", [ask.Remove(6, new_key=True, brood=True)]),
        ("l", [ask.SetLock(True), ask.Remove(6, new_key=True)]),
    ],
)
def test_each_way_to_remove_asks_for_what_it_says(letter, commands):
    assert removal_commands(letter, 6) == commands


def test_ways_to_remove_that_would_change_nothing_are_not_offered():
    view = run_room("host")
    assert [letter for letter, _, _ in removal_answers(find(view, 6), view)[1]] == list("ykbl")
    assert [letter for letter, _, _ in removal_answers(find(view, 2), view)[1]] == list("ykl")
    locked = run_room("host", locked=True)
    assert [letter for letter, _, _ in removal_answers(find(locked, 2), locked)[1]] == list("yk")
