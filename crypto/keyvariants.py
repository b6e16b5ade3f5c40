"""Other readings of a text in which no room key was found as it stands.

People dictate, write down and copy keys: O for 0, groups with numbers in front, numerals of another
script, lines that a mail program has broken, words without a space. Each reading here is tried only
after the text itself, and counts only if its checksum is right.
"""

import re
from collections.abc import Iterator
from itertools import islice

from crypto.keycode import WORDS
from crypto.wordlist import words_of

_SOFT_BREAK = re.compile(r"=\r?\n")
_HYPHEN_BREAK = re.compile(r"-[ \t]*\r?\n\s*")
_NO_WIDTH = re.compile("[\u200b\u2060\ufeff\u00ad]")
_LOOKS_LATIN = str.maketrans("аеорсухіѕјԁԛԝᴀαορν", "aeopcyxisjdqwaaopv")
"""Cyrillic and Greek letters that nobody can tell from Latin ones."""
_DIGIT_LIKE = re.compile(r"\b[0-9OoQIl|]{3,}\b")
_AS_DIGITS = str.maketrans("OoQIl|", "000111")
_CHINESE_DIGITS = str.maketrans("〇零一二三四五六七八九幺两兩", "00123456789122")
_GROUP = re.compile("[0-9]{3,}")
_GLUED = re.compile("[a-z]{45,120}")
_LETTERS_MIN, _LETTERS_MAX = 3, 8
_SPLITS_MAX = 64


def variants(text: str) -> Iterator[str]:
    """Give the other readings of a text, the likeliest first.

    Args:
        text: As it was typed or pasted, of bounded length.
    """
    from html import unescape  # half a megabyte that a key as it was copied needs not

    whole = _SOFT_BREAK.sub("", unescape(text))
    spaced = _NO_WIDTH.sub(" ", whole).translate(_LOOKS_LATIN)
    yield spaced
    yield _HYPHEN_BREAK.sub("", spaced)
    digits = _DIGIT_LIKE.sub(lambda found: found[0].translate(_AS_DIGITS), spaced)
    digits = digits.translate(_CHINESE_DIGITS)
    yield digits
    yield " ".join(_GROUP.findall(digits))  # without the numbers of the groups
    for run in _GLUED.findall(spaced.casefold()):
        yield from _splits(run)


def _splits(run: str) -> Iterator[str]:
    """Cut letters without a space into as many words as a key has, in every way there is."""
    words = frozenset(words_of("en"))
    hopeless: set[tuple[int, int]] = set()

    def cut(at: int, left: int) -> Iterator[str]:
        if not left:
            if at == len(run):
                yield ""
            return
        if (at, left) in hopeless:
            return
        found = False
        for length in range(_LETTERS_MIN, _LETTERS_MAX + 1):
            word = run[at : at + length]
            if word in words:
                for rest in cut(at + length, left - 1):
                    found = True
                    yield f"{word} {rest}"
        if not found:
            hopeless.add((at, left))

    yield from islice(cut(0, WORDS.count), _SPLITS_MAX)
