"""One person: a real process driven through the line mode. For the tests beside it.

A test waits for events, never for time to pass. Limits are for a machine with nothing else to do,
times ``SLACK``; ``TEAHOUSE_TEST_SLACK=1`` holds the program to the bare numbers.
"""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CLIPS = ROOT / "audio" / "clips"
SLACK = float(os.environ.get("TEAHOUSE_TEST_SLACK", "3"))
LIMIT_S = 20.0
LINE_LIMIT_BYTES = 1 << 20
PR_SET_PDEATHSIG = 1
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TEAHOUSE_CONFIG": "",
}

Event = dict[str, Any]


def _as_from_a_shell() -> None:
    """In the child: a test run that is killed leaves nobody behind, and Ctrl+C ends a program.

    A run in the background of a script ignores Ctrl+C, and so would all that it starts.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Person:
    """One process.

    Args:
        name: For messages about it, and its name in the room.

    Attributes:
        events: All JSON events so far.
        talk: All lines of its standard error so far.
        other: Lines of standard output that are no JSON.
        code: The exit code, once it has ended.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.events: list[Event] = []
        self.talk: list[str] = []
        self.other: list[str] = []
        self.code: int | None = None
        self.began_s = time.monotonic()
        self.ended_s: float | None = None
        self._changed = asyncio.Event()
        self._readers: list[asyncio.Task[None]] = []

    async def start(
        self,
        *command: str,
        stdin: int = asyncio.subprocess.PIPE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *command,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
            limit=LINE_LIMIT_BYTES,
            start_new_session=True,
            preexec_fn=_as_from_a_shell,
        )
        self.began_s = time.monotonic()
        self._readers = [
            asyncio.create_task(self._read(self.process.stdout, self._line)),
            asyncio.create_task(self._read(self.process.stderr, self.talk.append)),
            asyncio.create_task(self._wait()),
        ]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def now(self) -> int:
        """A mark in the events: what comes from here on is new."""
        return len(self.events)

    def say(self, line: str) -> None:
        """Types one line."""
        self.process.stdin.write(line.encode() + b"\n")

    def hang_up(self) -> None:
        """Closes its standard input."""
        self.process.stdin.close()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def until(self, true: Callable[[], Any], what: str, within_s: float = LIMIT_S) -> Any:
        """Waits until ``true()`` is; it is asked after every line that the process writes."""
        deadline_s = time.monotonic() + within_s * SLACK
        while not (found := true()):
            self._changed.clear()
            left_s = deadline_s - time.monotonic()
            assert self.code is None, f"{self.name} ended before {what}: {self._story()}"
            assert left_s > 0, f"{self.name}: no {what} in {within_s * SLACK} s: {self._story()}"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_s)
        return found

    async def hears(
        self, kind: str, since: int = 0, within_s: float = LIMIT_S, **fields: Any
    ) -> Event:
        """Waits for the first event of this kind with these fields, from the mark ``since`` on."""

        def found() -> Event | None:
            return next(iter(self.heard(kind, since, **fields)), None)

        return await self.until(found, f"{kind} {fields or ''}", within_s)

    def heard(self, kind: str, since: int = 0, **fields: Any) -> list[Event]:
        """The events of this kind with these fields, from the mark ``since`` on."""
        return [
            event
            for event in self.events[since:]
            if event["event"] == kind and all(event[k] == v for k, v in fields.items())
        ]

    async def sees(
        self, name: str, since: int = 0, within_s: float = LIMIT_S, **fields: Any
    ) -> Event:
        """Waits for a ``member`` event about somebody by name."""
        return await self.hears("member", since, within_s, name=name, **fields)

    def n_of(self, name: str) -> int:
        """The number of the member seen last under this name."""
        return [event["n"] for event in self.heard("member", name=name)][-1]

    async def asks(self, command: str, answer: str, **fields: Any) -> Event:
        """Types a command and waits for its answer."""
        mark = self.now
        self.say(command)
        return await self.hears(answer, mark, **fields)

    async def counts(self) -> Event:
        """Its totals now."""
        return (await self.asks("stats", "stats"))["totals"]

    async def total(self, key: str, name: str) -> int:
        """Frames ``sent`` to, ``opened`` from or ``rejected`` from the member of this name."""
        rows = (await self.counts())["members"]
        return sum(row[key] for row in rows if row["n"] == self.n_of(name))

    async def hears_more_of(self, name: str, frames: int = 25, within_s: float = LIMIT_S) -> None:
        """Waits until so many more frames of this speaker were opened."""
        opened = await self.total("opened", name)
        await self.opens(name, opened + frames, within_s)

    async def opens(self, name: str, frames: int, within_s: float = LIMIT_S) -> None:
        """Waits until at least so many frames of this speaker were opened in all."""
        deadline_s = time.monotonic() + within_s * SLACK
        while (opened := await self.total("opened", name)) < frames:
            assert time.monotonic() < deadline_s, f"{self.name}: {opened} of {frames} by {name}"
            await asyncio.sleep(0.1)

    async def ended(self, within_s: float = LIMIT_S) -> int:
        """Waits for the end; returns the exit code."""
        _, waiting = await asyncio.wait(self._readers, timeout=within_s * SLACK)
        assert not waiting, f"{self.name} does not end: {self._story()}"
        assert self.code is not None
        return self.code

    async def leave(self) -> Event:
        """Leaves as a person would; returns the last event."""
        self.say("leave")
        assert await self.ended() == 0, self._story()
        assert self.events[-1]["event"] == "left"
        return self.events[-1]

    async def kill(self) -> None:
        """Ends it for certain."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await asyncio.gather(*self._readers)

    def _line(self, line: str) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            self.other.append(line)
        else:
            self.events.append(event)

    async def _read(self, stream: asyncio.StreamReader, take: Callable[[str], None]) -> None:
        async for line in stream:
            take(line.decode().rstrip("\n"))
            self._changed.set()

    async def _wait(self) -> None:
        self.code = await self.process.wait()
        self.ended_s = time.monotonic()
        self._changed.set()

    def _story(self) -> str:
        return f"exit {self.code}, events {self.events[-12:]}, talk {self.talk[-12:]}"
