"""What to tell a person whose text is no room key.

These errors name what the person typed, as their own screen must, so they are for that
screen only and never for a log.
"""

from dataclasses import dataclass
from itertools import groupby

from crypto.errors import UserError
from crypto.keycode import DIGITS, LINE, WORDS
from crypto.keytext import (
    GROUP_CHARS,
    Spelling,
    alnum_groups,
    spell_digits,
    spell_line,
    spell_longest_words,
)
from crypto.repair import missing, surplus, swapped
from crypto.wordlist import nearest

EXIT_BAD_KEY = 4
_SHOWN_LETTERS = 24
_LOOKS_LIKE_DIGITS = 25
_LOOKS_LIKE_LINE = 20
_LOOKS_LIKE_WORDS = 8
_COMPARE = "Compare it, one by one, with the key you were given."


@dataclass(frozen=True, slots=True)
class _Sentences:
    count: str
    missing: str
    missing_first: str
    surplus: str
    swapped: str
    wrong: str


_SENTENCES = {
    WORDS: _Sentences(
        "A room key has 15 words, not {count}.",
        "One word is missing after word {position}.",
        "The first word is missing.",
        "Word {position} '{given}' does not belong there.",
        "Words {position} and {next} seem to be swapped.",
        "More than one of the words is wrong.",
    ),
    LINE: _Sentences(
        "A room key in one line has 33 characters, not {count}.",
        "One character is missing after character {position}.",
        "The first character is missing.",
        "Character {position} '{given}' does not belong there.",
        "Characters {position} and {next} seem to be swapped.",
        "More than one of the characters is wrong.",
    ),
    DIGITS: _Sentences(
        "A room key in digits has 50 of them, not {count}.",
        "One digit is missing after digit {position}.",
        "The first digit is missing.",
        "Digit {position} '{given}' does not belong there.",
        "Digits {position} and {next} seem to be swapped.",
        "More than one of the digits is wrong.",
    ),
}


_Hints = dict[tuple[bool, bool], str]
"""By whether words are known that the first and the last unknown word can have meant."""
_ANOTHER_COUNT: _Hints = {
    (first, last): hint
    for last in (False, True)
    for first, hint in (
        (True, "Did you mean {meant}? A room key has 15 words, not {count}."),
        (False, "Look at it again. A room key has 15 words, not {count}."),
    )
}
_ONE_MORE_WRONG: _Hints = {
    (True, True): "Did you mean {meant}? At least one more word is wrong.",
    (False, False): "Look at it again. At least one more word is wrong.",
}
_TWO_UNKNOWN: _Hints = {
    (True, True): "Did you mean {meant}, and {other_meant} for word {other} '{other_given}'?",
    (True, False): "Did you mean {meant}? Word {other} '{other_given}' is not in the list either.",
    (False, True): "Look at it again. Did you mean {other_meant} for word {other} '{other_given}'?",
    (False, False): "Look at it again, and at word {other} '{other_given}'.",
}


def bad_key(message: str, hint: str = "", **values: object) -> UserError:
    """Make the error of a text that is no room key."""
    return UserError("bad_key", message, hint, EXIT_BAD_KEY, **values)


def newer_key() -> UserError:
    """Make the error of a key whose checksum is right and whose version is unknown."""
    return UserError(
        "newer_key",
        "This room key needs a newer program.",
        "Update Teahouse and try again.",
        EXIT_BAD_KEY,
    )


def two_keys() -> UserError:
    """Make the error of a text between whose keys only the person can choose."""
    return bad_key("There are two different room keys in this text.", "Give one of them.")


def too_long() -> UserError:
    """Make the error of a text that is longer than any message with a key in it."""
    return bad_key("This text is too long to be searched for a room key.", "Give the key only.")


def explain(text: str) -> UserError:
    """Say what is wrong with a normalised text that holds no key, not even a mistyped one."""
    spelling = _most_likely(text)
    if spelling is None:
        if not text.strip():
            return bad_key("No room key was given.", "Type the 15 words, or paste the line.")
        return bad_key(
            "There is no room key in this text.",
            "A room key is 15 words, or 33 letters and digits, or 50 digits.",
        )
    if spelling.numerals == WORDS and spelling.unknown:
        return _unknown_words(spelling)
    if len(spelling.symbols) != spelling.numerals.count:
        return _wrong_count(spelling)
    return _wrong_symbols(spelling)


def _most_likely(text: str) -> Spelling | None:
    """Decide which form of a key a text was meant to be."""
    groups = alnum_groups(text)
    runs = ["".join(run) for digits, run in groupby(groups, str.isdigit) if digits]
    longest = max(runs, key=len, default="")
    if len(longest) >= _LOOKS_LIKE_DIGITS:
        return spell_digits(longest)
    words = spell_longest_words(text)
    known = len(words.symbols) - len(words.unknown)
    if known >= _LOOKS_LIKE_WORDS or known * 2 >= len(words.symbols) > 0:
        return words
    letters = max(_line_like(groups), key=len, default="")
    return spell_line(letters) if len(letters) >= _LOOKS_LIKE_LINE else None


def _line_like(groups: list[str]) -> list[str]:
    """Join neighbouring groups that hold digits or are as long as a group of the line."""
    runs = groupby(groups, lambda group: not group.isalpha() or len(group) == GROUP_CHARS)
    return ["".join(run) for looks_like_it, run in runs if looks_like_it]


def _unknown_words(spelling: Spelling) -> UserError:
    place = spelling.unknown[0]
    given = spelling.spelled[place]
    meant = nearest(given)
    if len(spelling.symbols) != WORDS.count:
        place_of_surplus = surplus(WORDS, spelling.symbols)
        if place_of_surplus is not None:
            return _wrong_count(spelling)
        hints = _ANOTHER_COUNT
    elif len(spelling.unknown) > 1:
        hints = _TWO_UNKNOWN
    else:
        hints = _ONE_MORE_WRONG
    other = spelling.unknown[-1]
    other_meant = nearest(spelling.spelled[other])
    return bad_key(
        "Word {position} '{given}' is not in the list.",
        hints[meant is not None, other_meant is not None],
        position=place + 1,
        given=given[:_SHOWN_LETTERS],
        meant=meant,
        other=other + 1,
        other_meant=other_meant,
        other_given=spelling.spelled[other][:_SHOWN_LETTERS],
        count=len(spelling.symbols),
    )


def _wrong_count(spelling: Spelling) -> UserError:
    numerals, count = spelling.numerals, len(spelling.symbols)
    sentences = _SENTENCES[numerals]
    hint, position, given = _COMPARE, 0, ""
    if count == numerals.count - 1 and not spelling.unknown:
        place = missing(numerals, [symbol or 0 for symbol in spelling.symbols])
        if place is not None:
            hint, position = sentences.missing if place else sentences.missing_first, place
    elif count == numerals.count + 1:
        place = surplus(numerals, spelling.symbols)
        if place is not None:
            hint, position, given = sentences.surplus, place + 1, spelling.spelled[place]
    return bad_key(sentences.count, hint, count=count, position=position, given=given)


def _wrong_symbols(spelling: Spelling) -> UserError:
    sentences = _SENTENCES[spelling.numerals]
    known = [symbol for symbol in spelling.symbols if symbol is not None]
    place = swapped(spelling.numerals, known) if not spelling.unknown else None
    if place is None:
        return bad_key(sentences.wrong, _COMPARE)
    first, second = spelling.spelled[place : place + 2]
    return bad_key(
        sentences.swapped,
        "Try again with {second} before {first}.",
        position=place + 1,
        next=place + 2,
        first=first,
        second=second,
    )
