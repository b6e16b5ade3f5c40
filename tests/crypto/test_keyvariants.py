import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import UserError
from crypto.keyvariants import variants
from crypto.roomkey import RoomKey
from crypto.words import parse, to_digits, to_words

KEY = RoomKey(hashlib.blake2b(b"a key for tests", digest_size=16).digest())
WORDS = to_words(KEY).split()
DIGITS = to_digits(KEY).split()
CHINESE = str.maketrans("0123456789", "零一二三四五六七八九")
CYRILLIC = str.maketrans("aeopcyx", "аеорсух")


@pytest.mark.parametrize(
    "text",
    [
        to_digits(KEY).replace("0", "O").replace("1", "l"),
        to_digits(KEY).replace("0", "o").replace("1", "I"),
        " ".join(f"{n}: {group}" for n, group in enumerate(DIGITS, 1)),
        "\n".join(f"{n}) {group}" for n, group in enumerate(DIGITS, 1)),
        " ".join(f"{n} {group}" for n, group in enumerate(DIGITS, 1)),
        to_digits(KEY).translate(CHINESE),
        "\u200b".join(WORDS),
        "&nbsp;".join(WORDS),
        "&#160;".join(WORDS),
        " ".join(WORDS[:7]) + f" {WORDS[7][:2]}=\r\n{WORDS[7][2:]} " + " ".join(WORDS[8:]),
        " ".join(WORDS[:7]) + f" {WORDS[7][:2]}-\n  {WORDS[7][2:]} " + " ".join(WORDS[8:]),
        "".join(WORDS),
        "".join(WORDS).upper(),
        "key:" + "".join(word.capitalize() for word in WORDS) + ".",
        " ".join(WORDS).translate(CYRILLIC),
    ],
)
def test_a_key_is_read_as_people_dictate_and_copy_it(text):
    assert parse(text) == KEY


@given(st.binary(min_size=16, max_size=16).map(RoomKey))
def test_words_without_spaces_are_always_found_again(key):
    assert parse("".join(to_words(key).split())) == key


def test_two_keys_in_another_reading_are_not_chosen_between():
    other = RoomKey(b"another key 16 b")
    text = "&nbsp;".join(WORDS) + " and " + "&nbsp;".join(to_words(other).split())
    with pytest.raises(UserError, match="bad_key"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["a" * 100, "zoo" * 15, "act" * 40, "", "l" * 50, "O" * 50, "canalarm" * 6 + "zzz"]
)
def test_what_is_no_key_is_none_in_any_reading(text):
    assert len(list(itertools.islice(variants(text), 1000))) < 100
    with pytest.raises(UserError):
        parse(text)


def test_letters_that_split_in_endlessly_many_ways_are_given_up_soon():
    assert len(list(variants("canalarm" * 15))) <= 4 + 64
    assert len(list(variants("canalarm" * 7 + "act"))) == 4 + 64
