"""How many files a frame of sound, and a raised hand, pass inside one member's program.

Two members in shield mode and a real relay run in this process. ``sys.setprofile`` notes each file
of the project in which a function runs: from the socket's receiver to the speaker's inbox, and from
the command to the socket. What else the program does meanwhile is told apart by a context variable,
which asyncio hands on to every task and callback that begins on the way.

    python -m bench.files_crossed [--list]
"""

import asyncio
import sys
from collections import Counter
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Any

from audio.playout.speakers import Speakers
from lab.node_house import Person, a_house
from p2p.api import commands, events
from p2p.link.mux import Mux

ROOT = Path(__file__).parents[1]
PACKAGES = ("audio", "crypto", "p2p")
FRAMES = 100
HANDS = 10

Path_ = tuple[str, ...]
_on_the_way: ContextVar[dict[str, None] | None] = ContextVar("on_the_way", default=None)


def note_file(frame: FrameType, event: str, _arg: object) -> None:
    """For ``sys.setprofile``: notes the file of a function that begins."""
    files = _on_the_way.get()
    if event == "call" and files is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES:
            files[path.relative_to(ROOT).as_posix()] = None


async def paths_of_frames(mux: Mux) -> Counter[Path_]:
    """The files that each frame passes, from this socket to the inbox of its speaker."""
    paths: Counter[Path_] = Counter()
    received, put = Mux._received, Speakers.put

    def receive(self: Mux, *args: Any) -> None:
        token = _on_the_way.set({} if self is mux else None)
        try:
            received(self, *args)
        finally:
            _on_the_way.reset(token)

    def arrive(self: Speakers, *args: Any) -> None:
        put(self, *args)
        if (files := _on_the_way.get()) is not None:
            paths[tuple(files)] += 1

    Mux._received, Speakers.put = receive, arrive  # type: ignore[method-assign]
    try:
        while paths.total() < FRAMES:  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.05)
    finally:
        Mux._received, Speakers.put = received, put  # type: ignore[method-assign]
    return paths


async def path_of_a_command(person: Person, mux: Mux, command: commands.Command) -> Path_:
    """The files that a command passes until its first datagram leaves this socket."""
    sent: asyncio.Future[Path_] = asyncio.get_running_loop().create_future()
    transmit = Mux._transmit

    def leave(self: Mux, *args: Any) -> None:
        transmit(self, *args)
        files = _on_the_way.get()
        if self is mux and files is not None and not sent.done():
            sent.set_result(tuple(files))

    Mux._transmit = leave  # type: ignore[method-assign]
    token = _on_the_way.set({})
    try:
        person.node.do(command)
    finally:
        _on_the_way.reset(token)
    try:
        return await asyncio.wait_for(sent, 10.0)
    finally:
        Mux._transmit = transmit  # type: ignore[method-assign]


def report(what: str, paths: Counter[Path_]) -> None:
    """The most common path, and the longest."""
    [(usual, _)] = paths.most_common(1)
    print(f"{what}: {len(usual)} files as a rule, {max(map(len, paths))} at most")
    if "--list" in sys.argv:
        print(*(f"  {file}" for file in usual), sep="\n")


async def measure() -> None:
    """Runs the room and reports."""
    async with a_house() as house:
        relay = await house.relay()
        shield = {"mode": "shield", "relays": (relay,)}
        host = await house.host("host", **shield)
        guest = await house.guest("guest", (await host.key()).words, **shield)
        await guest.until(events.Joined)
        host.node.do(commands.SetMic(True))
        await guest.until(events.FirstSound)
        mux = guest.node._ours.endpoint.station.mux
        sys.setprofile(note_file)
        try:
            frames = await paths_of_frames(mux)
            hands: Counter[Path_] = Counter()
            for _ in range(HANDS):
                hands[await path_of_a_command(guest, mux, commands.RaiseHand())] += 1
                guest.node.do(commands.LowerHand())
                await asyncio.sleep(0.5)
        finally:
            sys.setprofile(None)
    report("a frame through a relay, socket to inbox", frames)
    report("a raised hand through a relay, command to socket", hands)


if __name__ == "__main__":
    asyncio.run(measure())
