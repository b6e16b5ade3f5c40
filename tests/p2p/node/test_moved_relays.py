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


async def moved(relay: Running) -> str:
    """Ends it and begins it again at another port; gives its new line."""
    before = relay.line
    await relay.end()
    assert await relay.begin() != before
    return relay.line


async def hears(person: Person, limit_s: float = BACK_S) -> None:
    count = opened(person)
    async with asyncio.timeout(limit_s):
        while opened(person) < count + 50:  # noqa: ASYNC110  sound has no event
            await asyncio.sleep(0.1)


async def until_linked(person: Person, line: str, limit_s: float = BACK_S) -> None:
    async with asyncio.timeout(limit_s):
        while not any(  # noqa: ASYNC110  a link has no event here
            str(link.line.link.remote_address[1]) == line.partition("#")[0].rpartition(":")[2]
            for link in person.session._ours.relay_links.links
            if link.line.link.remote_address is not None
        ):
            await asyncio.sleep(0.1)


async def until_named(person: Person, count: int) -> None:
    async with asyncio.timeout(BACK_S):
        while len(person.session.peers.room.state.carriers) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_without_entry_nodes_who_hangs_on_another_relay_learns_it_from_a_member(
    tmp_path: Path,
) -> None:
    relays = [Running(tmp_path / name) for name in "ab"]
    for relay in relays:
        await relay.begin()
    ways = {"mode": "shield", "bootstrap": (), "relays": tuple(one.line for one in relays)}
    async with a_house() as house:
        host = await house.host("host", **ways)
        guest = await house.guest("guest", (await host.key()).invite, **ways)
        await guest.until(e.Joined)
        host.node.do(c.SetMic(True))
        await guest.until(e.FirstSound)
        await until_named(guest, 2)
        host.node.do(c.UseRelay(await moved(relays[0])))
        await until_linked(guest, relays[0].line)
        await relays[1].end()  # the sound has only the one that has moved
        await hears(guest)
        await relays[0].end()


async def test_in_the_open_a_neighbour_tells_where_the_relays_are_now(tmp_path: Path) -> None:
    relays = [Running(tmp_path / name) for name in "ab"]
    for relay in relays:
        await relay.begin()
    ways = {"mode": "open", "bootstrap": (), "relays": tuple(one.line for one in relays)}
    async with a_house() as house:
        host = await house.host("host", only="relay", **ways)
        guest = await house.guest("guest", (await host.key()).words, only="relay", **ways)
        await guest.until(e.Joined)
        await until_named(guest, 2)
        async with asyncio.timeout(BACK_S):
            while not guest.session.peers.neighbours:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await asyncio.gather(*(relay.end() for relay in relays))
        for relay in relays:
            await relay.begin()
            host.node.do(c.UseRelay(relay.line))
        for relay in relays:
            await until_linked(guest, relay.line)
        for relay in relays:
            await relay.end()
