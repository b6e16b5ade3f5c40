"""Real nodes on loopback sockets in one process, for the tests beside this file."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from crypto.invite import Invite, parse_key_text
from p2p.api import events
from p2p.api.commands import Leave
from p2p.node import Node, Settings, create_room, join_room
from p2p.node.session import Session
from p2p.relay.server import Relay, RelaySettings, run_relay

LIMIT_S = 20.0
E = TypeVar("E")


class Person:
    """A node and everything it has reported so far."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.told: list[events.Event] = []
        self._changed = asyncio.Event()
        self.running = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        reading = asyncio.ensure_future(self._read())
        try:
            await self.node.run()
            await reading
        finally:
            reading.cancel()
            self._changed.set()

    async def _read(self) -> None:
        while True:
            event = await self.node.next_event()
            self.told.append(event)
            self._changed.set()
            if isinstance(event, events.Left):
                return

    @property
    def session(self) -> Session:
        """Of the room that the node is in."""
        assert isinstance(self.node.state, Session)
        return self.node.state

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.told if isinstance(event, kind)]

    async def until(
        self, kind: type[E], true: Callable[[E], bool] = lambda _: True, since: int = 0
    ) -> E:
        """The first event of a kind, from the ``since``-th on, that fits."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                for event in self.told[since:]:
                    if isinstance(event, kind) and true(event):
                        return event
                if self.running.done():
                    self.running.result()
                    raise AssertionError(f"ended before {kind.__name__}")
                self._changed.clear()
                await self._changed.wait()

    def number_of(self, name: str) -> int:
        return next(e.n for e in self.all(events.MemberChanged) if e.name == name)

    async def key(self) -> events.KeyShown:
        return await self.until(events.KeyShown)

    async def leave(self) -> events.Left:
        self.node.do(Leave())
        left = await self.until(events.Left)
        await self.running
        return left


class House:
    """Opens rooms and people in them, and ends all of them with the test."""

    def __init__(self) -> None:
        self._people: list[Person] = []
        self._relays: list[asyncio.Future[None]] = []
        self.relays: list[Relay] = []
        self.entry_nodes: list[str] = []
        self.relay_port = 0

    async def relay(self) -> str:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        settings = RelaySettings(("127.0.0.1", 0), tuple(self.entry_nodes))
        relay = run_relay(
            settings,
            lambda contact: ready.set_result(str(contact)),
            on_running=self.relays.append,
        )
        self._relays.append(asyncio.ensure_future(relay))
        line = await asyncio.wait_for(ready, LIMIT_S)
        self.entry_nodes.append(line)
        self.relay_port = int(line.partition("#")[0].rpartition(":")[2])
        return line

    def settings(self, name: str, **more: object) -> Settings:
        values: dict[str, object] = {
            "name": name,
            "listen": ("127.0.0.1", 0),
            "bootstrap": tuple(self.entry_nodes),
            "mic": "tone:440",
            "speaker": "null",
            **more,
        }
        return Settings(**values)  # type: ignore[arg-type]

    async def host(self, name: str = "host", **more: object) -> Person:
        person = Person(await create_room(self.settings(name, **more)))
        self._people.append(person)
        await person.until(events.Joined)
        return person

    async def guest(self, name: str, key: str | Invite, **more: object) -> Person:
        """Starts to join; the caller waits for ``Joined``."""
        invite = parse_key_text(key) if isinstance(key, str) else key
        person = Person(await join_room(self.settings(name, **more), invite))
        self._people.append(person)
        return person

    async def close(self) -> None:
        for person in self._people:
            if not person.running.done():
                person.node.do(Leave())
        everything = [p.running for p in self._people]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LIMIT_S):
                await asyncio.gather(*everything, return_exceptions=True)
        for task in [*everything, *self._relays]:
            task.cancel()
        async with asyncio.timeout(LIMIT_S):
            await asyncio.gather(*everything, *self._relays, return_exceptions=True)


@contextlib.asynccontextmanager
async def a_house() -> AsyncIterator[House]:
    house = House()
    try:
        yield house
    finally:
        await house.close()
