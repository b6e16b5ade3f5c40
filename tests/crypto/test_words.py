import hashlib
import json
import time
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.base32 import SYMBOLS
from crypto.errors import LocalError, UserError
from crypto.keycode import DIGITS, LINE, WORDS
from crypto.keytext import MAX_TEXT_CHARS
from crypto.roomkey import RoomKey
from crypto.wordlist import words_of
from crypto.words import LANGUAGES, parse, parse_verbose, to_digits, to_line, to_words

KEYS = st.binary(min_size=16, max_size=16).map(RoomKey)
KEY = RoomKey(hashlib.blake2b(b"a key for tests", digest_size=16).digest())
OTHER = RoomKey(b"another key 16 b")
EN = to_words(KEY).split()
HANS = to_words(KEY, "zh-Hans").split()
HANT = to_words(KEY, "zh-Hant").split()
LINE_TEXT = to_line(KEY)
DIGITS_TEXT = to_digits(KEY)
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def _replaced(symbols, place, symbol):
    return [*symbols[:place], symbol, *symbols[place + 1 :]]


def _error(text):
    with pytest.raises(UserError) as caught:
        parse(text)
    assert caught.value.exit_code == 4
    return caught.value


def _coded(version, secret=KEY.secret):
    body = bytes([version]) + secret
    checksum = hashlib.blake2b(body, digest_size=4, person=b"teahouse/check").digest()
    return int.from_bytes(body + checksum, "big")


# What is shown comes back


@given(KEYS)
def test_every_form_of_every_key_comes_back(key):
    shown = [to_words(key, language) for language in LANGUAGES] + [to_line(key), to_digits(key)]
    for text in shown:
        reading = parse_verbose(text)
        assert reading.key == key
        assert reading.repair is None


def test_the_forms_have_the_shape_people_are_told_of():
    assert len(EN) == len(HANS) == len(HANT) == 15
    assert [len(group) for group in LINE_TEXT.split("-")] == [5, 5, 5, 5, 5, 5, 3]
    assert [len(group) for group in DIGITS_TEXT.split(" ")] == [5] * 10
    assert set(LINE_TEXT) <= set(SYMBOLS + "-")


def test_the_forms_do_not_drift():
    key = RoomKey(bytes(range(16)))
    pinned = json.loads((Path(__file__).parent / "pinned_key_forms.json").read_text("utf-8"))
    assert pinned == {
        "en": to_words(key),
        "zh-Hans": to_words(key, "zh-Hans"),
        "zh-Hant": to_words(key, "zh-Hant"),
        "line": to_line(key),
        "digits": to_digits(key),
    }


def test_an_unknown_language_is_our_own_mistake():
    with pytest.raises(LocalError):
        to_words(KEY, "fr")


# What people make of it


@pytest.mark.parametrize(
    "text",
    [
        " ".join(EN).upper(),
        " ".join(EN).title(),
        "  ".join(EN),
        "\t" + "\r\n".join(EN) + "\n\n",
        ", ".join(EN) + ".",
        "-".join(EN),
        "+".join(EN),
        f"“{' '.join(EN)}”",
        f"'{' '.join(EN)}'",
        f"«{' '.join(EN)}»",
        " ".join(EN).translate(FULL_WIDTH),
        "\u3000".join(EN),
        " ".join(word[:4] for word in EN),
        "\u200b".join(" ".join(EN)),
        "\ufeff" + " ".join(EN),
        " ".join(f"{i}. {word}" for i, word in enumerate(EN, 1)),
        "key: " + " ".join(EN),
        f"https://tea.example/#{quote(' '.join(EN))}",
        f"room key = {' '.join(EN)} (hand it over by voice)",
        f"Hi! We meet at eight, here is how to join: {' '.join(EN)}. See you, Ada",
        "".join(HANS),
        "".join(HANT),
        "、".join(HANS),
        f"房间钥匙：{''.join(HANS)}。晚上见！",
        f"茶館的鑰匙是「{''.join(HANT)}」",
        quote("".join(HANS)),
        " ".join(HANS[:7] + HANT[7:]),
        " ".join(EN[:5] + HANS[5:10] + HANT[10:]),
        LINE_TEXT.lower(),
        LINE_TEXT.replace("-", ""),
        LINE_TEXT.replace("-", " "),
        LINE_TEXT.replace("-", "\n"),
        LINE_TEXT.replace("-", "–"),
        LINE_TEXT.replace("0", "O").replace("1", "I"),
        LINE_TEXT.lower().replace("0", "o").replace("1", "l"),
        LINE_TEXT.translate(FULL_WIDTH),
        f'"{LINE_TEXT}"',
        f"room:{LINE_TEXT}",
        f"https://tea.example/join?room={LINE_TEXT}&lang=en",
        f"https://tea.example/#{LINE_TEXT}",
        LINE_TEXT[:12] + "\n> " + LINE_TEXT[12:],
        DIGITS_TEXT.replace(" ", ""),
        DIGITS_TEXT.replace(" ", "-"),
        DIGITS_TEXT.replace(" ", "\n"),
        DIGITS_TEXT.translate(FULL_WIDTH),
        "".join(chr(0x660 + int(c)) if c.isdigit() else c for c in DIGITS_TEXT),
        f"Tel. 030 1234: {DIGITS_TEXT}, ask for Ada",
        f"{' '.join(EN)}\n{LINE_TEXT}\n{DIGITS_TEXT}\n{''.join(HANS)}",
    ],
)
def test_the_key_is_found_however_it_was_pasted(text):
    reading = parse_verbose(text)
    assert reading.key == KEY
    assert reading.repair is None


@settings(max_examples=50)
@given(st.text(max_size=60), st.text(max_size=60))
def test_the_key_is_found_between_any_other_text(before, after):
    for text in (" ".join(EN), LINE_TEXT, DIGITS_TEXT):
        assert parse(f"{before} \n{text}\n {after}") == KEY


@given(st.text())
def test_no_text_makes_anything_but_a_user_error(text):
    _error(text)


@given(st.text(alphabet=" -\n:=0123456789abcOIL\ud800的是violin", max_size=200))
def test_nothing_like_a_key_makes_anything_but_a_user_error(text):
    _error(text)


# One mistake


@settings(max_examples=30)
@given(KEYS, st.integers(0, 14), st.integers(0, 2047), st.sampled_from(LANGUAGES))
def test_one_wrong_word_is_corrected(key, place, number, language):
    right = to_words(key, language).split()
    wrong = words_of(language)[number]
    reading = parse_verbose(" ".join(_replaced(right, place, wrong)))
    assert reading.key == key
    if wrong != right[place]:
        repair = reading.repair
        assert (repair.form, repair.position) == ("words", place + 1)
        assert repair.given == wrong
        assert repair.meant == right[place]


@pytest.mark.parametrize("wrong", ["vioiln", "abs", "x", "龘", "Ωmega", "цчшщ"])
def test_one_word_of_no_list_is_corrected(wrong):
    reading = parse_verbose(" ".join(_replaced(EN, 6, wrong)))
    assert reading.key == KEY
    assert (reading.repair.position, reading.repair.meant) == (7, EN[6])


def test_a_mistyped_word_is_corrected_in_the_middle_of_a_message():
    text = f"Here you are, the key: {' '.join(_replaced(EN, 6, 'vioiln'))}. Until soon"
    assert parse(text) == KEY


@given(KEYS, st.integers(0, 32), st.sampled_from(SYMBOLS + "U"))
def test_one_wrong_letter_of_the_line_is_corrected(key, place, letter):
    right = to_line(key).replace("-", "")
    reading = parse_verbose("".join(_replaced(right, place, letter)))
    assert reading.key == key
    if letter != right[place]:
        assert (reading.repair.form, reading.repair.position) == ("line", place + 1)
        assert (reading.repair.given, reading.repair.meant) == (letter, right[place])


@given(KEYS, st.integers(0, 49), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_corrected(key, place, digit):
    right = to_digits(key).replace(" ", "")
    reading = parse_verbose("".join(_replaced(right, place, digit)))
    assert reading.key == key
    if digit != right[place]:
        assert (reading.repair.form, reading.repair.position) == ("digits", place + 1)


def test_a_checksum_wrong_by_one_is_corrected_and_told():
    code = _coded(1) ^ 1
    for numerals, texts in ((LINE, SYMBOLS), (DIGITS, SYMBOLS), (WORDS, words_of("en"))):
        text = (" " if numerals == WORDS else "").join(texts[s] for s in numerals.symbols_of(code))
        reading = parse_verbose(text)
        assert reading.key == KEY
        assert reading.repair.position == numerals.count


def test_a_repair_never_prints_the_words():
    reading = parse_verbose(" ".join(_replaced(EN, 6, "vioiln")))
    assert "vioiln" not in repr(reading)
    assert EN[6] not in repr(reading)


# More than one mistake


def test_a_word_of_no_list_is_named_with_the_one_that_was_meant():
    error = _error(" ".join(_replaced(_replaced(EN, 6, "vioiln"), 11, "zoo")))
    assert error.code == "bad_key"
    assert error.message == "Word 7 'vioiln' is not in the list."
    assert error.hint == "Did you mean violin? At least one more word is wrong."


def test_two_words_of_no_list_are_both_named():
    error = _error(" ".join(_replaced(_replaced(EN, 6, "vioiln"), 11, "monky")))
    assert error.message == "Word 7 'vioiln' is not in the list."
    assert error.hint == "Did you mean violin, and monkey for word 12 'monky'?"


def test_a_word_like_no_other_gets_no_guess():
    error = _error(" ".join(_replaced(_replaced(EN, 6, "qqqqqq"), 11, "龘")))
    assert error.hint == "Look at it again, and at word 12 '龘'."
    error = _error(" ".join(_replaced(_replaced(EN, 6, "qqqqqq"), 11, "monky")))
    assert error.hint == "Look at it again. Did you mean monkey for word 12 'monky'?"
    error = _error(" ".join(_replaced(_replaced(EN, 6, "vioiln"), 11, "龘")))
    assert error.hint == "Did you mean violin? Word 12 '龘' is not in the list either."


def test_two_wrong_words_of_the_list_are_said_to_be_wrong():
    error = _error(" ".join(_replaced(_replaced(EN, 6, "zoo"), 11, "abandon")))
    assert error.message == "More than one of the words is wrong."


@settings(max_examples=25)
@given(KEYS, st.integers(0, 13))
def test_swapped_neighbours_are_named(key, place):
    words = to_words(key).split()
    first, second = words[place : place + 2]
    if first == second:
        return
    swapped = _replaced(_replaced(words, place, second), place + 1, first)
    error = _error(" ".join(swapped))
    assert error.message == f"Words {place + 1} and {place + 2} seem to be swapped."
    assert error.hint == f"Try again with {first} before {second}."


def test_words_further_apart_in_each_others_place_are_wrong_words():
    swapped = _replaced(_replaced(EN, 2, EN[9]), 9, EN[2])
    assert _error(" ".join(swapped)).message == "More than one of the words is wrong."


def test_a_missing_word_is_placed():
    error = _error(" ".join(EN[:6] + EN[7:]))
    assert error.message == "A room key has 15 words, not 14."
    assert error.hint == "One word is missing after word 6."
    assert _error(" ".join(EN[1:])).hint == "The first word is missing."


def test_a_word_too_many_is_placed():
    for extra in ("zoo", "vioiln"):
        error = _error(" ".join([*EN[:6], extra, *EN[6:]]))
        assert error.message == "A room key has 15 words, not 16."
        assert error.hint == f"Word 7 '{extra}' does not belong there."


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (EN[:1], 1),
        (EN[:3], 3),
        (EN[:13], 13),
        (["zoo", *EN[:13]], 14),
        ([*EN[1:], "zoo", "zoo"], 16),
    ],
)
def test_a_wrong_number_of_words_is_said(words, count):
    error = _error(" ".join(words))
    assert error.message == f"A room key has 15 words, not {count}."


def test_a_missing_and_a_mistyped_word_are_both_said():
    error = _error(" ".join(_replaced(EN, 6, "vioiln")[:14]))
    assert error.message == "Word 7 'vioiln' is not in the list."
    assert error.hint == "Did you mean violin? A room key has 15 words, not 14."


def test_labels_and_greetings_do_not_count_as_words():
    wrong = " ".join(_replaced(_replaced(EN, 6, "zoo"), 11, "abandon"))
    assert _error(f"my key: {wrong}").message == "More than one of the words is wrong."
    assert (
        _error(f"Guten Morgen {wrong} bisschen").message == "More than one of the words is wrong."
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (LINE_TEXT[:8] + LINE_TEXT[9:], "has 33 characters, not 32", "missing after char"),
        (LINE_TEXT[:8] + "7" + LINE_TEXT[8:], "has 33 characters, not 34", "'7' does not"),
        (LINE_TEXT[:8] + "U" + LINE_TEXT[10:], "has 33 characters, not 32", "Compare"),
        (LINE_TEXT[:30], "has 33 characters, not 25", "Compare"),
        (DIGITS_TEXT[1:], "has 50 of them, not 49", "first digit is missing"),
        (DIGITS_TEXT + "7", "has 50 of them, not 51", "Digit 51 '7' does not belong"),
        (DIGITS_TEXT[:40], "has 50 of them, not 34", "Compare"),
        ("9" * 50, "More than one of the digits", "Compare"),
        ("1" + "7" * 32, "has 50 of them, not 33", "Compare"),
        ("1A" + "U" * 31, "More than one of the characters", "Compare"),
        ("1A" + "7" * 31, "More than one of the characters", "Compare"),
    ],
)
def test_a_damaged_line_or_row_of_digits_is_explained(text, message, hint):
    error = _error(text)
    assert message in error.message
    assert hint in error.hint


def test_swapped_letters_of_the_line_are_named():
    letters = LINE_TEXT.replace("-", "")
    place = next(i for i in range(32) if letters[i] != letters[i + 1])
    text = letters[:place] + letters[place + 1] + letters[place] + letters[place + 2 :]
    assert _error(text).message == f"Characters {place + 1} and {place + 2} seem to be swapped."


# No key at all


@pytest.mark.parametrize("text", ["", "  \n", "\u200b\ufeff"])
def test_nothing_is_no_key(text):
    assert _error(text).message == "No room key was given."


@pytest.mark.parametrize("text", ["?!", "xyzzy plugh", "2024-01-01", "١٢", "T1 " * 3, "…"])
def test_other_text_is_no_key(text):
    assert _error(text).message == "There is no room key in this text."


def test_two_keys_are_not_chosen_between():
    error = _error(f"{to_line(KEY)}\n{to_words(OTHER)}")
    assert error.message == "There are two different room keys in this text."


def test_two_mistyped_keys_are_not_chosen_between():
    wrong = [" ".join(_replaced(to_words(key).split(), 6, "vioiln")) for key in (KEY, OTHER)]
    assert _error("\n".join(wrong)).message == "There are two different room keys in this text."


@pytest.mark.parametrize("version", [0, 2, 31])
def test_a_key_of_an_unknown_version_needs_a_newer_program(version):
    code = _coded(version)
    for numerals, texts in ((LINE, SYMBOLS), (DIGITS, SYMBOLS), (WORDS, words_of("en"))):
        error = _error(" ".join(texts[s] for s in numerals.symbols_of(code)))
        assert error.code == "newer_key"
        assert error.message == "This room key needs a newer program."


def test_an_endless_text_is_not_searched():
    assert "too long" in _error("a" * (MAX_TEXT_CHARS + 1)).message


@pytest.mark.parametrize("text", ["的", "ability ", "1 ", "A1", "zoo x ", "\ufdfa", "%E7%9A%84"])
def test_the_longest_text_is_searched_within_bounds(text):
    before_s = time.process_time()
    _error(text * (MAX_TEXT_CHARS // len(text)))
    assert time.process_time() - before_s < 5


def test_an_error_holds_no_more_of_a_key_than_what_is_wrong_with_it():
    swapped = [*EN[:3], EN[4], EN[3], *EN[5:]]
    error = _error(" ".join(swapped))
    shown = {unicodedata.normalize("NFKC", str(value)) for value in error.values.values()}
    assert shown & set(EN) == {EN[3], EN[4]}
