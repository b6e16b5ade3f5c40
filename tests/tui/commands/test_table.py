from dataclasses import replace
from typing import get_args

import pytest

from p2p.api import commands as ask
from p2p.errors import UserError
from tests.tui.scripted import full_room, member, room, run_room
from tui.commands.running import removal
from tui.commands.table import (
    TABLE,
    NotTwice,
    foretell,
    person_actions,
    room_actions,
    room_keys,
    waiting_actions,
)
from tui.i18n import use_language
from tui.powers import find


def ways_to_remove(n, view):
    return "".join(way.letter for way in removal(find(view, n), view).ways)


def keys(n, view):
    return "".join(action.key for action in person_actions(find(view, n), view))


@pytest.mark.parametrize(
    ("role", "n", "letters"),
    [
        ("host", 2, "MDXCOG+-S"),
        ("host", 6, "AXCOG"),
        ("host", 7, "XCOG"),
        ("host", 1, "MDXOBG+-S"),
        ("host", 3, "ADXCOBG+-S"),
        ("host", 12, "XCO"),
        ("co-host", 1, "G+-S"),
        ("co-host", 4, "MDXBG+-S"),
        ("moderator", 4, "G+-S"),
        ("moderator", 3, "ADXBG+-S"),
        ("moderator", 6, "AXOG"),
        ("listener", 6, "G"),
        ("speaker", 5, "D"),
        ("host", 5, ""),
    ],
)
def test_the_menu_holds_what_the_own_rank_allows(role, n, letters):
    assert keys(n, run_room(role)) == letters


def test_somebody_named_by_a_moderator_mutes_and_moves_down_and_nothing_else():
    view = run_room("moderator")
    members = [replace(one, rank=3) if one.me else one for one in view.members]
    view = replace(view, members=tuple(members))
    assert keys(2, view) == "MDG+-S"
    assert keys(6, view) == "G"


def test_a_listener_without_a_hand_is_invited_and_who_is_away_is_not():
    view = run_room("host")
    (invite,) = (one for one in person_actions(find(view, 10), view) if one.key == "A")
    assert invite.command == ask.AcceptHand(10)
    assert invite.says == "Invite to speak: the microphone opens when sofia says yes."
    assert "A" not in keys(12, view)
    assert "A" not in keys(10, run_room("speaker"))


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "nobody hears 4 speakers any more"), ("zh_CN", "没有人再听到这 4 位发言者")],
)
def test_all_can_be_muted_at_once_by_those_who_may_mute_somebody(language, says):
    use_language(language)
    try:
        speakers = [member(n, f"s{n}", "speaker") for n in range(2, 6)]
        quiet = member(6, "quiet", "speaker", muted=True)
        view = room(member(1, "amina", "host", me=True), *speakers, quiet)
        (mute_all,) = (one for one in room_actions(view) if one.command == ask.MuteAll())
        assert says in mute_all.says
        assert says in foretell(ask.MuteAll(), view)
    finally:
        use_language("en")
    one = room(member(1, "amina", "host", me=True), quiet)
    listens = room(member(1, "amina", me=True), *speakers)
    assert ask.MuteAll() not in [action.command for action in room_actions(one)]
    assert ask.MuteAll() not in [action.command for action in room_actions(listens)]


def test_a_moderator_in_the_audience_may_accept_its_own_hand():
    view = run_room("moderator")
    members = [
        replace(one, on_stage=False, hand_place=4) if one.me else one for one in view.members
    ]
    view = replace(view, members=tuple(members))
    (action,) = person_actions(find(view, 5), view)
    assert action.command == ask.AcceptHand(5)


def test_keys_and_function_keys_of_one_menu_differ():
    view = run_room("host")
    for one in view.members:
        actions = person_actions(one, view)
        assert len({action.key for action in actions}) == len(actions)
        assert len({action.f_key for action in actions}) == len(actions)


def test_somebody_who_left_has_no_menu():
    view = full_room("host")
    assert person_actions(replace(find(view, 6), state="left"), view) == []


@pytest.mark.parametrize(
    ("letter", "commands"),
    [
        ("y", [ask.Remove(6)]),
        ("k", [ask.Remove(6, new_key=True)]),
        ("b", [ask.Remove(6, new_key=True, branch=True)]),
        ("l", [ask.SetLock(True), ask.Remove(6, new_key=True)]),
    ],
)
def test_each_way_to_remove_asks_for_what_it_says(letter, commands):
    view = run_room("host")
    ways = {way.letter: list(way.commands) for way in removal(find(view, 6), view).ways}
    assert ways[letter] == commands


def test_ways_to_remove_that_would_change_nothing_are_not_offered():
    view = run_room("host")
    locked = run_room("host", locked=True)
    assert ways_to_remove(6, view) == "ykbl"
    assert ways_to_remove(2, view) == "ykl"
    assert ways_to_remove(2, locked) == "yk"


def test_a_letter_of_the_screen_locks_no_room_lets_nobody_in_and_hides_no_key():
    """L, W and F8 mean the same wherever they mean anything."""
    on_screen = {one for key in room_keys().values() for one in key.keys.split(",")}
    view = run_room("host")
    waiting = [one for who in view.waiting for one in waiting_actions(who, view)]
    people = [one for who in view.members for one in person_actions(who, view)]
    assert not {"l", "w", "f8"} & on_screen
    assert {one.key for one in waiting} == {"Y", "N"}
    assert not {"L", "W"} & {one.key for one in people}
    assert [type(one.command) for one in room_actions(view) if one.key == "L"] == [ask.SetLock]
    assert [one.opens for one in room_actions(view) if one.key == "W"] == ["outside"]


def test_every_command_has_one_row():
    commands = [row.command for row in TABLE if row.command is not None]
    assert sorted(commands, key=repr) == sorted(get_args(ask.Command), key=repr)


def test_no_word_has_two_meanings():
    words = [word for row in TABLE for word in row.words]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("view", "letters"),
    [
        (run_room("host", entry="open"), "AVL23KPWOM"),
        (run_room("moderator", locked=True, entry="ask", profile="hall"), "AVL13KPWOM"),
        (run_room("speaker"), "AV"),
        (run_room("speaker", held="removed"), "ASV"),
    ],
)
def test_the_menu_of_the_room_holds_what_can_be_changed(view, letters):
    assert "".join(action.key for action in room_actions(view)) == letters


def test_no_two_keys_of_the_screen_are_the_same():
    keys = [one for key in room_keys().values() for one in key.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_a_hand_is_not_accepted_twice_in_one_breath_and_all_else_is_done():
    once = NotTwice()
    once.check(ask.AcceptHand(6), 10.0)
    with pytest.raises(UserError) as caught:
        once.check(ask.AcceptHand(7), 10.4)
    assert caught.value.code == "accepted_just_now"
    once.check(ask.AcceptHand(7), 10.6)
    once.check(ask.Mute(6), 10.6)
    once.check(ask.Mute(6), 10.6)
