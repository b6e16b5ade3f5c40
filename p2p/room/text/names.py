"""Text that other people chose, made safe to put on a screen.

A name can hold terminal commands, reverse the line it stands in, pile up marks until it covers
its neighbours, or be invisible. What passes here can do none of that (UAX #9, UAX #15, UAX #44).
"""

import unicodedata
from typing import Self

from crypto.ids import MemberId

NAME_CELLS = 16
TOPIC_CELLS = 60
COMBINING_MAX = 4
_NO_MEMBER = MemberId(b"")
_RAW_MAX = 512
"""Characters looked at; whatever is longer was not typed by a person."""

_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_MARKS = frozenset({"Mn", "Me", "Mc"})
# Drawn as nothing, yet neither control nor format characters: fillers, joiners, selectors.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(c) for c in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)
_MELTED = frozenset(chr(c) for c in range(0x1F3FB, 0x1F400))
"""Tones of skin: some terminals draw them into the sign before, some beside it, two cells wide."""

_MARKS_OF_SCREENS = frozenset(
    "✓✔☑✅√⍻⎷🗸🗹☒✗✘❌❎"  # verified, and what is drawn like it or like its opposite
    "!❗❕❢❣"  # looks like another's
    "▸▹►▻▶▷‣⏵➤➧‧›❯❱"  # speaks, chosen
    "★☆⭐🌟✪✭"  # what elsewhere stands for somebody in charge
)
_BRACKETS = frozenset({"Ps", "Pe"})


def cells(text: str) -> int:
    """Columns that a terminal gives to the text, never too few for what ``clean`` lets pass."""
    return sum(_cells_of(character) for character in text)


def clean(text: str, limit_cells: int) -> str:
    """Make one harmless line of text.

    Args:
        text: Anything.
        limit_cells: Columns it may take; the rest is cut.

    Returns:
        NFC; without control, format, surrogate, private, unassigned and invisible characters;
        spaces plain, single and inside only; at most 4 combining marks in a row (Tibetan needs
        3), none at the start. Cleaning it again changes nothing. May be empty.
    """
    normal = unicodedata.normalize("NFC", text[:_RAW_MAX])
    kept = unicodedata.normalize("NFC", "".join(_visible(normal)))
    out: list[str] = []
    room, marks = limit_cells, 0
    for character in kept:
        marks = marks + 1 if unicodedata.category(character) in _MARKS else 0
        if marks > COMBINING_MAX or (marks and not out):
            continue
        room -= _cells_of(character)
        if room < 0:
            break
        out.append(character)
    return "".join(out).rstrip(" ")


def _visible(text: str) -> list[str]:
    """Drop what is not drawn; make every run of spaces one plain space, none in front."""
    out: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if category in _SPACES or character in "\t\r\n":
            if out and out[-1] != " ":
                out.append(" ")
        elif category not in _DROPPED and character not in _INVISIBLE | _MELTED:
            out.append(character)
    return out


def _cells_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class DisplayName(str):
    """A member's name as it may be shown. Make it with ``clean`` only."""

    __slots__ = ()

    @classmethod
    def clean(cls, text: str, member: MemberId = _NO_MEMBER) -> Self:
        """Make a name safe.

        Args:
            text: What the person chose.
            member: Member id, from which a name is made when nothing visible is left.

        Returns:
            At most 16 cells, never empty. Without the marks that screens set beside names, and
            without brackets, in which they say a role, so that no name claims what it is not.
        """
        bare = "".join(c for c in text[:_RAW_MAX] if not _is_a_mark(c))
        return cls(clean(bare, NAME_CELLS) or f"guest-{member[:2].hex()}".rstrip("-"))


def _is_a_mark(character: str) -> bool:
    """Tell whether a character, or a part of it such as of (1) in one, is kept from names."""
    return any(
        part in _MARKS_OF_SCREENS or unicodedata.category(part) in _BRACKETS
        for part in unicodedata.normalize("NFKC", character)
    )
