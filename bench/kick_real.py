"""The part of ``kick.py`` with real processes: eight members on loopback, one of them a cheat.

A host and a speaker talk, three listen, one of the listeners is the outcast's friend and hands it
all that it gets; of two more one is to be removed and honest, and one is to be removed and stays.
Each round removes both, with a new key, and starts two new ones.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lab.programs.roommates import Roommate

ROOT = Path(__file__).resolve().parents[1]
WATCHED_S = 2.5
"""After a removal; frames of the second before it are tried all the time."""

OUTCAST = (sys.executable, "-P", "-B", str(ROOT / "bench/outcast.py"))


class Here:
    """This machine, as ``Roommate`` wants a host."""

    def start(self, *argv: str, **popen) -> subprocess.Popen:
        """Runs a program from the checkout's root."""
        env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(argv, cwd=ROOT, env=env, **popen)


class Room:
    """Six who stay, and those who come to be removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._here = Here()
        self._rounds = 0
        self._port = _free_port()
        self.host = self._member("host", "", "--mic", "tone:440")
        self.invite = self.host.wait("key", 30)["invite"]
        self.host.wait("joined", 30)
        self.host.say("mic on")
        self.speaker = self._member("speaker", self.invite, "--mic", "tone:660")
        friend = (*OUTCAST, "leak", str(self._port))
        self.listeners = [
            self._member("friend", self.invite, program=friend),
            *(self._member(f"l{n}", self.invite) for n in range(2)),
        ]
        self.speaker.wait("joined", 30)
        self.speaker.say("hand")
        self.host.wait(lambda event: event["event"] == "hand" and event["place"] == 1, 30)
        self.host.say("accept 1")
        self.speaker.wait(lambda e: e["event"] == "mic" and e["why"] == "granted", 30)
        self.speaker.say("mic on")
        for one in self.listeners:
            one.wait("first_sound", 30)

    @property
    def honest(self) -> list[Roommate]:
        """Those who stay."""
        return [self.host, self.speaker, *self.listeners]

    def round(self) -> dict:
        """Two come, and both are removed."""
        self._rounds += 1
        log = self._folder / f"opened{self._rounds}"
        stay = (*OUTCAST, "stay", str(log), str(self._port))
        outcast = self._member(f"outcast{self._rounds}", self.invite, program=stay)
        good = self._member(f"good{self._rounds}", self.invite)
        for one in (outcast, good):
            one.wait("first_sound", 30)
        time.sleep(1.0)
        self._remove(good)
        left = good.wait("left", 10)
        row: dict = {"honest": {"why": left["why"], "exit": good.process.wait(10)}}
        began_s, row["last_listener_ms"] = self._remove(outcast)
        time.sleep(WATCHED_S)
        opened = [float(line) for line in log.read_text().split()]
        row["deaf_ms"] = round(1000 * max(0.0, max(opened) - began_s), 1)
        row["opened_before"] = sum(at_s < began_s for at_s in opened)
        outcast.process.kill()
        outcast.process.wait(10)
        return row

    def _remove(self, one: Roommate) -> tuple[float, float]:
        """When the command was given, and ms until the last of those who stay had the new key."""
        self.host.hear()
        n = next(n for n, name in self.host.names().items() if name == one.name)
        for other in self.honest:
            other.hear()
            other._position = len(other.events)
        began_s = time.monotonic()
        self.host.say(f"remove {n} new key")
        for other in self.honest:
            other.wait(lambda event: event["event"] == "room_key" and event["why"] == "kick", 10)
        at_s = [
            seen
            for other in self.honest
            for event, seen in zip(other.events, other.seen_s, strict=True)
            if event["event"] == "room_key" and seen >= began_s
        ]
        return began_s, round(1000 * (max(at_s) - began_s), 1)

    def opened_by_all(self) -> list[int]:
        """Frames of the host that each listener has opened: the room goes on."""
        return [one.opened("host") for one in self.listeners]

    def close(self) -> None:
        """Everybody leaves."""
        for one in self.honest:
            one.process.terminate()
        for one in self.honest:
            one.process.wait(20)

    def _member(self, name: str, key: str, *options: str, program=None) -> Roommate:
        more = {} if program is None else {"program": program}
        options = ("--listen", "127.0.0.1:0", "--only", "invite", *options)
        return Roommate(self._here, name, key, options, **more)  # type: ignore[arg-type]


def real(kicks: int, percentile, deaf_bar_ms: float, listener_bar_ms: float) -> dict:
    """Several rounds in one room.

    Args:
        kicks: Rounds.
        percentile: Of a list, by share.
        deaf_bar_ms: For the 95th percentile.
        listener_bar_ms: For the last of all.
    """
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        try:
            rows = [room.round() for _ in range(kicks)]
            before = room.opened_by_all()
            time.sleep(1.0)
            goes_on = all(a > b for a, b in zip(room.opened_by_all(), before, strict=True))
        finally:
            room.close()
    deaf_ms = [row["deaf_ms"] for row in rows]
    result = {
        "processes": 8,
        "kicks": kicks,
        "deaf_ms_p95": percentile(deaf_ms, 95),
        "deaf_ms_median": statistics.median(deaf_ms),
        "last_listener_ms_max": max(row["last_listener_ms"] for row in rows),
        "opened_before_min": min(row["opened_before"] for row in rows),
        "honest_left": all(row["honest"] == {"why": "removed", "exit": 6} for row in rows),
        "goes_on": goes_on,
    }
    result["ok"] = (
        result["deaf_ms_p95"] <= deaf_bar_ms
        and result["last_listener_ms_max"] <= listener_bar_ms
        and result["opened_before_min"] > 0
        and result["honest_left"]
        and goes_on
    )
    return result


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
