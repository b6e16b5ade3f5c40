"""How many files a frame of sound, and a raised hand, pass inside one member's program.

Two members in shield mode and a real relay run in this process. ``sys.setprofile`` notes each file
of the project in which a function runs: from the socket's receiver to the speaker's inbox, and from
the command to the data channel of the link to the relay. Of these files some only help; those that
hand the thing on, one calling the next, are counted as well. What else the program does meanwhile
is told apart by a context variable, which asyncio hands on to every task and callback that begins
on the way.

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
from p2p.link.channel import Channel
from p2p.link.mux import Mux

ROOT = Path(__file__).parents[1]
PACKAGES = ("audio", "crypto", "p2p")
FRAMES = 100
HANDS = 10

Path_ = tuple[str, ...]
_handing_on: dict[str, set[str]] = {}
_on_the_way: ContextVar[dict[str, None] | None] = ContextVar("on_the_way", default=None)


def project_file(frame: FrameType) -> str | None:
    """The name in the project of the file whose function this is; None if it is none of ours."""
    path = Path(frame.f_code.co_filename)
    if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in PACKAGES:
        return path.relative_to(ROOT).as_posix()
    return None


def handing_on(frame: FrameType | None) -> set[str]:
    """The files of a function and of all that called it."""
    names = set[str]()
    while frame is not None:
        if (name := project_file(frame)) is not None:
            names.add(name)
        frame = frame.f_back
    return names


def note_file(frame: FrameType, event: str, _arg: object) -> None:
    """For ``sys.setprofile``: notes the file of a function that begins."""
    files = _on_the_way.get()
    if event == "call" and files is not None and (name := project_file(frame)) is not None:
        files[name] = None


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
            _handing_on["frame"] = handing_on(sys._getframe())

    Mux._received, Speakers.put = receive, arrive  # type: ignore[method-assign]
    try:
        while paths.total() < FRAMES:  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.05)
    finally:
        Mux._received, Speakers.put = received, put  # type: ignore[method-assign]
    return paths


async def path_of_a_command(person: Person, command: commands.Command) -> Path_:
    """The files that a command passes until a link's data channel has its first message."""
    sent: asyncio.Future[Path_] = asyncio.get_running_loop().create_future()
    send_message = Channel.send_message

    def send(self: Channel, data: bytes) -> bool:
        files = _on_the_way.get()
        if files is not None and not sent.done():
            sent.set_result((*files, "p2p/link/channel.py"))
            _handing_on["hand"] = handing_on(sys._getframe())
        return send_message(self, data)

    Channel.send_message = send  # type: ignore[method-assign]
    token = _on_the_way.set({})
    try:
        person.node.do(command)
    finally:
        _on_the_way.reset(token)
    try:
        return await asyncio.wait_for(sent, 10.0)
    finally:
        Channel.send_message = send_message  # type: ignore[method-assign]


def report(what: str, paths: Counter[Path_], on: set[str]) -> None:
    """The most common path, the longest, and which of the files hand the thing on."""
    [(usual, _)] = paths.most_common(1)
    print(f"{what}: {len(usual)} files as a rule, {max(map(len, paths))} at most")
    parts = Counter("/".join(Path(file).parts[:2]) for file in usual)
    handed = [file for file in usual if file in on or file == usual[-1]]
    print(f"  {len(handed)} of them hand it on: {' '.join(handed)}")
    print("  " + ", ".join(f"{part} {count}" for part, count in parts.most_common()))
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
                hands[await path_of_a_command(guest, commands.RaiseHand())] += 1
                guest.node.do(commands.LowerHand())
                await asyncio.sleep(0.5)
        finally:
            sys.setprofile(None)
    report("a frame through a relay, socket to inbox", frames, _handing_on["frame"])
    report("a raised hand through a relay, command to data channel", hands, _handing_on["hand"])


if __name__ == "__main__":
    asyncio.run(measure())
