"""The help of a command, and what is wrong with a line, in the chosen language."""

import argparse
import re

from tui.i18n import mark, tr, trn

_DEFAULT = re.compile(r"(.*) \(default (.*)\)", re.DOTALL)
_GROUPS = (mark("options"), mark("positional arguments"))


MISTAKES = (
    mark("%(prog)s: error: %(message)s\n"),
    mark("argument %(argument_name)s: %(message)s"),
    mark("unrecognized arguments: %s"),
    mark("the following arguments are required: %s"),
    mark("one of the arguments %s is required"),
    mark("expected one argument"),
    mark("expected at most one argument"),
    mark("expected at least one argument"),
    mark("invalid choice: %(value)r (choose from %(choices)s)"),
    mark("not allowed with argument %s"),
    mark("ignored explicit argument %r"),
    mark("ambiguous option: %(option)s could match %(matches)s"),
)
"""What argparse says of a command line, as its versions from 3.11 on have it."""


def argparse_speaks() -> None:
    """Let argparse say what is wrong with a line in the language that is chosen then.

    It takes its words from gettext, which wants compiled catalogues in a folder of the system.
    """
    setattr(argparse, "_", tr)  # noqa: B010  the checker knows the module without these names

    def plural(one: str, many: str, count: int) -> str:
        return trn(one, many, count) if count != 1 else tr(one)

    setattr(argparse, "ngettext", plural)  # noqa: B010


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
