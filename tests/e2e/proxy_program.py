"""A proxy as a program, for the machines of a lab: KIND IP PORT RELAY-IP RELAY-PORT."""

import asyncio
import sys

from tests.p2p.link.web.proxies import TestProxy


async def main() -> None:
    kind, ip, port, relay_ip, relay_port = sys.argv[1:]
    async with TestProxy(kind, (relay_ip, int(relay_port))).running(ip, int(port)) as proxy:
        print(proxy.url, flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
