import json
from pathlib import Path

import pytest
from mnemonic import Mnemonic

from crypto.errors import LocalError
from crypto.wordlist import LANGUAGES, language_of, nearest, number_of, words_of

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "bip39-english.json").read_text(encoding="utf-8")
)
NAMES = {"en": "english", "zh-Hans": "chinese_simplified", "zh-Hant": "chinese_traditional"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_are_those_of_the_bip39_vectors(language):
    for entropy, phrase, *_ in VECTORS[NAMES[language]]:
        data = bytes.fromhex(entropy)
        assert Mnemonic(NAMES[language]).to_mnemonic(data) == phrase
        number = 0
        for word in phrase.split():
            place = number_of(word)
            assert words_of(language)[place] == word
            number = number << 11 | place
        checksum_bits = len(data) * 8 // 32
        assert (number >> checksum_bits).to_bytes(len(data), "big") == data


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_has_the_number_of_its_place(language):
    words = words_of(language)
    assert len(words) == 2048
    assert [number_of(word) for word in words] == list(range(2048))


def test_shared_characters_have_one_number():
    hans, hant = words_of("zh-Hans"), words_of("zh-Hant")
    shared = set(hans) & set(hant)
    assert len(shared) == 1275
    assert all(hans.index(word) == hant.index(word) for word in shared)


def test_every_beginning_of_four_letters_or_more_will_do():
    for number, word in enumerate(words_of("en")):
        for cut in range(4, len(word)):
            assert number_of(word[:cut]) == number


@pytest.mark.parametrize("word", ["", "ab", "abs", "abac", "abandoned", "xyzzyx", "龘", "vioiln"])
def test_a_word_of_no_list_has_no_number(word):
    assert number_of(word) is None


def test_an_unknown_language_is_our_own_mistake():
    with pytest.raises(LocalError):
        words_of("fr")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vioiln", "violin"),
        ("vioilnn", "violin"),
        ("vilin", "violin"),
        ("viiolin", "violin"),
        ("violan", "violin"),
        ("abandoned", "abandon"),
        ("aple", "apple"),
        ("zoa", "zoo"),
        ("qqqqqq", None),
        ("x", None),
        ("龘", None),
    ],
)
def test_the_nearest_word_is_the_one_meant(typed, meant):
    assert nearest(typed) == meant


def test_the_list_is_told_from_the_words():
    hans = words_of("zh-Hans")
    hant_only = sorted(set(words_of("zh-Hant")) - set(hans))
    assert language_of(["zoo", "violin"]) == "en"
    assert language_of([*hans[:14], "zoo"]) == "zh-Hans"
    assert language_of(hant_only[:3]) == "zh-Hant"
    assert language_of([]) == "en"
