"""``teahouse relay``: the volunteer's command line."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from p2p.dht.contact import NodeContact
from p2p.relay.keyfile import default_state_dir
from p2p.relay.server import RelaySettings, is_public, run_relay
from p2p.wire.addresses import Address

DEFAULT_LISTEN = ("0.0.0.0", 4433)  # noqa: S104  a relay is there to be reached


def main(argv: Sequence[str]) -> int:
    """Runs a relay until a signal ends it.

    Args:
        argv: What follows ``relay`` on the command line.

    Returns:
        The exit code.

    Raises:
        UserError: An option is no good, or the port is in use.
    """
    args = _parser().parse_args(argv)
    state_dir = Path(args.state_dir) if args.state_dir else None
    settings = RelaySettings(args.listen, tuple(args.bootstrap), state_dir)
    asyncio.run(_run(settings))
    return 0


async def _run(settings: RelaySettings) -> None:
    running = asyncio.ensure_future(run_relay(settings, _announce))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        # Not on Windows, where Ctrl-C raises KeyboardInterrupt instead.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _announce(contact: NodeContact) -> None:
    sys.stdout.write(f"{contact}\n")
    sys.stdout.flush()
    _say("this line is for --bootstrap and for bootstrap_nodes.txt")
    if not is_public(contact):
        _say(
            "the address in it is not a public one: people outside need the public address "
            "and a forwarded UDP port in its place"
        )
    _say("entry node and courier; it holds no room key and carries no sound yet")


def _say(text: str) -> None:
    sys.stderr.write(f"teahouse relay: {text}\n")


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise argparse.ArgumentTypeError("write it as HOST:PORT, for instance 0.0.0.0:4433")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="teahouse relay",
        description="An entry node for the DHT and a courier of sealed knocks, on one UDP port. "
        "It holds no room key and carries no sound yet.",
    )
    parser.add_argument(
        "--listen",
        type=_address,
        default=DEFAULT_LISTEN,
        metavar="HOST:PORT",
        help="where to listen (default 0.0.0.0:4433)",
    )
    parser.add_argument(
        "--bootstrap",
        action="append",
        default=[],
        metavar="HOST:PORT#NODEKEY",
        help="another entry node; may be given several times",
    )
    parser.add_argument(
        "--state-dir",
        default=str(default_state_dir()),
        metavar="DIR",
        help="where the relay keeps its key (default %(default)s); '' for a key of this run only",
    )
    return parser
