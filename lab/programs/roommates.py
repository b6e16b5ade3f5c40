"""Members and entry nodes as real programs on the machines of a lab, driven as scripts drive them.

For the tests and benches beside it: each member is ``teahouse create`` or ``join`` in line mode.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, Any

from lab.programs.netlab import Host

Event = dict[str, Any]
PROGRAM = (sys.executable, "-P", "-B", "-m", "tui")
ENTRY_PORT = 4433


def start_entry(host: Host, *more: str, listen: str = "", timeout_s: float = 30.0) -> str:
    """Starts an entry node with ``more`` options; returns its line for ``--bootstrap``."""
    listen = listen or f"{host.ip}:{ENTRY_PORT}"
    process = host.start(
        *PROGRAM,
        *("relay", "--listen", listen, "--state-dir", "", *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    lines = _lines(process.stdout)
    return lines.get(timeout=timeout_s).strip()


class Roommate:
    """One member.

    Args:
        host: Where it runs.
        name: Its name in the room.
        words: Of the room; empty to open a new one.
        options: More of the command line.
        program: What runs.

    Attributes:
        talk: What it said to people so far, on standard error.
    """

    def __init__(
        self,
        host: Host,
        name: str,
        words: str = "",
        options: tuple[str, ...] = (),
        program: tuple[str, ...] = PROGRAM,
    ):
        self.host, self.name = host, name
        self.events: list[Event] = []
        self.seen_s: list[float] = []
        how = ("join", "-") if words else ("create",)
        self.started_s = time.monotonic()
        self.process = host.start(
            *program,
            *how,
            *("--plain", "--json", "--mode", "open", "--name", name, "--speaker", "null"),
            *(options if "--mic" in options else (*options, "--mic", "silence")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._lines = _lines(self.process.stdout)
        self.talk = _lines(self.process.stderr)
        if words:
            self.say(words)

    def say(self, line: str) -> None:
        """Types a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self) -> None:
        """Takes in what was said so far."""
        while not self._lines.empty():
            self._take(self._lines.get())

    def wait(self, what: str | Callable[[Event], bool], limit_s: float = 20.0) -> Event:
        """The next event of a kind, counted from the last one waited for."""
        fits = what if callable(what) else lambda event: event["event"] == what
        until_s = time.monotonic() + limit_s
        position = self._position
        while True:
            while position < len(self.events):
                event = self.events[position]
                position += 1
                if fits(event):
                    self._position = position
                    return event
            try:
                self._take(self._lines.get(timeout=max(0.0, until_s - time.monotonic())))
            except queue.Empty:
                kinds = [event.get("code", event["event"]) for event in self.events[-12:]]
                raise AssertionError(
                    f"{self.name} waited {limit_s} s for {what}; last {kinds}"
                ) from None

    def stats(self) -> Event:
        """Asks for the numbers of now."""
        self.hear()
        self._position = len(self.events)
        self.say("stats")
        return self.wait("stats")

    def names(self) -> dict[int, str]:
        """Everybody this member knows, by its own numbers."""
        self.hear()
        return {e["n"]: e["name"] for e in self.events if e["event"] == "member"}

    def opened(self, speaker: str) -> int:
        """Frames of a speaker that could be opened so far."""
        stats = self.stats()
        names = self.names()
        return sum(row["opened"] for row in stats["speakers"] if names.get(row["n"]) == speaker)

    def paths(self) -> dict[str, str]:
        """The kind of way to each neighbour."""
        stats = self.stats()
        names = self.names()
        return {names.get(row["n"], "?"): row["path"] for row in stats["links"]}

    def leave(self, limit_s: float = 10.0) -> Event:
        """Leaves; returns the last event."""
        self.say("leave")
        left = self.wait("left", limit_s)
        self.process.wait(limit_s)
        return left

    _position = 0

    def _take(self, line: str) -> None:
        self.events.append(json.loads(line))
        self.seen_s.append(time.monotonic())


def _lines(stream: IO[str]) -> "queue.Queue[str]":
    found: queue.Queue[str] = queue.Queue()

    def read() -> None:
        try:
            for line in stream:
                found.put(line)
        except ValueError:  # closed under our hands at the end of the lab
            return

    threading.Thread(target=read, daemon=True).start()
    return found
