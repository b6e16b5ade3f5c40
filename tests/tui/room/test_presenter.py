import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.room.text.names import DisplayName
from tests.tui.scripted import full_room, member, room, run_room
from tui.room.presenter import (
    audience,
    audience_row,
    hand_rows,
    minutes,
    stage_rows,
    state_sign,
    trust_sign,
)
from tui.room.status_lines import header, keys_line, links_line, own_line
from tui.texts.meter import METER_STEPS, meter, meter_step
from tui.texts.spans import width_of


def audience_rows(view, width):
    return [audience_row(one, width) for one in audience(view)]


def text(spans):
    return "".join(span.text for span in spans)


@pytest.mark.parametrize(
    ("level", "step"), [(-96, 0), (-54, 0), (-48, 1), (-30, 4), (-6, 8), (0, 8), (float("nan"), 0)]
)
def test_a_meter_has_eight_steps_of_6_db(level, step):
    assert meter_step(level) == step


@given(st.floats(-200, 200))
def test_a_meter_always_takes_eight_cells(level):
    assert width_of(meter(level)) == METER_STEPS


@pytest.mark.parametrize("width", [30, 48, 57, 100])
def test_stage_rows_all_take_the_same_cells(width):
    assert len({width_of(row.spans) for row in stage_rows(full_room("speaker"), width)}) == 1


@pytest.mark.parametrize(
    ("changes", "sign"),
    [
        ({"speaking": True}, "▸"),
        ({"speaking": True, "muted": True}, "M"),
        ({"unheard": True}, "?"),
        ({"loss_pct": 5.0}, "~"),
        ({"rtt_ms": 400.0}, "~"),
        ({"path": "none"}, "~"),
        ({"state": "gone", "unheard": True}, "x"),
        ({}, " "),
    ],
)
def test_every_state_has_a_letter(changes, sign):
    assert state_sign(member(1, "a", "speaker", **changes))[0] == sign


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"state": "gone"}, "away"),
        ({"unheard": True}, "no sound"),
        ({"muted": True}, "muted"),
        ({"me": True}, "mic off"),
        ({"sends": False}, "mic off"),
    ],
)
def test_a_state_without_sound_is_a_word_in_place_of_the_meter(changes, word):
    row = stage_rows(room(member(1, "a", "speaker", **changes)), 60)[0]
    assert word in text(row.spans)


def test_an_open_microphone_that_hears_nothing_has_a_meter_and_so_has_who_cannot_be_reached():
    silent = stage_rows(room(member(1, "a", "speaker")), 60)[0]
    unknown = stage_rows(room(member(1, "a", "speaker", sends=False, path="none")), 60)[0]
    for row in (silent, unknown):
        assert "········" in text(row.spans)
        assert "mic off" not in text(row.spans)


def test_the_mark_behind_a_name_and_a_role_are_two_words():
    view = room(
        member(1, "a", "host", verified=True),
        member(2, "b", "moderator", on_stage=False, verified=True, rank=2),
    )
    assert "✓ host" in text(stage_rows(view, 60)[0].spans)
    assert "✓ mod" in text(audience_rows(view, 26)[0].spans)
    assert width_of(audience_rows(view, 26)[0].spans) <= 26


def test_people_who_left_are_in_no_list():
    view = room(member(1, "a", "speaker", state="left"), member(2, "b", state="removed"))
    assert stage_rows(view, 60) == hand_rows(view, 30) == audience_rows(view, 30) == []


def test_the_queue_is_in_the_order_of_places():
    view = room(member(1, "a", hand_place=2), member(2, "b", hand_place=1, hand_since_s=3800.0))
    assert [row.n for row in hand_rows(view, 26)] == [2, 1]
    assert "1:02" in text(hand_rows(view, 26)[0].spans)


def test_time_is_short_and_exact():
    assert (minutes(5), minutes(754), minutes(3862)) == ("0:05", "12:34", "1:04:22")


def test_own_line_says_the_state_and_what_to_do():
    def own(**changes):
        mic = changes.pop("mic_on", False)
        role = changes.pop("role", "listener")
        view = room(member(1, "a", role, me=True, **changes), mic_on=mic)
        return " | ".join(text(half) for half in own_line(view))

    assert own() == "mic off   listener | H raises your hand"
    assert own(hand_place=4) == "mic off   listener   hand up, place 4 | H takes the hand down"
    assert own(invited=True).startswith("You are invited to speak")
    assert own(role="speaker") == "mic off   speaker | Space opens your microphone"
    assert own(role="speaker", mic_on=True).startswith("MIC ON")
    assert own(role="speaker", muted=True).startswith("muted by a moderator")
    assert own_line(room())[0][0].text == "entering the room"


def test_the_links_line_grades_and_a_problem_comes_first():
    def links(**changes):
        return text(links_line(room(member(1, "a", me=True), member(2, "b", **changes)))[0])

    assert links().startswith("Links good   1 linked   38 ms")
    assert links(rtt_ms=300.0).startswith("Links fair")
    assert links(loss_pct=5.0).startswith("Links fair")
    assert links(rtt_ms=900.0).startswith("Links poor")
    assert links(path="none").startswith("Links poor")
    alone = room(member(1, "a", me=True))
    assert text(links_line(alone)[0]).startswith("Nobody else is here yet")
    assert text(links_line(room(problem="No\x1b mic."))[0]) == "! No mic."
    shown = text(links_line(room(problem="keys_differ"))[0])
    assert shown.startswith("! Someone here hands out other room keys.")


def test_the_header_says_locked_and_what_members_see():
    assert "locked" in text(header(room(locked=True))[0])
    assert "members see your IP" in text(header(room())[1])
    assert "hidden" in text(header(room(mode="shield"), 120)[1])
    assert "IP seen by the relay only" in text(header(room(mode="shield"))[1])


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_the_keys_that_leave_and_help_always_stay(width):
    line = text(keys_line(full_room("host"), width))
    assert "F1 help" in line
    assert "Q leave" in line


@pytest.mark.parametrize("mode", ["open", "shield"])
@pytest.mark.parametrize("changes", [{}, {"locked": True}, {"entry": "invited"}])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_header_always_has_room_for_who_sees_the_address(mode, changes, width):
    view = room(*full_room().members, mode=mode, key_members=12, **changes)
    left, right = header(view, width)
    assert width_of(left) + width_of(right) < width
    assert "IP" in text(right)


def test_the_header_counts_the_members_who_have_the_key():
    assert "key: 12 members" in text(header(room(key_members=12), 120)[1])
    assert "key" not in text(header(room(), 120)[1])


def test_a_mark_behind_the_name_says_verified_or_imitating():
    rows = {row.n: text(row.spans) for row in audience_rows(run_room(), 26)}
    assert "omar            ✓ mod" in rows[9]
    assert "Iau             !" in rows[13]
    assert "ئايگۈل\u200e          ✓" in text(stage_rows(run_room(), 60)[1].spans)
    imitator = room(member(2, "a", hand_place=1, imitates=1, hand_since_s=0.0))
    assert "!" in text(hand_rows(imitator, 26)[0].spans)
    assert trust_sign(member(3, "a", verified=True, imitates=2)).text == "✓"


def test_moderators_stand_where_they_are_and_not_where_their_rank_would_put_them():
    view = run_room()
    assert 9 in [row.n for row in audience_rows(view, 26)]
    assert 9 not in [row.n for row in stage_rows(view, 60)]


def test_a_problem_comes_before_a_room_without_moderators():
    view = room(no_moderator=True)
    assert text(links_line(view)[0]).startswith("! Nobody can moderate now")
    assert width_of(links_line(view)[0]) <= 78
    assert text(links_line(room(no_moderator=True, problem="No mic."))[0]) == "! No mic."


def test_who_waits_is_shown_to_those_who_can_let_in():
    assert "W 2 wait" in text(keys_line(run_room("host"), 80))
    assert "wait" not in text(keys_line(run_room("listener"), 80))


def test_no_name_holds_a_mark_that_stands_beside_names():
    cases = [{}, {"verified": True}, {"imitates": 2}, {"speaking": True}, {"state": "gone"}]
    people = [member(3, "a", "speaker", **changes) for changes in cases]
    drawn = {trust_sign(one).text for one in people} | {state_sign(one)[0] for one in people}
    for sign in {*drawn, *"()[]"} - {" ", "x"}:  # letters stand in a column of their own
        assert DisplayName.clean(f"ann{sign}") == "ann"


def test_whoever_is_invited_stands_in_front_of_the_queue_until_the_answer():
    view = room(member(1, "amina", hand_place=1), member(2, "kenji", invited=True))
    rows = ["".join(span.text for span in row.spans) for row in hand_rows(view, 40)]
    assert [row.split()[-1] for row in rows] == ["invited", rows[1].split()[-1]]
    assert "kenji" in rows[0]
    assert rows[1].split()[0] == "1"


def test_a_ghost_leaves_the_list_of_all_but_those_who_could_remove_it():
    ghost = member(7, "lau", state="gone", faded=True)
    listeners = room(member(1, "amina", me=True), ghost)
    assert [row.n for row in audience_rows(listeners, 26)] == [1]
    host = member(1, "amina", "host", me=True, rank=0, on_stage=True)
    assert [row.n for row in audience_rows(room(host, ghost), 26)] == [7]


@pytest.mark.parametrize("mode", ["open", "shield"])
def test_that_nobody_else_can_listen_stands_on_every_screen_of_80_columns(mode):
    view = dataclasses.replace(full_room("listener"), mode=mode, topic="tea")
    right = text(header(view, 78)[1])
    assert "end-to-end encrypted" in right
    assert "IP" in right


@pytest.mark.parametrize("entry", ["open", "ask", "invited"])
def test_that_the_sound_is_sealed_stands_on_80_columns_whoever_comes_in(entry):
    view = room(member(1, "amina", "host", me=True), topic="tea", mode="shield", entry=entry)
    left, right = header(dataclasses.replace(view, room_time_s=1357.0, key_members=1000), 78)
    assert "encrypted" in text(right)
    assert "tea   1 here" in text(left)
    assert width_of((*left, *right)) <= 74
