"""What a command understands, taken from its parser in one plain form."""

import argparse
import re
from dataclasses import dataclass

FILES = ("FILE", "DIR")


@dataclass(frozen=True, slots=True)
class Flag:
    """One option or word of a command.

    Attributes:
        names: As they are typed, ``--mic``; empty for a word without dashes.
        value: What the value is called; empty: it takes none.
        words: What the value, or the word, can be; empty: anything.
        about: One line.
        many: It may be given more than once.
    """

    names: tuple[str, ...]
    value: str
    words: tuple[str, ...]
    about: str
    many: bool

    @property
    def is_file(self) -> bool:
        """Whether the value is a path."""
        return self.value in FILES


def flags_of(parser: argparse.ArgumentParser) -> list[Flag]:
    """Return the options of a parser in their order, then its words."""
    actions = [
        one
        for one in parser._actions  # noqa: SLF001  argparse names its options nowhere else
        if one.help != argparse.SUPPRESS
    ]
    flags = [_flag(one) for one in actions]
    return [one for one in flags if one.names] + [one for one in flags if not one.names]


def _flag(action: argparse.Action) -> Flag:
    takes = action.nargs != 0 and not isinstance(action, argparse.BooleanOptionalAction)
    value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    words = tuple(str(one) for one in action.choices or ())
    about = " ".join((action.help or "").split()).replace("%%", "%")
    # What argparse of some versions adds to the help of --x and --no-x.
    about = re.sub(r" \(default: .*\)$", "", about)
    many = action.nargs in ("*", "+") or type(action).__name__ == "_AppendAction"
    return Flag(tuple(action.option_strings), value if takes else "", words, about, many)
