"""Relays that go on at other addresses, and a room that finds them there."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lab.node_house import House, Person, a_house
from p2p.api import commands as c
from p2p.api import events as e
from p2p.relay.server import RelaySettings, run_relay

BACK_S = 15.0


@dataclass
class Running:
    """A relay whose key is in a folder: stopped and begun again, it is the same at another port."""

    folder: Path
    entry_nodes: tuple[str, ...] = ()
    bootstrap_only: bool = False
    line: str = ""
    _task: asyncio.Future[None] = field(init=False, repr=False)

    async def begin(self) -> str:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        settings = RelaySettings(
            ("127.0.0.1", 0),
            self.entry_nodes,
            state_dir=self.folder,
            bootstrap_only=self.bootstrap_only,
            drain_timeout_s=0.0,
        )
        running = run_relay(settings, lambda contact: ready.set_result(str(contact)))
        self._task = asyncio.ensure_future(running)
        self.line = await asyncio.wait_for(ready, 10.0)
        return self.line

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def entry(tmp_path: Path) -> AsyncIterator[Running]:
    made = Running(tmp_path / "entry", bootstrap_only=True)
    await made.begin()
    yield made
    await made.end()


async def two_who_talk(house: House, entry: Running, relays: list[Running]) -> list[Person]:
    for relay in relays:
        await relay.begin()
    ways = {
        "mode": "shield",
        "bootstrap": (entry.line,),
        "relays": tuple(relay.line for relay in relays),
    }
    host = await house.host("host", **ways)
    guest = await house.guest("guest", (await host.key()).words, **ways)
    await guest.until(e.Joined)
    host.node.do(c.SetMic(True))
    await guest.until(e.FirstSound)
    return [host, guest]


async def test_when_both_relays_of_a_room_have_moved_sound_is_back_soon(
    entry: Running, tmp_path: Path
) -> None:
    relays = [Running(tmp_path / name, (entry.line,)) for name in "ab"]
    async with a_house() as house:
        _, guest = await two_who_talk(house, entry, relays)
        before = [relay.line for relay in relays]
        await asyncio.gather(*(relay.end() for relay in relays))
        await asyncio.sleep(1.0)
        count = opened(guest)
        for relay in relays:
            await relay.begin()
        assert not set(before) & {relay.line for relay in relays}
        async with asyncio.timeout(BACK_S):
            while opened(guest) < count + 50:  # noqa: ASYNC110  sound has no event
                await asyncio.sleep(0.1)
        for relay in relays:
            await relay.end()


def opened(person: Person) -> int:
    return sum(row["opened"] for row in person.session.reports.stats.stats().speakers)
