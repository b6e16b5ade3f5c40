"""``teahouse relay``, which says to the volunteer what it does in the chosen language."""

from collections.abc import Sequence

from p2p.relay import cli
from tui.i18n import tr


def main(argv: Sequence[str]) -> int:
    """Run a relay until a signal ends it; returns the exit code."""
    return cli.main(argv, tr)
