"""The three BIP39 word lists: finding a word by what a person typed."""

from collections.abc import Iterable
from functools import cache
from typing import Literal, get_args

from mnemonic import Mnemonic

from crypto.errors import LocalError

Language = Literal["en", "zh-Hans", "zh-Hant"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
PREFIX_LETTERS = 4
_MAX_TYPOS = 2
_LIST_NAMES = {
    "en": "english",
    "zh-Hans": "chinese_simplified",
    "zh-Hant": "chinese_traditional",
}


@cache
def words_of(language: Language) -> tuple[str, ...]:
    """Give the 2,048 words of a language in BIP39 order.

    Raises:
        LocalError: There is no list for this language.
    """
    if language not in _LIST_NAMES:
        raise LocalError("no word list for this language")
    return tuple(Mnemonic(_LIST_NAMES[language]).wordlist)


@cache
def _numbers() -> dict[str, int]:
    """Map every word of every list to its number.

    The 1,275 characters which both Chinese lists have stand at the same place in both,
    so a word has one number without the list being named.
    """
    return {word: i for language in LANGUAGES for i, word in enumerate(words_of(language))}


@cache
def _prefixes() -> dict[str, int]:
    """Map the first four letters, which no two English words share, to the word's number."""
    return {word[:PREFIX_LETTERS]: i for i, word in enumerate(words_of("en"))}


def number_of(word: str) -> int | None:
    """Look a word up in all lists.

    Args:
        word: Lower case. English words may be cut after four letters or more.

    Returns:
        0 to 2,047, or ``None`` for a word of no list.
    """
    number = _numbers().get(word)
    if number is not None or len(word) < PREFIX_LETTERS:
        return number
    number = _prefixes().get(word[:PREFIX_LETTERS])
    if number is None or not words_of("en")[number].startswith(word):
        return None
    return number


def language_of(words: Iterable[str]) -> Language:
    """Tell which list most of the words come from; English if none does."""
    typed = set(words)
    return max(LANGUAGES, key=lambda language: len(typed.intersection(words_of(language))))


def nearest(word: str) -> str | None:
    """Find the English word that was probably meant.

    Args:
        word: Lower case, in no list.

    Returns:
        The word that differs by fewest typing mistakes, at most two; the one that
        begins like it for longest wins a draw. ``None`` if nothing is near.
    """
    if not word.isascii():
        return None
    best: tuple[int, int, str] | None = None
    for candidate in words_of("en"):
        if abs(len(candidate) - len(word)) > _MAX_TYPOS:
            continue
        typos = _typing_distance(word, candidate)
        if typos <= _MAX_TYPOS and typos < len(word):
            rank = (typos, -_letters_in_common(word, candidate), candidate)
            best = min(best, rank) if best else rank
    return best[2] if best else None


def _letters_in_common(a: str, b: str) -> int:
    """Count the letters with which both words begin."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (one, other) in pairs if one != other), min(len(a), len(b)))


def _typing_distance(a: str, b: str) -> int:
    """Count letters added, left out, changed, or swapped with a neighbour (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        above, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]
