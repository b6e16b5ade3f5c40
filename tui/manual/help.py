"""``teahouse help``: what a command understands."""

import argparse
import sys
from collections.abc import Sequence

from p2p.errors import UserError
from tui.i18n import mark
from tui.manual.translated import help_of

_USAGE = 2


def main(argv: Sequence[str]) -> int:
    """Print the help of one command, or of the program.

    Args:
        argv: What follows ``help`` on the command line.

    Returns:
        0.

    Raises:
        UserError: There is no such command.
    """
    from tui.options import main_parser
    from tui.programs import BY_NAME, listing

    name = parser().parse_args(argv).command
    if name is None:
        sys.stdout.write(help_of(main_parser(listing())))
        return 0
    if name not in BY_NAME:
        raise UserError(
            "unknown_command",
            mark("There is no command `{word}`."),
            mark("`teahouse --help` lists all commands."),
            _USAGE,
            word=name[:40],
        )
    sys.stdout.write(help_of(BY_NAME[name].parser()))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(
        prog="teahouse help", description="Shows what the program, or one command, understands."
    )
    made.add_argument("command", nargs="?", metavar="COMMAND", help="the command")
    return made
