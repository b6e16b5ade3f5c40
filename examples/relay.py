"""A relay in ten lines: prints its line for --relay, and carries what it can not hear."""

import asyncio
import sys

from p2p.relay.config import RelaySettings
from p2p.relay.server import run_relay

HOST, PORT = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1", 0
asyncio.run(run_relay(RelaySettings((HOST, PORT)), lambda line: print(line, flush=True)))
