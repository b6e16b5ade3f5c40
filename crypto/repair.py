"""What one mistake turned a room key into this? Answered by trying all, against the checksum.

A wrong answer passes the 32 bits of checksum by chance once in 4·10^9 tries, and a key has
at most 30,705 neighbours, so an answer that is the only one is the right one but once in 10^5.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crypto.keycode import Numerals, valid
from crypto.keytext import Spelling


@dataclass(frozen=True, slots=True)
class Repair:
    """One symbol that was read as another than the person wrote.

    Attributes:
        form: ``words``, ``line`` or ``digits``.
        position: Which word, letter or digit, counted from 1.
        given: What the person wrote.
        meant: What it was read as.
    """

    form: str
    position: int
    given: str = field(repr=False)
    meant: str = field(repr=False)


def one_wrong(spelling: Spelling) -> Iterator[tuple[int, int, int]]:
    """Change each symbol to each other one.

    Args:
        spelling: As many symbols as a key has. A single unknown one is the wrong one;
            with more of them there is no answer.

    Yields:
        Place from 0, right symbol, and the valid code that results.
    """
    numerals, unknown = spelling.numerals, spelling.unknown
    if len(unknown) > 1:
        return
    known = [symbol or 0 for symbol in spelling.symbols]
    code = numerals.code_of(known)
    for place in unknown or range(numerals.count):
        weight = numerals.base ** (numerals.count - 1 - place)
        rest = code - known[place] * weight
        for symbol in range(numerals.base):
            if valid(rest + symbol * weight):
                yield place, symbol, rest + symbol * weight


def swapped(numerals: Numerals, symbols: Sequence[int]) -> int | None:
    """Find two neighbours in the wrong order: the place of the first, from 0."""
    for place in range(len(symbols) - 1):
        pair = [symbols[place + 1], symbols[place]]
        if valid(numerals.code_of([*symbols[:place], *pair, *symbols[place + 2 :]])):
            return place
    return None


def missing(numerals: Numerals, symbols: Sequence[int]) -> int | None:
    """Find where one symbol was left out: the number of symbols before it."""
    for place in range(len(symbols) + 1):
        weight = numerals.base ** (len(symbols) - place)
        rest = numerals.code_of([*symbols[:place], 0, *symbols[place:]])
        if any(valid(rest + symbol * weight) for symbol in range(numerals.base)):
            return place
    return None


def surplus(numerals: Numerals, symbols: Sequence[int | None]) -> int | None:
    """Find the one symbol that is too many: its place from 0."""
    if len(symbols) != numerals.count + 1:
        return None
    for place in range(len(symbols)):
        rest = [
            symbol for symbol in (*symbols[:place], *symbols[place + 1 :]) if symbol is not None
        ]
        if len(rest) == numerals.count and valid(numerals.code_of(rest)):
            return place
    return None
