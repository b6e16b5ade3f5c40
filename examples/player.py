"""Opens a room, prints its long invite, and plays a sound file into it until it is stopped."""

import argparse
import asyncio

from p2p.api.commands import SetMic
from p2p.api.events import Joined, KeyShown, Left
from p2p.node import Settings, create_room


async def play(path: str, relays: tuple[str, ...]) -> None:
    """Speaks with the sound of a file in place of a microphone."""
    mic = f"file:{path}"
    node = await create_room(
        Settings("player", mode="shield", relays=relays, mic=mic, speaker="null")
    )
    running = asyncio.ensure_future(node.run())
    while not isinstance(event := await node.next_event(), Left):
        if isinstance(event, KeyShown):
            print(event.invite, flush=True)
        elif isinstance(event, Joined):
            node.do(SetMic(True))
        if running.done():
            break
    await running


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--relay", action="append", default=[], help="a relay's line")
    parser.add_argument("file", help="any sound file")
    asked = parser.parse_args()
    asyncio.run(play(asked.file, tuple(asked.relay)))
