"""Listens in a room and prints who speaks, a line each. The key is read from standard input."""

import argparse
import asyncio
import sys

from crypto.invite import Invite, parse_key_text
from p2p.api.events import Left, MemberChanged, SpeakingChanged
from p2p.node import Settings, join_room


async def listen(invite: Invite, relays: tuple[str, ...]) -> None:
    """Joins in shield mode, hears nothing aloud, and stays until the room is left."""
    settings = Settings("listener", mode="shield", relays=relays, mic="silence", speaker="null")
    node = await join_room(settings, invite)
    names: dict[int, str] = {}
    running = asyncio.ensure_future(node.run())
    while not isinstance(event := await node.next_event(), Left):
        if isinstance(event, MemberChanged):
            names[event.n] = event.name
        elif isinstance(event, SpeakingChanged):
            print(names.get(event.n, "?"), "speaks" if event.on else "is silent", flush=True)
        if running.done():
            break
    await running


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--relay", action="append", default=[], help="a relay's line")
    asked = parser.parse_args()
    asyncio.run(listen(parse_key_text(sys.stdin.read()), tuple(asked.relay)))
