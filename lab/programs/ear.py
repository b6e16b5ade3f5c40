"""A member that listens and says twenty times a second how many frames of each speaker it heard.

``ear.py NAME MODE RELAY...``, the room's words on standard input. Each line of standard output is
an object: ``t`` monotonic seconds, ``heard`` frames decoded so far by the speaker's number, and
``notices``, what it was told since the line before of its own line.
"""

import asyncio
import json
import sys
import time

from crypto.invite import parse_key_text
from p2p.api.events import Joined, Left
from p2p.node import Node, Settings, join_room
from p2p.node.session import Session

LOOK_EVERY_S = 0.05
SPEAKERS_MAX = 20


def heard(node: Node) -> dict[int, int]:
    pipeline = node._ours.sound.pipeline
    counts = {n: pipeline.speaker_stats(n)["played"] for n in range(1, SPEAKERS_MAX)}
    return {n: count for n, count in counts.items() if count}


async def tell(node: Node, notices: list[str]) -> None:
    while True:
        if isinstance(node.state, Session):
            row = {"t": time.monotonic(), "heard": heard(node), "notices": notices[:]}
            notices.clear()
            print(json.dumps(row), flush=True)
        await asyncio.sleep(LOOK_EVERY_S)


async def main() -> None:
    name, mode, *relays = sys.argv[1:]
    invite = parse_key_text(sys.stdin.readline())
    settings = Settings(
        name,
        mode=mode,
        relays=tuple(relays),
        bootstrap=tuple(relays),
        mic="silence",
        speaker="null",
    )
    node = await join_room(settings, invite)
    running = asyncio.ensure_future(node.run())
    notices: list[str] = []
    telling = asyncio.ensure_future(tell(node, notices))
    while not isinstance(event := await node.next_event(), Left):
        if type(event).__name__ == "LineChanged":  # an earlier program has none
            notices.append(f"narrow out {event.narrow_out}, in {event.narrow_in}")
        elif isinstance(event, Joined):
            notices.append("joined")
        if running.done():
            break
    telling.cancel()
    await running


if __name__ == "__main__":
    asyncio.run(main())
