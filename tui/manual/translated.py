"""The help of a command in the chosen language."""

import argparse
import re

from tui.i18n import mark, tr

_DEFAULT = re.compile(r"(.*) \(default (.*)\)", re.DOTALL)
_GROUPS = (mark("options"), mark("positional arguments"))


def in_language(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return the parser, whose help now is in the chosen language.

    What stands in its help is looked up as it is; a test keeps the catalogues complete.
    """
    parser.description = _said(parser.description)
    parser.epilog = _said(parser.epilog)
    for group in parser._action_groups:  # noqa: SLF001  argparse names its groups nowhere else
        if group.title in _GROUPS:
            group.title = tr(group.title)
    for action in parser._actions:  # noqa: SLF001  nor its options
        if action.help != argparse.SUPPRESS:
            action.help = _said(action.help)
        for word in getattr(action, "_choices_actions", ()):
            word.help = _said(word.help)
    return parser


def help_of(parser: argparse.ArgumentParser) -> str:
    """Return the help of a command in the chosen language."""
    return in_language(parser).format_help().replace("usage: ", tr("usage: "), 1)


def _said(text: str | None) -> str | None:
    if text is None:
        return None
    with_default = _DEFAULT.fullmatch(text)
    if with_default is None:
        return tr(text)
    return f"{tr(with_default[1])} {tr('(default {value})', value=with_default[2])}"
