"""The screen names keys that are there, and no command that only a line takes."""

import re

import pytest

from p2p.api import events as told
from tests.tui.scripted import full_room, run_room
from tui.commands.table import READERS, person_actions, room_actions, waiting_actions
from tui.i18n import use_language
from tui.powers import find
from tui.texts import relay_sentences
from tui.texts.on_screen import on_screen
from tui.texts.room_sentences import MODERATORS_SENTENCES, NOTICE_SENTENCES
from tui.texts.sentences import MIC_SENTENCES, Narrator

ALL = [
    *NOTICE_SENTENCES.values(),
    *MODERATORS_SENTENCES.values(),
    *MIC_SENTENCES.values(),
    *relay_sentences._SENTENCES.values(),
]
EVENTS = [
    told.Waiting(14, "ab", "sofia", True),
    told.Words(6, "", (), "asked"),
    told.RelayChanged("192.0.2.1:9", "named", line="192.0.2.1:9#key"),
    told.Notice("propose_second", "{name} could: `promote {n} co-host`.", 6),
    told.Notice("propose_second", "{name} could: `promote {n} moderator`.", 6),
]


def commands_in(sentence):
    quoted = re.findall("`([^`]*)`", sentence)
    return [each for each in quoted if each.partition(" ")[0].casefold() in READERS]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_sentence_in_the_log_asks_for_a_line_to_be_typed(language):
    use_language(language)
    try:
        narrator = Narrator()
        lines = [line for event in EVENTS for line in narrator.tell(event, full_room("host"))[:1]]
        assert sum(bool(commands_in(line)) for line in lines) == len(EVENTS)
        assert [commands_in(on_screen(line)) for line in [*ALL, *lines]] == [[]] * len(ALL + lines)
    finally:
        use_language("en")


def test_no_sentence_in_the_room_names_an_option_of_the_start():
    assert [sentence for sentence in ALL if re.search(r"(?<!\w)--\w", sentence)] == []


def test_other_quoted_words_stay():
    assert on_screen("Start `teahouse relay` first.") == "Start `teahouse relay` first."
    assert on_screen("`let 13` or `deny 13`") == "W, Y or W, N"


def test_the_keys_that_are_named_do_what_was_said():
    view = run_room("host", held="removed")
    assert {"S", "P", "A"} <= {action.key for action in room_actions(view)}
    assert {"Y", "N"} == {action.key for action in waiting_actions(view.waiting[0], view)}
    assert {"G", "C", "O"} <= {action.key for action in person_actions(find(view, 6), view)}
