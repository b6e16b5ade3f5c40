"""``teahouse relay`` for the rooms of the tests: a process that can be killed."""

import functools
import sys

from p2p.relay import cli
from p2p.relay.server import run_relay
from tests.p2p.relay.floors import HostFloor

OPTIONS = ("--listen", "127.0.0.1:0", "--state-dir", "", "--drain-timeout", "10s")

if __name__ == "__main__":
    cli.run_relay = functools.partial(run_relay, make_floor=HostFloor)  # type: ignore[assignment]
    sys.exit(cli.main([*OPTIONS, *sys.argv[1:]]))
