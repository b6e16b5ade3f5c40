"""A relay in a process of its own, which can be killed. Run as a module; prints its line."""

import asyncio
import signal
import sys

from p2p.relay.control import Control
from p2p.relay.server import RelaySettings, run_relay
from tests.p2p.relay.floors import HostFloor


async def main() -> None:
    control = Control()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, control.drain)
    await run_relay(
        RelaySettings(("127.0.0.1", 0), drain_timeout_s=10.0),
        lambda contact: print(contact, flush=True),
        control,
        make_floor=HostFloor,
    )


if __name__ == "__main__":
    asyncio.run(main())
    sys.exit(0)
