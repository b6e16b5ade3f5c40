"""``teahouse demo``: the command line of the demo."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from functools import partial

from p2p.console import CTRL_C, ENDS, on_console_end
from tui.demo.run import run_plain
from tui.i18n import chosen_language, tr, use_language

ALONE_SECONDS = 15.0
"""So long it runs where nobody sits who could end it."""
LEAST_SECONDS = 5.0


def main(argv: Sequence[str]) -> int:
    """Runs the demo.

    Args:
        argv: What follows ``demo`` on the command line.

    Returns:
        0 when everybody who should be heard was heard by everybody, else 1.
    """
    args = parser().parse_args(argv)
    plain = args.plain or args.json or not (sys.stdin.isatty() and sys.stdout.isatty())
    seconds = args.seconds
    if args.lang:
        use_language(chosen_language(args.lang, {}))
    if seconds is None and (args.json or not sys.stdout.isatty()):
        seconds = ALONE_SECONDS
    if seconds is not None and seconds < LEAST_SECONDS:
        least = tr("teahouse demo: takes {count} seconds at least", count=f"{LEAST_SECONDS:g}")
        sys.stderr.write(f"{least}\n")
        return 2
    if plain:
        return asyncio.run(_interruptible(seconds, as_json=args.json))
    from tui.demo.screen import run_screen

    return run_screen(seconds)


async def _interruptible(seconds: float | None, *, as_json: bool) -> int:
    running = asyncio.ensure_future(run_plain(seconds, as_json=as_json))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, running.cancel)
    on_console_end(partial(loop.call_soon_threadsafe, running.cancel), (CTRL_C, *ENDS))
    try:
        return await running
    except asyncio.CancelledError:
        return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(
        prog="teahouse demo",
        description="A real room on this machine: entry nodes, a host, guests that find it by "
        "its words, speech, a raised hand.",
    )
    made.add_argument("--plain", action="store_true", help="sentences instead of the screen")
    made.add_argument(
        "--json", action="store_true", help="one object at the end, nothing else on stdout"
    )
    made.add_argument(
        "--seconds", type=float, metavar="N", help="end N seconds after the first has joined"
    )
    made.add_argument("--lang", metavar="CODE", help=argparse.SUPPRESS)
    return made
