"""One process of the demo, driven through the line mode like any script would."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crypto.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]
LINE_LIMIT_BYTES = 1 << 20
STOP_AFTER_S = 5.0

Event = dict[str, Any]


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def _end_with_us() -> None:
    """In the child: whoever closes the window of the demo leaves no relay behind."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def command_line(*arguments: str) -> list[str]:
    """The command that starts this program again, with these arguments."""
    return [sys.executable, "-P", "-B", "-m", "tui", *arguments]


class Child:
    """A member or a relay in a process of its own.

    Args:
        name: The name it goes by in reports.
        on_event: Called with each JSON event and the child it came from.
    """

    def __init__(self, name: str, on_event: Callable[["Child", Event], None]) -> None:
        self.name = name
        self.names: dict[int, str] = {}
        self.exit_code: int | None = None
        self._on_event = on_event
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, *arguments: str) -> None:
        """Starts ``teahouse ARGUMENTS``; its talk on stderr is passed on only when debugging."""
        quiet = None if os.environ.get("TEAHOUSE_DEBUG") else asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            *command_line(*arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=quiet,
            # What somebody chose for the own rooms is not for these.
            env={**os.environ, "PYTHONPATH": str(ROOT), "TEAHOUSE_CONFIG": ""},
            limit=LINE_LIMIT_BYTES,
            start_new_session=True,
            preexec_fn=_end_with_us if _LIBC is not None else None,
        )

    def say(self, line: str) -> None:
        """Types one command line to the child; nothing happens once it has ended."""
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            return
        with contextlib.suppress(ConnectionError, RuntimeError):
            process.stdin.write(line.encode() + b"\n")

    @property
    def _output(self) -> asyncio.StreamReader:
        if self._process is None or self._process.stdout is None:
            raise LocalError("the child was not started")
        return self._process.stdout

    async def first_line(self) -> str:
        """The first line of output; for a relay, its ``ip:port#nodekey``."""
        return (await self._output.readline()).decode().strip()

    async def listen(self) -> None:
        """Reads events until the child ends."""
        async for line in self._output:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if event.get("event") == "member":
                self.names[event["n"]] = event["name"]
            self._on_event(self, event)
        if self._process is not None:
            self.exit_code = await self._process.wait()

    async def stop(self) -> None:
        """Ends the child: politely, then without asking."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_AFTER_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
