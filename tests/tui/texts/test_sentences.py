import ast
import dataclasses
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from crypto.roomkey import RoomKey
from crypto.words import parse, to_digits, to_line, to_words
from p2p.api import events as told
from p2p.errors import UserError
from tests.tui.scripted import KEY, full_room, member, room, run_room
from tui.i18n import use_language
from tui.line_mode.json_lines import json_line
from tui.texts.member_sentences import describe
from tui.texts.room_sentences import NOTICE_SENTENCES
from tui.texts.roster import member_event
from tui.texts.sentences import SENTENCES, Narrator


@pytest.fixture
def narrator():
    narrator = Narrator()
    narrator.tell(told.Joined(5, "listener", 12, "dht", 812), full_room())
    return narrator


def said(narrator, event):
    return narrator.tell(event, full_room())


def test_joining_says_where_how_many_and_what_we_are():
    lines = Narrator().tell(told.Joined(5, "listener", 12, "dht", 812), full_room())
    assert lines == ["joined tea-house, you are a listener, microphone off"]
    lines = Narrator().tell(told.Joined(5, "host", 1, "self", 2), room(topic=""))
    assert lines == ["joined the room, you are the host, microphone off"]


def test_a_hand_that_was_accepted_is_told_as_what_it_is():
    def told_of(n, **place):
        view = room(*(dataclasses.replace(one, **place) for one in full_room().members))
        narrator = Narrator()
        narrator.tell(told.Joined(5, "listener", 12, "dht", 812), full_room())
        return narrator.tell(told.HandChanged(n, None), view)

    assert told_of(6, invited=True) == [
        "invited to speak: lau; the microphone opens when lau says yes (60 s)"
    ]
    assert told_of(5, invited=True) == []  # the invitation itself is told
    assert told_of(6, on_stage=True, muted=False) == []  # "may speak again" is
    assert told_of(6, on_stage=True, muted=True) == ["hand down: lau"]


def test_in_shield_the_invite_is_the_first_thing_to_hand_over():
    first = Narrator().tell(KEY, dataclasses.replace(full_room(), mode="shield"))[0]
    assert first == f"invite: {KEY.invite}"
    assert Narrator().tell(KEY, full_room())[-1] == f"invite: {KEY.invite}"


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (told.SpeakingChanged(1, True), "speaking: 王小明 (host)"),
        (told.SpeakingChanged(1, False), "quiet: 王小明"),
        (told.SpeakingChanged(77, True), "speaking: member 77 ()"),
        (told.HandChanged(6, 1), "hand: lau is first in the queue"),
        (told.HandChanged(6, 2), "hand: lau, place 2"),
        (told.HandChanged(6, None), "hand down: lau"),
        (told.HandChanged(5, 4), "your hand is up, place 4"),
        (told.HandChanged(5, None), "your hand is down"),
        (told.MicChanged(True, "asked"), "microphone on"),
        (told.MicChanged(False, "muted"), "microphone off: a moderator has muted you"),
        (told.MicChanged(False, "declined"), "you declined the invitation to speak"),
        (told.LockChanged(True), "The room is locked."),
        (told.LockChanged(False), "The room is open again."),
        (told.MicChanged(False, "something new"), "microphone off"),
        (told.FirstSound(1, 930), "first sound: 王小明, 930 ms after the start"),
        (told.Notice("lan_open", "By words."), "By words."),
        (told.Notice("topic", "po\x1bems"), "topic: poems"),
        (told.Left("asked", {}), "you left the room"),
        (told.Left("comet", {}), "comet"),
    ],
)
def test_each_event_is_one_plain_sentence(narrator, event, sentence):
    assert said(narrator, event) == [sentence]


def changed(n, name, role="listener", state="here", by=None):
    return told.MemberChanged(n, f"{n:032x}", name, role, state, by)


def test_the_life_of_a_member_in_sentences(narrator):
    story = [
        (changed(20, "omar"), ["here: omar (listener)"]),
        (changed(20, "omar"), []),
        (changed(20, "omar", "speaker"), ["on stage: omar (speaker)"]),
        (changed(20, "omar", "listener"), ["in the audience: omar"]),
        (changed(20, "Omar K", "listener"), ["omar is called Omar K now"]),
        (changed(20, "Omar K", state="gone"), ["gone: Omar K does not answer any more"]),
        (changed(20, "Omar K", state="gone"), []),
        (changed(20, "Omar K"), ["back: Omar K (listener)"]),
        (changed(20, "Omar K", state="left"), ["left: Omar K"]),
        (changed(21, "eve", state="removed", by=1), ["removed: eve, by 王小明"]),
        (changed(22, "ann", state="removed"), ["removed: ann"]),
    ]
    for event, sentences in story:
        assert said(narrator, event) == sentences


def test_muting_is_told_to_everybody_but_the_muted_who_hears_it_of_the_microphone(narrator):
    muted = [m.n for m in full_room().members if m.muted]
    heard = [m.n for m in full_room().members if m.role == "speaker" and not m.muted and not m.me]
    for n in (muted[0], heard[0], 5):
        name = next(m.name for m in full_room().members if m.n == n)
        said(narrator, changed(n, name, "speaker"))
        told_now = said(narrator, changed(n, name, "speaker", by=1))
        if n == 5:
            assert told_now == []
        elif n in muted:
            assert told_now == [f"muted: {name}, by 王小明"]
        else:
            assert told_now == [f"may speak again: {name}\u200e, by 王小明"], "it runs leftwards"


def test_someone_whom_the_view_shows_already_is_still_announced():
    narrator = Narrator()
    narrator.tell(told.Joined(5, "listener", 12, "dht", 812), full_room())
    assert said(narrator, changed(6, "lau")) == ["here: lau (listener)"]
    assert said(narrator, changed(5, "amina")) == []


def test_powers_are_told_when_given_and_when_taken(narrator):
    story = [
        (changed(20, "omar"), ["here: omar (listener)"]),
        (changed(20, "omar", "moderator", by=1), ["omar is a moderator now"]),
        (changed(20, "omar", "co-host", by=1), ["omar is a co-host now"]),
        (changed(20, "omar", "listener", by=1), ["omar is no co-host any more"]),
        (changed(5, "amina", "moderator", by=1), ["you are a moderator now"]),
        (changed(5, "amina", "listener", by=1), ["you are no moderator any more"]),
    ]
    for event, sentences in story:
        event = dataclasses.replace(event, on_stage=False)
        assert said(narrator, event) == sentences


def test_a_moderator_steps_onto_the_stage_and_down_again(narrator):
    def moderator(on_stage):
        return dataclasses.replace(changed(20, "omar", "moderator"), on_stage=on_stage)

    said(narrator, moderator(False))
    assert said(narrator, moderator(True)) == ["on stage: omar (moderator)"]
    assert said(narrator, moderator(False)) == ["in the audience: omar"]
    lost = dataclasses.replace(changed(20, "omar", "speaker"), on_stage=True)
    assert said(narrator, lost) == ["omar is no moderator any more", "on stage: omar (speaker)"]


def test_a_name_that_looks_like_another_s_is_warned_of(narrator):
    view = run_room("listener")
    lines = narrator.tell(changed(13, "Iau"), view)
    assert lines == [
        "here: Iau (listener)",
        "careful: Iau (number 13) is not lau (number 6), the names only look alike",
    ]
    renamed = narrator.tell(changed(13, "1au"), view)
    assert renamed[0] == "Iau is called 1au now"
    assert renamed[1].startswith("careful: 1au")


def test_somebody_who_came_back_after_a_crash_is_no_alarm_and_no_proof(narrator):
    namesake = member(13, "lau", namesake=6)
    view = room(namesake, member(6, "lau", state="gone"))
    lines = narrator.tell(changed(13, "lau"), view)
    assert lines[0] == "here: lau (listener)"
    assert lines[1].startswith("lau (number 13) came in anew: another lau (number 6) does not")
    assert "careful" not in lines[1]


def test_when_the_old_one_is_back_it_is_an_alarm(narrator):
    said(narrator, changed(6, "lau"))
    said(narrator, changed(6, "lau", state="gone"))
    both = room(member(13, "lau", imitates=6), member(6, "lau", imitates=13))
    lines = narrator.tell(changed(6, "lau"), both)
    assert lines[0] == "back: lau (listener)"
    assert lines[1].startswith("careful: lau (number 6) is not lau (number 13)")


def test_who_says_what_is_special_about_a_person(narrator):
    view = run_room("listener")
    for n, line in [
        (2, "2 ئايگۈل (speaker, verified)"),
        (10, "10 sofia (listener, invited by lau)"),
        (13, "13 Iau (listener, a name like that of lau, invited by བསྟན་འཛིན)"),
    ]:
        narrator.tell(told.HandChanged(6, None), view)
        event = member_event(next(one for one in view.members if one.n == n))
        assert describe(event, narrator.roster, view) == line


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (told.ModeratorsChanged(False), "Nobody who can moderate is here. Sound goes on; "),
        (told.ModeratorsChanged(True), "Somebody who can moderate is here again."),
        (told.Notice("flood", "{name} sends too much.", 6), "lau sends too much."),
        (told.Notice("voice_held", ""), "You are not heard: somebody was removed"),
        (told.Notice("voice_unchecked", ""), "You are not heard: no moderator's word came for"),
        (told.Notice("impersonated", ""), "Somebody else signs in your name"),
        (told.Notice("time_wrong", ""), "The member that let you in told a wrong time."),
        (told.Notice("clock_wrong", ""), "The clock of this machine is wrong."),
        (told.Notice("voice_freed", ""), "You are heard again, and not by who was removed."),
        (told.Notice("voice_anyway", ""), "You are heard; who was removed may hear you"),
        (told.Notice("keys_missing", ""), "Somebody's sound can not be opened yet"),
    ],
)
def test_notices_about_the_room_are_sentences(narrator, event, sentence):
    assert said(narrator, event)[0].startswith(sentence)


def test_own_changes_are_told_as_you(narrator):
    assert said(narrator, changed(5, "amina", "speaker")) == ["you are on stage now (speaker)"]
    assert said(narrator, changed(5, "amina")) == ["you are in the audience now"]


def test_the_key_has_its_four_forms_behind_their_names(narrator):
    lines = said(narrator, KEY)
    assert lines[0] == f"key: {KEY.words}"
    assert [line.split(":")[0] for line in lines] == ["key", "line", "digits", "invite"]


@pytest.mark.parametrize("language", ["en", "zh_CN", "zh_TW"])
def test_each_form_of_the_key_is_read_with_its_name_in_front(narrator, language):
    key = RoomKey(bytes(range(16)))
    event = told.KeyShown(to_words(key), to_line(key), to_digits(key), KEY.invite)
    use_language(language)
    try:
        lines = said(narrator, event)[:3]
    finally:
        use_language("en")
    assert all(line.isascii() == (language == "en") for line in lines)
    assert [parse(line) for line in [*lines, "\n".join(lines)]] == [key] * 4


def test_an_error_is_one_line_what_and_one_line_what_to_do(narrator):
    assert said(narrator, told.ErrorRaised("x", "No mic\n.", "F2")) == [
        "error: No mic .",
        "hint: F2",
    ]
    assert said(narrator, told.ErrorRaised("x", "No mic.")) == ["error: No mic."]


def test_stats_are_one_line_even_when_numbers_are_missing(narrator):
    event = told.Stats(
        {"sealed": 250},
        [{"n": 1, "opened": 249, "rejected": 0, "concealed_pct": 0.4, "delay_ms": None}],
        [{"n": 1, "path": "lan", "rtt_ms": 2.0, "loss_pct": 0.0}],
    )
    assert said(narrator, event) == [
        "stats: 250 frames sent; 王小明: 249 frames heard, 0 refused, 0.4 % filled in, ? ms; "
        "link to 王小明: lan, 2.0 ms, loss 0.0 %"
    ]


def test_errors_of_the_network_are_among_the_stats_when_there_are_any(narrator):
    event = told.Stats({"sealed": 250}, [], [], {"socket_errors": 3})
    assert said(narrator, event) == ["stats: 250 frames sent; 3 errors of the network socket"]


def test_a_hostile_name_is_harmless_in_a_sentence(narrator):
    said(narrator, changed(30, "A\x1b]0;pwned\x07"))
    assert said(narrator, told.HandChanged(30, 1)) == ["hand: A]0;pwned is first in the queue"]


def codes_without_a_message():
    for path in (Path(__file__).parents[3] / "p2p").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name == "Notice":
                    yield node.args[0].value


def test_a_notice_without_a_message_has_words_here():
    codes = set(codes_without_a_message())
    assert "keys_missing" in codes
    assert codes - NOTICE_SENTENCES.keys() == set()
    assert NOTICE_SENTENCES.keys() - codes == set(), "words for which there is no notice any more"


def test_no_event_is_without_words():
    assert set(SENTENCES) == set(get_args(told.Event))


def test_an_error_with_values_in_it_is_in_the_chosen_language_to_the_last_word(narrator):
    use_language("zh_CN")
    try:
        wrong = UserError(
            "bad_relay",
            "The line of the relay can not be right: {reason}.",
            "Copy the whole line that `teahouse relay` printed, or ask for it again.",
            reason="no #key after the address",
        )
        lines = said(narrator, told.ErrorRaised.of(wrong))
        assert [re.findall("[A-Za-z]{4,}", line) for line in lines] == [[], ["teahouse", "relay"]]
    finally:
        use_language("en")


def test_an_error_for_scripts_has_its_values_in_it():
    error = UserError("x", "{count} of them.", count=4)
    assert json.loads(json_line(told.ErrorRaised.of(error), 0))["message"] == "4 of them."
