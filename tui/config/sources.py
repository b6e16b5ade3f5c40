"""Where a setting comes from: default before config file before environment before flag."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from p2p.errors import UserError
from tui.config.file import path_of, read
from tui.config.options import BY_NAME, OPTIONS, Option, Value
from tui.i18n import mark

Origin = Literal["default", "config", "environment"]
_USAGE = 2


@dataclass(frozen=True, slots=True)
class Choice:
    """One value, and where it was chosen."""

    option: Option
    value: Value
    origin: Origin


def choices(environ: Mapping[str, str]) -> list[Choice]:
    """Return all settings without those of the command line.

    Raises:
        UserError: The file, or a variable of the environment, is no good.
    """
    path = path_of(environ)
    filed = {} if path is None else read(path)
    return [_choice(option, filed, environ) for option in OPTIONS]


def parse_with_config(
    parser: argparse.ArgumentParser, argv: Sequence[str], environ: Mapping[str, str]
) -> argparse.Namespace:
    """Parse a command line, and fill in what it leaves open from environment and file.

    Args:
        parser: Of a command; the options whose ``dest`` it knows are filled in.
        argv: The command line.
        environ: The environment.

    Raises:
        UserError: As ``choices``.
    """
    options = parser.parse_args(argv)
    # The language was chosen before any command was known.
    filled = [option for option in OPTIONS if option.name != "language"]
    known = [option for option in filled if hasattr(options, option.dest)]
    parser.set_defaults(**{option.dest: None for option in known})
    given = parser.parse_args(argv)
    for choice in choices(environ):
        option = choice.option
        if choice.origin == "default" or option not in known:
            continue
        if getattr(given, option.dest) is None:
            value = list(choice.value) if isinstance(choice.value, tuple) else choice.value
            setattr(options, option.dest, value)
    return options


def configured_language(environ: Mapping[str, str]) -> str | None:
    """Return the language that was chosen for every run; None if none was.

    A file that is no good is left to who needs it: its error has to be said in some language.
    """
    try:
        found = next(one for one in choices(environ) if one.option is BY_NAME["language"])
    except UserError:
        return None
    return str(found.value) or None


def _choice(option: Option, filed: Mapping[str, Value], environ: Mapping[str, str]) -> Choice:
    if text := environ.get(option.variable):
        try:
            words = text.split() if option.kind == "list" else [text]
            return Choice(option, option.of_words(words), "environment")
        except ValueError as mistake:
            raise UserError(
                "bad_environment",
                mark("The variable {name} has a value that can not be used."),
                "{advice}",
                _USAGE,
                name=option.variable,
                advice=str(mistake),
            ) from None
    if option.name in filed:
        return Choice(option, filed[option.name], "config")
    return Choice(option, option.default, "default")
