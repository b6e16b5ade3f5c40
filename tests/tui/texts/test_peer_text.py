import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.strip import Strip

from p2p.room.text.names import cells, clean
from tui.texts.peer_text import clip, fit, fit_right, peer_text, wrapped
from tui.texts.width import cell_len

EVIL = "A\x1b]0;pwned\x07\x9b31m\u202e\u2028\x00\ud800b"


def test_nothing_that_steers_a_terminal_gets_through():
    assert peer_text(EVIL, 80) == "A]0;pwned31m b"


@given(st.text(), st.integers(0, 40))
def test_any_text_becomes_one_harmless_line_that_fits(raw, cells):
    safe = peer_text(raw, cells)
    assert cell_len(safe) <= cells
    assert not {unicodedata.category(char) for char in safe} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


@given(st.text(), st.integers(0, 40))
def test_columns_have_exactly_the_cells_they_are_given(raw, cells):
    safe = peer_text(raw, 60)
    assert cell_len(fit(safe, cells)) == cell_len(fit_right(safe, cells)) == cells


def test_wide_characters_are_cut_by_cells_and_not_by_count():
    assert clip("王小明王小明", 7) == "王小明…"
    assert clip("王小明", 6) == "王小明"
    assert fit("王", 4) == "王  "


@given(st.text(alphabet="ab 王小བ"), st.integers(2, 12))
def test_wrapped_text_fits_and_loses_nothing_but_spaces(text, cells):
    lines = wrapped(text, cells)
    assert all(cell_len(line) <= cells for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_text_is_wrapped_at_spaces_where_there_are_some():
    assert wrapped("new key for 12 members", 12) == ["new key for", "12 members"]
    assert wrapped("被请出的人打不开", 8) == ["被请出的", "人打不开"]
    assert wrapped("", 8) == [""]
    assert wrapped("中继 127.0.0.1:45684 不再应答。", 20) == ["中继 127.0.0.1:45684", "不再应答。"]
    assert wrapped("中继 9:1 不再应答。", 14) == ["中继 9:1 不再", "应答。"]
    assert wrapped("  一 二三", 6) == ["  一", "二三"]
    assert wrapped("（一）二三", 7) == ["（一）", "二三"]


def test_behind_a_name_that_runs_leftwards_a_number_stays_on_its_right():
    for name in ("ئايگۈل", "עדה"):
        assert fit(name, 9) == name + "\u200e" + " " * (9 - len(name))
        assert fit_right(name, 9) == " " * (9 - len(name)) + name + "\u200e"
    assert fit("བསྟན་འཛིན", 9) == "བསྟན་འཛིན  "
    for name in ("amina", "王小明", "7"):
        assert "\u200e" not in fit(name, 9)


@given(st.text(), st.integers(1, 40))
def test_whatever_a_room_lets_pass_as_a_name_has_one_width(raw, limit):
    name = clean(raw, limit)
    assert cell_len(name) == cells(name) <= limit


def test_every_sign_of_a_name_has_one_width():
    points = [
        point
        for point in range(0x20, sys.maxunicode + 1)
        if point < 0x3400
        or point % 97 == 0
        or unicodedata.category(chr(point)) not in ("Cn", "Co", "Cs", "Lo")
    ]
    signs = (clean("a" + chr(point), 9)[1:] for point in points)
    assert [sign for sign in signs if cell_len(sign) != cells(sign)] == []


NAMES = ["देवनागरी", "தமிழ்", "မြန်မာ", "བསྟན་འཛིན", "ئايگۈل", "王小明", "👍🏽👨‍👩‍👧", "🇨🇳", "ॐ", "❤️"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_takes_the_cells_that_the_room_counts_and_a_terminal_gives(name):
    name = clean(name, 16)
    assert cell_len(name) == cells(name)
    assert cell_len(fit(name, 16)) == 16
    assert Strip([Segment(fit(name, 16))]).cell_length == 16


def test_a_sign_that_takes_a_cell_is_no_cell_less_in_a_list():
    assert cells("देवनागरी") == 7
