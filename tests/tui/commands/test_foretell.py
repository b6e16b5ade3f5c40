import pytest

from p2p.api import commands as ask
from tests.tui.scripted import full_room, member, room, run_room
from tui.commands.table import foretell, needs_yes

VIEW = full_room("host")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "With the same room key lau can come back under a new name unless you lock the room."),
        ({"locked": True}, "The room is locked: lau can not come back while it is."),
        ({"entry": "ask"}, "lau can come back under a new name if a moderator lets it in."),
        ({"entry": "invited"}, "lau can come back under a new name only by an invite."),
    ],
)
@pytest.mark.parametrize("new_key", [True, False])
def test_removing_always_says_whether_the_door_is_open(changes, sentence, new_key):
    view = room(member(1, "amina", "host", me=True), member(6, "lau"), **changes)
    assert foretell(ask.Remove(6, new_key), view).endswith(sentence)


def test_a_muted_speaker_is_told_that_its_hand_costs_the_place_on_stage():
    view = room(member(1, "amina", "speaker", me=True, muted=True))
    assert foretell(ask.RaiseHand(), view).startswith("You stand in the audience then")
    assert foretell(ask.RaiseHand(), room(member(1, "amina", "listener", me=True))) == ""


def test_removing_says_what_the_old_key_still_opens():
    assert "taps from somebody's line it can open" in foretell(ask.Remove(6), VIEW)
    assert "can open nothing that is said from now on" in foretell(ask.Remove(6, True), VIEW)


def test_removing_with_everybody_names_them():
    view = run_room("host")
    assert "With lau go: sofia, བསྟན་འཛིན, Iau." in foretell(ask.Remove(6, True, True), view)
    assert "Nobody here came in through" in foretell(ask.Remove(2, True, True), view)


def test_removing_one_alone_says_how_many_stay_that_came_in_through_it():
    assert "3 people that came in through lau stay." in foretell(ask.Remove(6), run_room("host"))
    assert "through" not in foretell(ask.Remove(2), run_room("host"))


def test_of_a_long_branch_the_first_are_named():
    ghosts = [member(10 + n, f"g{n}", let_in_by=(6,)) for n in range(11)]
    view = room(member(1, "amina", "host", me=True), member(6, "lau"), *ghosts)
    said = foretell(ask.Remove(6, True, True), view)
    assert "With lau go: g0, g1, g2, g3, g4, g5, g6, g7 and 3 more." in said


@pytest.mark.parametrize(
    ("me", "role", "words"),
    [
        ("host", "co-host", "once you have left nobody can"),
        ("host", "moderator", "accept hands, mute, move down and remove"),
        ("co-host", "moderator", "accept hands, mute, move down and remove"),
        ("moderator", "moderator", "mute people and move them down, and nothing else"),
        ("host", "speaker", "can do nothing to others any more"),
    ],
)
def test_a_promotion_says_what_the_other_can_do_then(me, role, words):
    assert words in foretell(ask.Promote(6, role), full_room(me))


def test_handing_on_says_what_we_give_up():
    assert "You can take it back while you are here; once you" in foretell(ask.HandOn(6), VIEW)
    assert "You can not take it back" in foretell(ask.HandOn(6), full_room("co-host"))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (ask.AcceptHand(6), "lau may speak"),
        (ask.AcceptHand(3), "Give dolma the voice back"),
        (ask.Mute(2), "nobody hears"),
        (ask.MoveDown(2), "listens from then on"),
        (ask.SetLock(True), "Nobody new comes in"),
        (ask.SetLock(False), "new people can come in again"),
        (ask.SetEntry("open"), "also who was removed"),
        (ask.SetEntry("ask"), "until a moderator says yes"),
        (ask.SetEntry("invited"), "needs a personal invite"),
        (ask.SetProfile("hall"), "half of the packets"),
        (ask.SetProfile("table"), "the shortest delay"),
        (ask.NewKey(), "The room key, the words, stays."),
        (ask.MakeInvite(1, 24.0), "for 24 h lets in 1 person."),
        (ask.MakeInvite(5, 1.5), "for 1.5 h lets in 5 people."),
        (ask.MakeInvite(0, 24.0), "lets in everybody who has it"),
    ],
)
def test_what_changes_for_others_is_said_before(command, words):
    assert words in foretell(command, VIEW)


def test_a_yes_or_no_at_the_door_names_who_it_is_about():
    view = run_room("host")
    assert foretell(ask.Let(15, True), view).startswith("小李 comes in")
    assert foretell(ask.Let(15, False), view).startswith("小李 stays outside")
    assert foretell(ask.Let(99, True), view) == ""


@pytest.mark.parametrize(
    "command",
    [ask.RaiseHand(), ask.SetMic(True), ask.Compare(6), ask.Leave(), ask.Mute(99)],
)
def test_what_changes_nothing_for_others_is_not_foretold(command):
    assert foretell(command, full_room("speaker")) == ""


def test_the_last_moderator_reads_what_the_room_loses():
    view = room(member(1, "amina", "host", me=True), member(2, "lau"))
    assert "You are the last moderator: 1 person stays" in foretell(ask.Leave(), view)
    assert "no new keys" in foretell(ask.Leave(), view)
    assert needs_yes(ask.Leave(), view)
    assert not needs_yes(ask.Leave(), full_room("speaker"))


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        (ask.Remove(6), True),
        (ask.Promote(6, "moderator"), True),
        (ask.HandOn(6), True),
        (ask.Mute(2), False),
        (ask.SetLock(True), False),
    ],
)
def test_only_what_weighs_waits_for_a_yes(command, asks):
    assert needs_yes(command, VIEW) is asks
