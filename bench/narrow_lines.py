"""How much is heard over narrow lines, by whom, after how long a wait, and who is told.

``narrow_lines.py [--seconds 40] [--only NAME ...] [--before TREE] [--json]``: a relay, people who
speak and people who listen, each a real program in a network namespace of its own (Linux, root).
One home's line carries as much as the row says, with a queue of three seconds. ``heard`` are
frames of a speaker that were played, a second, at the listener that hears least; ``hole`` the
longest time without any; ``wait`` what a ping over the narrow line takes beyond that of an idle
one. All of them from five seconds after the speaker's microphone was opened on, but ``heard``.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.line_rows import print_rows
from lab.programs import netlab
from lab.programs.netlab import Host, NetLab
from lab.programs.roommates import Roommate, start_entry

SETTLED_S = 5.0
LINE_DELAY_MS = 20.0
RELAY_DELAY_MS = 5.0
PING = str(netlab.ROOT / "lab/programs/udp_ping.py")
EAR = str(netlab.ROOT / "lab/programs/ear.py")


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes:
        weather: Of the narrow home, as ``lab/programs/longline.py`` has it.
        heard: Least frames a second.
        speaks_here: The narrow home is the speaker's; else a listener's.
        speakers: How many speak.
        listeners: How many listen at homes with good lines (and one at the narrow home).
        mode: Shield or open.
        hole_s: Longest hole.
        wait_ms: Longest wait.
    """

    name: str
    weather: dict[str, object]
    heard: float = 48.0
    speaks_here: bool = True
    speakers: int = 1
    listeners: int = 1
    mode: str = "shield"
    hole_s: float = 0.3
    wait_ms: float = 250.0


@dataclass
class Ear:
    """A listener.

    Attributes:
        rows: What it said, see ``lab/programs/ear.py``.
    """

    process: subprocess.Popen
    rows: list[dict] = field(default_factory=list)

    def listen(self) -> None:
        """Takes in what it says, until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.rows.append(json.loads(line))

    def heard(self, since_s: float, until_s: float) -> dict[str, tuple[float, float, float]]:
        """Of each speaker: frames a second, the longest hole, and that once settled."""
        rows = [row for row in self.rows if since_s <= row["t"] <= until_s]
        found = {}
        for number in {number for row in rows for number in row["heard"]}:
            counts = [(row["t"], row["heard"].get(number, 0)) for row in rows]
            rate = (counts[-1][1] - counts[0][1]) / (counts[-1][0] - counts[0][0])
            settled = [each for each in counts if each[0] >= since_s + SETTLED_S]
            found[number] = (rate, _hole_s(counts), _hole_s(settled))
        return found


def _hole_s(counts: list[tuple[float, int]]) -> float:
    longest_s, (began_s, before) = 0.0, counts[0]
    for at_s, count in counts:
        if count > before:
            longest_s, began_s, before = max(longest_s, at_s - began_s), at_s, count
    return max(longest_s, counts[-1][0] - began_s)


def _line(**weather: object) -> dict[str, object]:
    return {"delay_ms": LINE_DELAY_MS, **weather}


ROWS = (
    Row("good line", _line()),
    Row("100 kbit/s up", _line(up_kbps=100)),
    Row("64 kbit/s up", _line(up_kbps=64)),
    Row("40 kbit/s up", _line(up_kbps=40), heard=45.0, hole_s=1.0, wait_ms=1500),
    Row("64 kbit/s up, 400 ms, 5 %", _line(up_kbps=64, delay_ms=200, loss_pct=5)),
    Row("200 kbit/s down, 2 speak", _line(down_kbps=200), speaks_here=False, speakers=2),
    Row("200 kbit/s up, open, 2 hear", _line(up_kbps=200), listeners=2, mode="open"),
    Row("100 kbit/s up, open, 2 hear", _line(up_kbps=100), listeners=2, mode="open"),
)


class Pings:
    """Datagrams over a line and back, five a second."""

    def __init__(self, host: Host, public: Host, idle_ms: float) -> None:
        self._idle_ms = idle_ms
        self.round_trips: list[tuple[float, float]] = []
        public.start(sys.executable, PING)
        time.sleep(0.5)
        self._process = host.start(
            *(sys.executable, PING, public.ip), stdout=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.round_trips.append((time.monotonic(), float(line.split()[1])))

    def longest_ms(self, since_s: float) -> float | None:
        """Beyond that of an idle line."""
        times = [ms for at_s, ms in self.round_trips if at_s >= since_s]
        return max(times) - self._idle_ms if times else None


def measure(row: Row, seconds: float) -> dict:
    """One line of the table."""
    with NetLab() as lab:
        (public,) = lab.site("p", "public", delay_ms=RELAY_DELAY_MS)
        (narrow,) = lab.site("n", "portres", **row.weather)
        homes = [
            lab.site(f"h{number}", "portres", delay_ms=10.0)[0]
            for number in range(row.listeners + row.speakers - 1)
        ]
        relay = start_entry(public, listen=f"{public.ip}:443")
        options = ("--mode", row.mode, "--relay", relay, "--mic", "tone:440")
        homes = [narrow, *homes] if row.speaks_here else [*homes, narrow]
        host = Roommate(homes[0], "host", "", options)
        words = host.wait("key", 30)["words"]
        host.wait("joined", 30)
        others = [
            Roommate(home, f"speaker-{number}", words, options)
            for number, home in enumerate(homes[1 : row.speakers])
        ]
        for other in others:
            other.wait("joined", 30)
            mark = len(host.events)
            other.say("hand")
            host.wait(lambda event: event["event"] == "hand", 20)
            host.say("accept 1")
            other.wait(lambda event: event["event"] == "mic", 20)
            del mark
        ears = [
            _ear(home, row.mode, words, relay, number)
            for number, home in enumerate(homes[row.speakers :])
        ]
        time.sleep(8.0)  # until all links are there
        idle_ms = 2 * (float(str(row.weather["delay_ms"])) + RELAY_DELAY_MS)
        pings = Pings(narrow, public, idle_ms)
        time.sleep(1.0)
        began_s = time.monotonic()
        for speaker in (host, *others):
            speaker.say("mic on")
        time.sleep(seconds)
        until_s = time.monotonic()
        return _summary(row, ears, (host, *others), pings, began_s, until_s)


def _ear(home: Host, mode: str, words: str, relay: str, number: int) -> Ear:
    process = home.start(
        *(sys.executable, EAR, f"ear-{number}", mode, relay),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(words + "\n")
    process.stdin.flush()
    ear = Ear(process)
    threading.Thread(target=ear.listen, daemon=True).start()
    until_s = time.monotonic() + 40.0
    while not any("joined" in said["notices"] for said in ear.rows):
        if time.monotonic() > until_s:
            raise AssertionError("a listener did not come in")
        time.sleep(0.05)
    return ear


def _summary(
    row: Row,
    ears: list[Ear],
    speakers: tuple[Roommate, ...],
    pings: Pings,
    began_s: float,
    until_s: float,
) -> dict:
    found = [each for ear in ears for each in ear.heard(began_s + 0.5, until_s).values()]
    complete = len(found) == len(ears) * row.speakers
    heard = min((rate for rate, _, _ in found), default=0.0) if complete else 0.0
    hole_s = max((hole for _, _, hole in found), default=99.0)
    first_hole_s = max((hole for _, hole, _ in found), default=99.0)
    wait_ms = pings.longest_ms(began_s + SETTLED_S)
    told = {f"ear: {code}" for ear in ears for said in ear.rows for code in said["notices"]}
    for speaker in speakers:
        speaker.hear()
        lines = [event for event in speaker.events if event["event"] == "line"]
        told |= {f"speaker: narrow out {one['narrow_out']}, in {one['narrow_in']}" for one in lines}
    good = heard >= row.heard and hole_s <= row.hole_s
    return {
        "line": row.name,
        "heard": round(heard, 1),
        "hole_s": round(hole_s, 2),
        "first_hole_s": round(first_hole_s, 2),
        "wait_ms": None if wait_ms is None else round(wait_ms),
        "told": sorted(told - {"ear: joined"}),
        "bar": f"heard {row.heard}, hole {row.hole_s} s, wait {row.wait_ms:.0f} ms",
        "ok": good and wait_ms is not None and wait_ms <= row.wait_ms,
    }


def main() -> int:
    """Measures, prints a line for each row and tree, and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    return print_rows(parser, ROWS, lambda row, args: measure(row, args.seconds))


if __name__ == "__main__":
    sys.exit(main())
