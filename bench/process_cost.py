"""What a whole member costs: processor, wake-ups and memory of the program as people start it.

    bench/process_cost.py [--json] [--seconds 20] [--scene alone|silent|one|eight ...]

Real processes in a real room in shield mode, through a relay of their own over loopback, each with
a file or silence for a microphone and nobody at the loudspeaker: ``alone``; five here and
``silent``; ``one`` speaks to four; ``eight`` speak to one. Looked at is a member in line mode
(``plain``), one with its screen in a pseudo terminal (``screen``) and, where one speaks, the
``speaker`` in line mode. CPU is the median over windows of 2 s of all threads' time, in per cent of
a core. That depends on the machine and on what else it does, so each window is followed by half a
second of the native calls that one who speaks to one cannot do without (``bench/floor.py``). The
bars are held in parts of that, which was 5.4 % of a core where they were set. Wake-ups are
voluntary context switches of all threads, a second. Linux only. The last line of ``--json`` is one
object.
"""

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import pty
import signal
import statistics
import struct
import sys
import termios
import time
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.client_cpu import payloads
from bench.floor import Floor
from bench.processes import cpu_ns, resident_kb
from lab.programs.people import ENGLISH, MANDARIN, PROGRAM, House, give_the_floor
from lab.programs.person import ENVIRONMENT, Person

SCENES = {"alone": (1, 0), "silent": (5, 0), "one": (5, 1), "eight": (9, 8)}
"""How many are here, and how many of them speak."""
BARS = {
    ("alone", "plain"): (1.0, 20.0),
    ("alone", "screen"): (2.0, None),
    ("one", "plain"): (4.0, None),
    ("one", "speaker"): (7.0, None),
}
"""Most CPU in per cent where the floor is ``FLOOR_PCT``, and most wake-ups a second."""
FLOOR_PCT = 5.4
FLOOR_S = 0.5
BAR_MEMORY_MB = 75
WINDOW_S = 2.0
SETTLE_S = 6.0
DRAWN_S = 60.0
ESCAPE = b"\x1b"
ROWS, COLUMNS = 40, 120


class Shielded(House):
    """A room through one relay."""

    def _bootstrap(self) -> tuple[str, ...]:
        relays = [part for line in self.entry_nodes for part in ("--relay", line)]
        return (*relays, "--mode", "shield") if relays else ()

    async def one_more(self, host: Person | None, name: str, mic: str) -> Person:
        """Somebody in line mode; the first opens the room."""
        if host is None:
            return await self.create(name, mic=mic)
        return await self.join(name, (await host.hears("key"))["invite"], mic=mic)

    async def on_a_screen(self, host: Person | None, name: str) -> "OnScreen":
        """Somebody with a screen."""
        key = [] if host is None else [(await host.hears("key"))["invite"]]
        common = [word for word in self._common(name, "silence") if word not in SILENT_WORDS]
        person = OnScreen([*PROGRAM, "join" if key else "create", *key, *common])
        if host is not None:
            await host.sees(name, state="here")
        return person


SILENT_WORDS = ("--plain", "--json")


class OnScreen:
    """One process that draws into a pseudo terminal."""

    def __init__(self, command: list[str]) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, {**os.environ, **ENVIRONMENT, "TERM": "xterm-256color"})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.written_bytes = 0
        self._drawn = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._fd, self._read)

    def _read(self) -> None:
        try:
            self.written_bytes += len(os.read(self._fd, 65536))
        except OSError:
            asyncio.get_running_loop().remove_reader(self._fd)
        if self.written_bytes >= ROWS * COLUMNS:
            self._drawn.set()

    async def drawn(self) -> None:
        """Wait until there is a whole screen: keys that come before it mean something else."""
        await asyncio.wait_for(self._drawn.wait(), DRAWN_S)

    def press(self, key: bytes) -> None:
        """Press a key."""
        os.write(self._fd, key)

    async def kill(self) -> None:
        """End it."""
        asyncio.get_running_loop().remove_reader(self._fd)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.close(self._fd)
        await asyncio.to_thread(os.waitpid, self.pid, 0)


def wakeups(pid: int) -> int:
    """How often the threads of a process went to sleep by themselves."""
    told = Path(f"/proc/{pid}/task").glob("*/status")
    return sum(
        int(one.read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0]) for one in told
    )


async def watch(pids: Iterable[int], seconds: float, floor: Floor) -> list[dict]:
    """Look at processes for so long, and at the floor in between."""
    shares: dict[int, list[float]] = {pid: [] for pid in pids}
    woken, floors = dict.fromkeys(shares, 0), []
    windows = round(seconds / WINDOW_S)
    for _ in range(windows):
        before = {pid: (cpu_ns(pid), wakeups(pid), time.monotonic()) for pid in shares}
        await asyncio.sleep(WINDOW_S)
        for pid, (before_ns, before_wakeups, began_s) in before.items():
            took_s = time.monotonic() - began_s
            shares[pid].append((cpu_ns(pid) - before_ns) / took_s / 1e7)
            woken[pid] += wakeups(pid) - before_wakeups
        floors.append(100 * floor.run(FLOOR_S) / FLOOR_S)
    floor_pct = statistics.median(floors)
    return [
        {
            "cpu_pct": statistics.median(shares[pid]),
            "floor_pct": floor_pct,
            "ratio": statistics.median(shares[pid]) / floor_pct,
            "wakeups_s": woken[pid] / (windows * WINDOW_S),
            "rss_mb": resident_kb(pid) / 1024,
        }
        for pid in shares
    ]


async def people(house: Shielded, speakers: int, others: int) -> list[Person]:
    """Let them come in, and those who speak open their microphones."""
    here: list[Person] = []
    for index in range(others):
        mic = (ENGLISH, MANDARIN)[index % 2] if index < speakers else "silence"
        here.append(await house.one_more(here[0] if here else None, f"p{index}", mic))
    for index, person in enumerate(here[:speakers]):
        if index == 0:
            person.say("mic on")
            await person.hears("mic", on=True)
        else:
            await give_the_floor(here[0], person)
    return here


async def scene(name: str, seconds: float, floor: Floor) -> list[dict]:
    """One scene, with a member in line mode and then with one on a screen."""
    count, speakers = SCENES[name]
    rows = []
    for kind in ("plain", "screen"):
        async with Shielded() as house:
            await house.entry_node()
            here = await people(house, speakers, count - 1)
            host = here[0] if here else None
            subject = (
                await house.on_a_screen(host, "subject")
                if kind == "screen"
                else await house.one_more(host, "subject", "silence")
            )
            if isinstance(subject, OnScreen):
                await subject.drawn()
            await asyncio.sleep(SETTLE_S)
            if isinstance(subject, OnScreen):
                subject.press(ESCAPE)  # whoever opens a room is shown its key first
                await asyncio.sleep(SETTLE_S)
            watched = {kind: subject.pid}
            if name == "one" and kind == "plain":
                watched["speaker"] = here[0].pid
            seen = await watch(watched.values(), seconds, floor)
            rows += [
                {"scene": name, "who": who, **row} for who, row in zip(watched, seen, strict=True)
            ]
            if isinstance(subject, OnScreen):
                rows[-1]["screen_bytes"] = subject.written_bytes
                await subject.kill()
    return rows


def judged(row: dict) -> dict:
    """The row and what it is held against."""
    cpu_pct, wakeups_s = BARS.get((row["scene"], row["who"]), (None, None))
    ok = row["rss_mb"] <= BAR_MEMORY_MB
    bar = None if cpu_pct is None else cpu_pct / FLOOR_PCT
    ok = ok and (bar is None or row["ratio"] <= bar)
    ok = ok and (wakeups_s is None or row["wakeups_s"] <= wakeups_s)
    return {**row, "bar": bar and round(bar, 2), "bar_wakeups_s": wakeups_s, "ok": ok}


async def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="what a whole member costs")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--scene", choices=SCENES, action="append")
    options = parser.parse_args()
    rows, floor = [], Floor(1, [payloads("english", 10)])
    for name in options.scene or SCENES:
        for row in map(judged, await scene(name, options.seconds, floor)):
            rows.append(row)
            if not options.json:
                print(
                    "{scene:<7} {who:<8} {cpu_pct:5.1f} % CPU, floor {floor_pct:.1f} %, "
                    "{ratio:.2f} times (bar {bar}) {wakeups_s:6.1f} wake-ups/s "
                    "(bar {bar_wakeups_s}) {rss_mb:4.0f} MB".format(**row)
                )
    if options.json:
        ok = all(row["ok"] for row in rows)
        print(json.dumps({"schema": 2, "bench": "process_cost", "rows": rows, "ok": ok}))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
