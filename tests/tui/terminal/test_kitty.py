import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from textual import events

from tui.terminal.kitty import KittyParser

DOWN, STILL, UP = "\x1b[32;1:1;32u", "\x1b[32;1:2;32u", "\x1b[32;1:3u"
BLUR = "\x1b[O"
REPORTED, NOT_REPORTED = "\x1b[?27u", "\x1b[?25u"


def keys(*pieces, parser=None):
    parser = parser or KittyParser()
    found = [token for piece in pieces for token in parser.feed(piece)]
    return [token.key for token in found if isinstance(token, events.Key)]


def test_space_has_a_press_and_a_release_and_is_pressed_once_however_long():
    assert keys(DOWN, STILL, STILL, UP) == [
        "space",
        "space_still_held",
        "space_still_held",
        "space_released",
    ]


@pytest.mark.parametrize("up", ["\x1b[32;65:3u", "\x1b[32;129:3u", "\x1b[32;2:3u", "\x1b[32;5:3u"])
def test_space_comes_up_whatever_else_is_down(up):
    assert keys(DOWN, up) == ["space", "space_released"]


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\x1b[104;1:1;104u", "h"),
        ("\x1b[104;1:2;104u", "h"),
        ("\x1b[104;;104u", "h"),
        ("\x1b[13;1:1u", "enter"),
        ("\x1b[1;1:1A", "up"),
        ("\x1b[1;1:2B", "down"),
        ("\x1b[3;1:1~", "delete"),
        ("\x1b[113;5:1u", "ctrl+q"),
        ("\x1b[9;2:1u", "shift+tab"),
        ("\x1b[1;1:1P", "f1"),
        (" ", "space"),
        ("q", "q"),
        ("\x1b[A", "up"),
    ],
)
def test_other_keys_are_what_they_are_in_textual(sequence, key):
    assert keys(sequence) == [key]


@pytest.mark.parametrize(
    "up", ["\x1b[104;1:3u", "\x1b[13;1:3u", "\x1b[1;1:3A", "\x1b[3;1:3~", "\x1b[57441;2:3u"]
)
def test_the_release_of_any_other_key_is_nothing(up):
    assert keys(up, "h") == ["h"]


def test_a_repeat_of_space_still_writes_one_where_somebody_writes():
    (held,) = [token for token in KittyParser().feed(STILL) if isinstance(token, events.Key)]
    assert held.is_printable
    assert held.character == " "


def test_space_that_is_down_when_another_window_gets_the_keyboard_is_lost():
    assert keys(REPORTED, DOWN, BLUR) == ["space", "space_lost"]
    assert keys(REPORTED, "\x1b[32;;32u", BLUR) == ["space", "space_lost"]
    assert keys(REPORTED, DOWN, UP, BLUR) == ["space", "space_released"]
    assert keys(REPORTED, BLUR) == []
    assert keys(REPORTED, DOWN, BLUR, BLUR) == ["space", "space_lost"]


def test_where_releases_are_not_told_space_is_never_lost():
    assert keys(" ", BLUR) == ["space"]
    assert keys(NOT_REPORTED, "\x1b[32;;32u", BLUR) == ["space"]


def test_whoever_tells_one_release_tells_all():
    assert keys("\x1b[104;1:3u", DOWN, BLUR) == ["space", "space_lost"]


@given(st.lists(st.sampled_from([DOWN, STILL, UP, BLUR, "\x1b[1;1:3A", "h", "\x1b[32;", ":3u"])))
def test_no_order_of_pieces_makes_it_fail(pieces):
    parser = KittyParser()
    for piece in pieces:
        list(parser.feed(piece))


@given(st.text("\x1b[0123456789:;uA~?", max_size=24))
@example("\x1b[1::;u")
@example("\x1b[99999999999;1u")
def test_no_sequence_of_these_signs_makes_it_fail(text):
    list(KittyParser().feed(text))


@pytest.mark.skipif(sys.platform == "win32", reason="the driver of Linux and macOS")
def test_the_driver_reads_keys_with_this_parser():
    from textual.drivers import linux_driver

    from tui.terminal import patient_driver

    assert patient_driver() is not None
    assert linux_driver.XTermParser is KittyParser
