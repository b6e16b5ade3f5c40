import pytest

from p2p.api import events as told
from tests.tui.scripted import run_room
from tui.texts.room_sentences import SETTING_SENTENCES
from tui.texts.sentences import Narrator


def agreed_sentences(event):
    return Narrator().tell(event, run_room("listener"))


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (told.Waiting(14, "ab", "s\x1bof", True), "waits outside: sof"),
        (told.Waiting(14, "ab", "sof", False), "waits no longer: sof"),
        (
            told.SettingChanged("lock", "on", 4),
            "the room is locked: nobody new comes in (by kenji)",
        ),
        (told.SettingChanged("lock", "off"), "the room is not locked any more"),
        (told.SettingChanged("entry", "ask"), "whoever comes waits until a moderator says yes"),
        (told.SettingChanged("profile", "\x1bcinema"), "profile: cinema"),
        (told.RoomKeyChanged("asked", 12), "new key for 12 members"),
        (told.RoomKeyChanged("timer", 1), "new key for 1 member"),
        (
            told.RoomKeyChanged("kick", 12),
            "new key for 12 members; who was removed opens nothing that is said from now on",
        ),
        (
            told.RoomKeyChanged("merge", 12),
            "the room was in two parts and is one again: new key for 12 members",
        ),
        (told.Words(6, "", (), "asked"), "wants to compare safety words: lau; `words 6`"),
        (told.Words(6, "", (), "failed"), "no words with lau: no answer, or not an honest one"),
    ],
)
def test_what_the_members_agree_on_is_one_plain_sentence(event, sentence):
    assert agreed_sentences(event) == [sentence]


def test_a_moderator_reads_how_to_let_in_and_nobody_that_a_member_waits_no_longer():
    def told_to(role, event):
        return Narrator().tell(event, run_room(role))

    waits = told.Waiting(14, "ab", "sof", True)
    assert told_to("moderator", waits) == ["waits outside: sof; `let 14` or `deny 14`"]
    assert told_to("moderator", told.Waiting(6, "ab", "lau", False)) == []


def test_words_are_shown_with_what_to_do_about_them():
    lines = agreed_sentences(told.Words(6, "K7QD3M", ("river", "lamp", "tea"), "ready"))
    assert lines[0] == "safety words with lau: K7QD3M   river lamp tea"
    assert "`words 6 same`" in lines[1]


def test_verified_says_what_it_means_and_what_it_does_not():
    lines = agreed_sentences(told.Words(6, "", (), "verified"))
    assert lines[0] == "verified: lau"
    assert "does not mean that the person is honest" in lines[1]


def test_words_that_differ_are_a_warning():
    lines = agreed_sentences(told.Words(6, "", (), "differ"))
    assert "someone is between you" in lines[0]
    assert "Say nothing" in lines[1]


def test_every_value_of_a_setting_has_a_sentence():
    values = {"lock": ("on", "off"), "entry": ("open", "ask", "invited")}
    values["profile"] = ("table", "hall")
    assert {(what, one) for what, many in values.items() for one in many} == set(SETTING_SENTENCES)
