from crypto.invite import Invite, parse_key_text
from crypto.roomkey import RoomKey
from crypto.words import to_line, to_words
from tui.texts.readings import reading_notes

KEY = RoomKey(b"k" * 16)


def test_a_key_that_was_read_as_written_needs_no_word() -> None:
    assert reading_notes(parse_key_text(to_words(KEY))) == []


def test_a_corrected_word_is_named_with_its_place() -> None:
    words = to_words(KEY).split()
    right, words[6] = words[6], "zoo" if words[6] != "zoo" else "abandon"
    [note] = reading_notes(parse_key_text(" ".join(words)))
    assert note.startswith("Word 7 ")
    assert right in note


def test_a_corrected_character_is_counted() -> None:
    line = to_line(KEY)
    wrong = line[:-1] + ("A" if line[-1] != "A" else "B")
    [note] = reading_notes(parse_key_text(wrong))
    assert "33" in note


def test_lost_contacts_are_said() -> None:
    [note] = reading_notes(Invite(KEY, contacts_lost=True))
    assert "contacts are lost" in note
