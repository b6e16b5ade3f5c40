"""Finding what may be a room key in what a person typed or pasted."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from crypto import base32
from crypto.keycode import DIGITS, LINE, WORDS, Numerals
from crypto.wordlist import number_of

GROUP_CHARS = 5
MAX_TEXT_CHARS = 8_192
_CJK = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(f"[{_CJK}]|[^\\W\\d_{_CJK}]+")
_ALNUM = re.compile("[0-9A-Z]+")
_LABEL_END = re.compile("[:=#|]")


@dataclass(frozen=True, slots=True, repr=False)
class Spelling:
    """Symbols that may be a room key.

    Attributes:
        numerals: The numeral system they belong to.
        symbols: Their values; ``None`` where the text holds no symbol of it.
        spelled: The same symbols as they stand in the text.
    """

    numerals: Numerals
    symbols: tuple[int | None, ...]
    spelled: tuple[str, ...]

    @property
    def unknown(self) -> list[int]:
        """Places, from 0, of what is no symbol."""
        return [i for i, symbol in enumerate(self.symbols) if symbol is None]


def normalise(text: str) -> str:
    """Undo what keyboards, chats and web addresses do to a key.

    Percent signs of a web address are decoded, full-width and compatibility characters
    become plain (NFKC), invisible format characters go, digits of any script become ASCII.
    """
    plain = unicodedata.normalize("NFKC", unquote(text))
    return "".join(_plain(char) for char in plain)


def _plain(char: str) -> str:
    match unicodedata.category(char):
        case "Cf":
            return ""
        case "Nd":
            return str(unicodedata.digit(char))
        case _:
            return char


def spell_words(text: str) -> Spelling:
    """Read all of a normalised text as words; numbers and punctuation between them are skipped."""
    words = tuple(_WORD.findall(text.casefold()))
    return Spelling(WORDS, tuple(number_of(word) for word in words), words)


def spell_longest_words(text: str) -> Spelling:
    """Read the part of a normalised text that looks most like words of a key.

    Parts end at ``:``, ``=``, ``#`` and ``|``, which leaves out labels and addresses.
    What is in no list is cut off at both ends as long as more than a key remains.
    """
    parts = [spell_words(part) for part in _LABEL_END.split(text)]
    best = max(parts, key=lambda part: len(part.symbols) - len(part.unknown))
    first, last = 0, len(best.symbols)
    while last - first > WORDS.count and best.symbols[first] is None:
        first += 1
    while last - first > WORDS.count and best.symbols[last - 1] is None:
        last -= 1
    return Spelling(WORDS, best.symbols[first:last], best.spelled[first:last])


def alnum_groups(text: str) -> list[str]:
    """Give the runs of ASCII letters and digits in a normalised text, upper case."""
    return _ALNUM.findall(text.upper())


def spell_line(letters: str) -> Spelling:
    """Read upper-case letters and digits as base 32."""
    return Spelling(LINE, tuple(base32.value_of(letter) for letter in letters), tuple(letters))


def spell_digits(digits: str) -> Spelling:
    """Read ASCII digits as a decimal number."""
    return Spelling(DIGITS, tuple(int(digit) for digit in digits), tuple(digits))


def spellings(text: str) -> Iterator[Spelling]:
    """Give everything in a normalised text that has a key's length and ≤ 1 unknown symbol.

    Groups of a line or of digits may be cut in any way, by anything.
    """
    words = spell_words(text)
    for first in range(len(words.symbols) - WORDS.count + 1):
        window = slice(first, first + WORDS.count)
        if words.symbols[window].count(None) <= 1:
            yield Spelling(WORDS, words.symbols[window], words.spelled[window])
    groups = alnum_groups(text)
    for letters in _runs(groups, LINE.count):
        line = spell_line(letters)
        if len(line.unknown) <= 1:
            yield line
    for digits in _runs(groups, DIGITS.count):
        if digits.isdigit():
            yield spell_digits(digits)


def _runs(groups: Sequence[str], length: int) -> Iterator[str]:
    """Join neighbouring groups wherever that gives exactly ``length`` characters."""
    for first in range(len(groups)):
        total = 0
        for last in range(first, len(groups)):
            total += len(groups[last])
            if total >= length:
                if total == length:
                    yield "".join(groups[first : last + 1])
                break
