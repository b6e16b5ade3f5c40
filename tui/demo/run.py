"""The demo's course: entry nodes, a host, guests that find it by its words, a hand, an end."""

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from crypto.errors import UserError
from p2p.link.work import Work
from tui.demo.child import Child, Event
from tui.demo.report import MemberLog, build
from tui.demo.sentences import sentence_of, verdict
from tui.i18n import tr

ENTRY_NODES = 3
HOST, HAND = "王小明", "amina"
GUESTS = (HAND, "kenji", "sofia")
CLIPS = Path(__file__).resolve().parents[2] / "audio" / "clips"
MICS = {HOST: f"file:{CLIPS / 'mandarin.opus'}", HAND: f"file:{CLIPS / 'english.opus'}"}
START_LIMIT_S = 90.0
"""A busy laptop whose antivirus program reads every file takes that long."""
TOGETHER_S = 5.0
"""How long the room lives at least once all are in it."""
QUIET_BEFORE_END_S = 1.0
STATS_BEFORE_END_S = 1.5
END_LIMIT_S = 8.0
HAND_AFTER_S = 0.5
GRANT_AFTER_S = 0.5


class Demo:
    """One run of the demo.

    Args:
        out: Where events are told as sentences; None to be silent.
        guests: Names of the members that join by the room's words.
    """

    def __init__(self, out: TextIO | None, guests: Sequence[str] = GUESTS) -> None:
        self._out = out
        self._guests = guests
        self._members: dict[str, Child] = {}
        self._logs: dict[str, MemberLog] = {}
        self._relays: list[Child] = []
        self._began_s = time.monotonic()
        self._joined_s: float | None = None
        self._hands: dict[str, dict[str, Any]] = {}
        self._words: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Event()
        self.bootstrap: list[str] = []

    async def start(self, tasks: Work) -> str:
        """Starts relays, host and guests; returns the room's words once the host is in."""
        await self._start_relays(tasks)
        topic = tr("demo: all others are recordings")
        host = await self._start_member(tasks, HOST, "create", "--topic", topic)
        words = await asyncio.wait_for(asyncio.shield(self._words), START_LIMIT_S)
        await self._until(lambda: self._logs[HOST].joined is not None)
        host.say("mic on")
        for name in self._guests:
            guest = await self._start_member(tasks, name, "join", "-")
            guest.say(words)
        return words

    async def hold(self, seconds: float | None) -> None:
        """Lets the room live: a hand goes up and is granted; returns a second before the end.

        Args:
            seconds: Length of the room from the first ``joined``; None for no end.
        """
        await self._until(lambda: all(log.joined for log in self._logs.values()))
        await asyncio.sleep(HAND_AFTER_S)
        self._members[HAND].say("hand")
        if seconds is None:
            await asyncio.Event().wait()
            return
        seconds = max(seconds, self._joined_for_s() + TOGETHER_S)
        await self._sleep_until(seconds - STATS_BEFORE_END_S)
        self._everybody("stats")
        await self._sleep_until(seconds - QUIET_BEFORE_END_S)
        for name in MICS:
            self._members[name].say("mic off")
        await self._sleep_until(seconds)

    async def end(self) -> Event:
        """Everybody leaves; returns the report."""
        self._everybody("leave")
        with contextlib.suppress(TimeoutError):
            await self._until(lambda: all(log.left for log in self._logs.values()), END_LIMIT_S)
        await self.stop()
        return build(list(self._logs.values()), list(MICS), list(self._hands.values()))

    def tell_trouble(self) -> None:
        """Says that something did not start in time; the report says what."""
        late = [log.name for log in self._logs.values() if not log.joined]
        self._tell(tr("not in the room in time: {names}", names=", ".join(late) or tr("nobody")))

    async def stop(self) -> None:
        """Ends every process that still runs."""
        children = [*self._members.values(), *self._relays]
        await asyncio.gather(*(child.stop() for child in children))

    async def _start_relays(self, tasks: Work) -> None:
        for number in range(ENTRY_NODES):
            relay = Child(f"entry node {number + 1}", self._take)
            known = [part for line in self.bootstrap for part in ("--bootstrap", line)]
            await relay.start("relay", "--listen", "127.0.0.1:0", "--state-dir", "", *known)
            self._relays.append(relay)
            line = await asyncio.wait_for(relay.first_line(), START_LIMIT_S)
            if "#" not in line:
                raise UserError(
                    "demo_failed", "An entry node of the demo did not start.", exit_code=1
                )
            tasks.create_task(relay.listen())
            self.bootstrap.append(line)
        self._tell(tr("{count} entry nodes listen on this machine", count=ENTRY_NODES))
        self._tell(tr("all who speak here are recordings: this is a demo"))

    async def _start_member(self, tasks: Work, name: str, *how: str) -> Child:
        child = Child(name, self._take)
        self._members[name] = child
        self._logs[name] = MemberLog(name)
        bootstrap = [part for line in self.bootstrap for part in ("--bootstrap", line)]
        await child.start(
            *how,
            *(
                "--plain",
                "--json",
                "--mode",
                "open",
                "--only",
                "dht",
                "--proxy",
                "none",
                "--listen",
                "127.0.0.1:0",
                "--name",
                name,
            ),
            *("--mic", MICS.get(name, "silence"), "--speaker", "null"),
            *bootstrap,
        )
        tasks.create_task(self._listen(child))
        return child

    async def _listen(self, child: Child) -> None:
        await child.listen()
        self._changed.set()

    def _take(self, child: Child, event: Event) -> None:
        log = self._logs.get(child.name)
        if log is None:
            return
        log.take(event)
        kind = event.get("event")
        if kind == "key" and not self._words.done():
            self._words.set_result(event["words"])
        elif kind == "joined" and self._joined_s is None:
            self._joined_s = time.monotonic()
        elif kind == "hand" and child.name == HOST:
            self._hand_seen(child, event)
        elif kind == "mic" and event.get("why") == "granted":
            hand = self._hands.setdefault(child.name, self._hand(child.name))
            hand["granted_ms"] = self._ms()
            child.say("mic on")
        self._narrate(child, event)
        self._changed.set()

    def _hand_seen(self, host: Child, event: Event) -> None:
        name = host.names.get(event["n"])
        if name is None or event["place"] is None:
            return
        if name in self._logs:
            self._hands.setdefault(name, self._hand(name))
        # A moderator reads the name before nodding.
        loop = asyncio.get_running_loop()
        loop.call_later(GRANT_AFTER_S, host.say, f"accept {event['n']}")

    def _hand(self, name: str) -> dict[str, Any]:
        return {"name": name, "raised_ms": self._ms(), "granted_ms": None}

    def _narrate(self, child: Child, event: Event) -> None:
        sentence = sentence_of(child.name, child.names, event, host=HOST)
        if sentence:
            self._tell(sentence)

    def _everybody(self, line: str) -> None:
        for child in self._members.values():
            child.say(line)

    def _ms(self) -> int:
        return round((time.monotonic() - self._began_s) * 1000)

    def _tell(self, sentence: str) -> None:
        if self._out is None:
            return
        try:
            print(f"{self._ms() / 1000:6.2f}  {sentence}", file=self._out, flush=True)
        except BrokenPipeError:  # as behind `| head`
            self._out = None

    async def _sleep_until(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds - self._joined_for_s()))

    def _joined_for_s(self) -> float:
        return 0.0 if self._joined_s is None else time.monotonic() - self._joined_s

    async def _until(self, true: Any, limit_s: float = START_LIMIT_S) -> None:
        async with asyncio.timeout(limit_s):
            while not true():
                self._changed.clear()
                await self._changed.wait()


async def run_plain(seconds: float | None, *, as_json: bool) -> int:
    """The demo without a screen; told to stop, it counts what there was.

    Returns:
        Exit code: 0 when every pair that should hear did, else 1.
    """
    demo = Demo(sys.stderr if as_json else sys.stdout)
    async with Work() as tasks:
        try:
            await demo.start(tasks)
            await demo.hold(seconds)
        except TimeoutError:
            demo.tell_trouble()
        except asyncio.CancelledError:
            stopping = asyncio.current_task()
            if stopping is not None:
                stopping.uncancel()
        finally:
            report = await asyncio.shield(demo.end())
    text = json.dumps(report, ensure_ascii=False) if as_json else verdict(report)
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python says so when it ends
    return 0 if report["ok"] else 1
