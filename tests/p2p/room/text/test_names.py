"""Names and topics: whatever a stranger types, it is one harmless line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.room.text.names import COMBINING_MAX, NAME_CELLS, TOPIC_CELLS, DisplayName, cells, clean

NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x00\x07\x1b\x9b\u202e\u2066\u200b\u200d\u3164\ufe0f\u0301\u0f71 \t\n"),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    "name",
    ["王小明", "ئايگۈل", "བསྟན་འཛིན", "རྒྱུ", "Zoë", "guest-7", "陳美玲", "Łukasz O'Neill", "नमस्ते"],
)
def test_names_of_all_scripts_stay_as_they_are(name):
    assert DisplayName.clean(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("A\x1b]0;pwned\x07", "A0;pwned"),
        ("A\x9b31mB", "A31mB"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\u2066\u2069a\u200fb", "ab"),
        ("a\ud800b", "ab"),
        ("a\ue000\U000f0000b", "ab"),
        ("a\u0378b", "ab"),
        ("la\u200bu\u3164", "lau"),
        ("  la \t\r\n\u3000 u  ", "la u"),
        ("\u0301\u0301la", "la"),
        ("e\u0301", "é"),
        ("a" + "\u0336" * 9, "a" + "\u0336" * COMBINING_MAX),
        ("❤\ufe0f", "❤"),
    ],
)
def test_what_could_harm_a_screen_is_taken_out(typed, shown):
    assert DisplayName.clean(typed) == shown


def test_a_name_takes_sixteen_cells_at_most():
    assert DisplayName.clean("a" * 40) == "a" * 16
    assert DisplayName.clean("王" * 40) == "王" * 8
    assert DisplayName.clean("a" * 15 + "王") == "a" * 15
    assert DisplayName.clean("a" * 15 + " b") == "a" * 15
    assert cells("王a\u0301") == 3


@pytest.mark.parametrize("typed", ["", "   ", "\u200b\u3164", "\x1b\x07", "\u0301"])
def test_a_name_of_nothing_visible_is_replaced(typed):
    assert DisplayName.clean(typed, b"\x0a\xff" + bytes(14)) == "guest-0aff"
    assert DisplayName.clean(typed) == "guest"


def test_a_megabyte_of_name_costs_no_more_than_a_line():
    assert len(clean("a\u0301" * 1_000_000, TOPIC_CELLS)) <= 512


@given(NASTY)
def test_no_text_gets_anything_harmful_through(text):
    name = DisplayName.clean(text)
    assert 1 <= cells(name) <= NAME_CELLS
    assert {unicodedata.category(c) for c in name}.isdisjoint(
        {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    assert all(c == " " for c in name if unicodedata.category(c) == "Zs")
    assert name == name.strip()
    assert "  " not in name
    assert not unicodedata.category(name[0]).startswith("M")


@given(NASTY)
def test_cleaning_twice_changes_nothing(text):
    once = DisplayName.clean(text)
    assert DisplayName.clean(once) == once
    assert clean(clean(text, TOPIC_CELLS), TOPIC_CELLS) == clean(text, TOPIC_CELLS)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Ann ✓", "Ann"),
        ("Ann✔", "Ann"),
        ("Ann ✅\ufe0f", "Ann"),
        ("Ann [mod]", "Ann mod"),
        ("Ann（host）", "Annhost"),
        ("Ann ⑴ ﹙", "Ann"),
        ("Bo!", "Bo"),
        ("Bo！‼", "Bo"),
        ("▸ Bo", "Bo"),
        ("★ Bo", "Bo"),
        ("Ann [] Bo", "Ann Bo"),
    ],
)
def test_a_name_says_of_itself_nothing_that_a_screen_says_of_people(typed, shown):
    assert DisplayName.clean(typed) == shown


def test_a_name_of_marks_alone_is_replaced():
    assert DisplayName.clean("✓!", b"\x0a\xff" + bytes(14)) == "guest-0aff"
