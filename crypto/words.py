"""Room keys as people hand them over: 15 words, one line, or digits for the telephone."""

from dataclasses import dataclass

from crypto import base32
from crypto.keycode import DIGITS, LINE, WORDS, code_of, fits, key_of, valid
from crypto.keyhints import explain, newer_key, too_long, two_keys
from crypto.keytext import GROUP_CHARS, MAX_TEXT_CHARS, Spelling, normalise, spellings
from crypto.keyvariants import variants
from crypto.repair import Repair, one_wrong
from crypto.roomkey import RoomKey
from crypto.wordlist import LANGUAGES, Language, language_of, words_of

__all__ = [
    "LANGUAGES",
    "KeyReading",
    "Language",
    "Repair",
    "parse",
    "parse_verbose",
    "to_digits",
    "to_line",
    "to_words",
]

_MAX_REPAIR_TRIES = 300_000  # about 0.4 s, or nine windows of words that are all in the list


@dataclass(frozen=True, slots=True)
class KeyReading:
    """A room key that was found in a text.

    Attributes:
        key: The key.
        repair: The one mistake that was corrected, to be shown to the person; or ``None``.
    """

    key: RoomKey
    repair: Repair | None = None


def to_words(key: RoomKey, language: Language = "en") -> str:
    """Write a key as 15 words with spaces between them, secret.

    Raises:
        LocalError: There is no list for this language.
    """
    words = words_of(language)
    return " ".join(words[symbol] for symbol in WORDS.symbols_of(code_of(key)))


def to_line(key: RoomKey) -> str:
    """Write a key as 33 characters of Crockford's base 32 in groups of five, secret."""
    return _grouped(base32.text_of(LINE.symbols_of(code_of(key))), "-")


def to_digits(key: RoomKey) -> str:
    """Write a key as ten groups of five digits, secret; these survive a bad telephone line."""
    return _grouped("".join(map(str, DIGITS.symbols_of(code_of(key)))), " ")


def parse(text: str) -> RoomKey:
    """Read a room key; see ``parse_verbose``."""
    return parse_verbose(text).key


def parse_verbose(text: str) -> KeyReading:
    """Find the room key in what a person typed or pasted.

    Any of the three forms is found, in the middle of other text too: words of all lists,
    also mixed or cut after four letters, and groups that are cut in any other way. Width,
    case, quotes and line breaks do not matter; ``keyvariants`` has more that people do to keys.
    One wrong word, letter or digit is
    corrected, if the checksum leaves exactly one way to do so.

    Raises:
        UserError: ``bad_key`` says what is wrong, and what was probably meant;
            ``newer_key`` if the key is of a version that is not known here.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise too_long()
    plain = normalise(text)
    found = list(spellings(plain))
    codes = {code for code in map(_code_of, found) if code is not None and fits(code)}
    keys = {key_of(code) for code in codes if valid(code)}
    if len(keys) == 1:
        return KeyReading(keys.pop())
    if keys:
        raise two_keys()
    if codes:
        raise newer_key()
    others = {key for other in variants(text) for key in _exact(normalise(other))}
    if len(others) == 1:
        return KeyReading(others.pop())
    if others:
        raise two_keys()
    readings = _repaired(found)
    if len(readings) > 1:
        raise two_keys()
    if readings:
        return readings.pop()
    raise explain(plain)


def _grouped(text: str, separator: str) -> str:
    return separator.join(text[i : i + GROUP_CHARS] for i in range(0, len(text), GROUP_CHARS))


def _code_of(spelling: Spelling) -> int | None:
    known = [symbol for symbol in spelling.symbols if symbol is not None]
    return None if spelling.unknown else spelling.numerals.code_of(known)


def _exact(plain: str) -> set[RoomKey]:
    codes = {code for code in map(_code_of, spellings(plain)) if code is not None}
    return {key_of(code) for code in codes if valid(code)}


def _repaired(found: list[Spelling]) -> list[KeyReading]:
    """Correct one symbol of each spelling, cheap ones first, and give one reading per key."""
    readings: dict[RoomKey, KeyReading] = {}
    tries = 0
    for spelling in sorted(found, key=_tries_of):
        tries += _tries_of(spelling)
        if tries > _MAX_REPAIR_TRIES:
            break
        for place, symbol, code in one_wrong(spelling):
            key = key_of(code)
            given, meant = spelling.spelled[place], _written(spelling, symbol)
            repair = Repair(spelling.numerals.form, place + 1, given, meant)
            readings.setdefault(key, KeyReading(key, repair))
    return list(readings.values())


def _tries_of(spelling: Spelling) -> int:
    return spelling.numerals.base * (len(spelling.unknown) or spelling.numerals.count)


def _written(spelling: Spelling, symbol: int) -> str:
    if spelling.numerals == WORDS:
        return words_of(language_of(spelling.spelled))[symbol]
    return base32.SYMBOLS[symbol]
