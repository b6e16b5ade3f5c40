"""A relay against mumble-server: processor time for each forwarded packet, in one run.

``relay_vs_mumble.py [--seconds 3] [--runs 3] [--json]``: one speaker, 50 packets a second of the
same payload, to 100, 500 and 800 listeners on loopback. mumble-server is installed from Debian
(``apt-get``, as root; it says so). Our relay is the shipped one, caps lifted, with the members of
a room in other processes: real links (Noise, ICE, DTLS-SRTP), passes, a grant, a route. ``floor``
is a C program that does the SRTP and the ``sendmmsg`` and nothing else; it needs ``cc`` and
``libsrtp2-dev``.

The three take turns, so that what else runs on the machine disturbs them alike: trust the ratios,
not the microseconds. A hop is what the relay adds to the delay between two processes. Then: 100
newcomers join at once while somebody speaks, and 1,000 listeners get 10^6 packets.

As root, servers, speakers and watchers run before other processes (nice), or else the load of a
busy machine would be measured; ``waited_pct`` says how much of the time our relay had to wait all
the same. Processor time is that of all threads (Linux: ``schedstat``), with all that a server does
beside forwarding: receiving, and the consent checks of its links.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.mumble_server import Clients, MumbleServer, install, install_from_debian
from bench.our_relay import PAYLOAD_BYTES, Floor, Hub, Members
from bench.processes import Child, cpu_ns, many_files, prefer, resident_kb, waited_ns
from p2p.link.backends import Backend

RATE = 50
LOADS = {"5k": 100, "25k": 500, "40k": 800}
"""Packets a second, and the listeners that makes."""
FULL = 1000
MILLION = 10**6
STORM = 100
WATCHERS = 1
"""As many as listen closely at mumble-server: each has to be woken for every packet."""
WARM_UP_S = 2.0
"""Of sound before each measurement: a link in silence is checked more often."""
TAIL_S = 0.4
BARS = {
    "ratio_5k": 1.8,
    "ratio_25k": 1.3,
    "ratio_40k": 1.3,
    "core_1000x50": 0.7,
    "loss_pct": 0.1,
    "hop_ms_median": 1.0,
    "hop_ms_p99": 5.0,
    "join_storm_p99_ms": 20.0,
    "kb_per_link": 150.0,
    "rss_growth_kb_per_million": 1000.0,
}


class Ours:
    """Our relay and everybody who is linked to it."""

    def __init__(self, backend: Backend | None) -> None:
        self.hub = Child(Hub, backend)
        self._where = (*self.hub.ask("open"),)
        self._floor = Floor.create()
        self.empty_kb = resident_kb(self.hub.pid)
        self.speaker = self._members(1)
        self.watchers = self._members(2)
        self.listeners = [self._members(10), self._members(11)]
        self.speaker.ask("join", 1, "speak")
        self.watchers.ask("join", WATCHERS, "watch")
        self.count = 0

    def _members(self, net: int) -> Child:
        return Child(Members, *self._where, net, self._floor)

    @property
    def pid(self) -> int:
        """Of the server."""
        return self.hub.pid

    @property
    def copies(self) -> int:
        """Of each frame."""
        return self.count + WATCHERS

    def grow(self, listeners: int) -> None:
        """Lets more join until there are so many."""
        _join(self.listeners, listeners - self.count)
        self.count = listeners
        self.hub.ask("settle")
        self.watchers.ask("delays_ms")

    def heard(self) -> int:
        """By all who count."""
        return _heard(self.listeners)

    def storm(self, seconds: float) -> tuple[float, float]:
        """Newcomers, all at once, while somebody speaks: p99 of the delay, and seconds it took."""
        newcomers = self._members(12)
        self.watchers.ask("delays_ms")
        self.speaker.begin("speak", RATE, seconds, PAYLOAD_BYTES)
        began = time.monotonic()
        newcomers.ask("join", STORM, "count", STORM)
        took_s = time.monotonic() - began
        delays = self.watchers.ask("delays_ms")
        self.speaker.end()
        self.listeners.append(newcomers)
        self.count += STORM
        return _p99(delays), took_s

    def direct_ms(self, seconds: float) -> list[float]:
        """Delays between the same two processes without a relay."""
        address = self.watchers.ask("plain_address")
        self.watchers.ask("delays_ms")
        self.speaker.ask("speak_plainly", address, RATE, seconds, PAYLOAD_BYTES)
        return self.watchers.ask("delays_ms")


class Theirs:
    """mumble-server and its clients."""

    def __init__(self, folder: Path) -> None:
        self.server = MumbleServer(folder)
        address = self.server.address
        self.speaker, self.witness = Child(Clients, address, "s"), Child(Clients, address, "w")
        self.listeners = [Child(Clients, address, "a"), Child(Clients, address, "b")]
        self.speaker.ask("join", 1, "speak")
        self.witness.ask("join", 1, "witness")
        self.count = 0

    @property
    def pid(self) -> int:
        """Of the server."""
        return self.server.pid

    @property
    def copies(self) -> int:
        """Of each frame."""
        return self.count + 1

    def grow(self, listeners: int) -> None:
        """Lets more join until there are so many."""
        _join(self.listeners, listeners - self.count)
        self.count = listeners

    def heard(self) -> int:
        """By all who count."""
        return _heard(self.listeners)

    def check(self) -> None:
        """The payload arrives whole at one who can open it."""
        got = self.witness.ask("witnessed")
        if got != PAYLOAD_BYTES:
            raise RuntimeError(f"the payload of a voice packet from mumble-server has {got} bytes")


def measure(side: Ours | Theirs, seconds: float) -> dict:
    """Somebody speaks: microseconds for each copy, share of a core, loss."""
    side.speaker.ask("speak", RATE, WARM_UP_S, PAYLOAD_BYTES)
    time.sleep(TAIL_S)
    if isinstance(side, Ours):
        side.watchers.ask("delays_ms")
    heard, used_ns, began = side.heard(), cpu_ns(side.pid), time.monotonic()
    waited = waited_ns(side.pid)
    frames = side.speaker.ask("speak", RATE, seconds, PAYLOAD_BYTES)
    used_ns, wall_s = cpu_ns(side.pid) - used_ns, time.monotonic() - began
    waited = waited_ns(side.pid) - waited
    time.sleep(TAIL_S)
    heard = side.heard() - heard
    if not heard:
        raise RuntimeError("the speaker is not heard")
    # What was not forwarded cost nothing; of those that do not count as many arrived.
    packets = heard * side.copies / side.count
    return {
        "us": used_ns / 1e3 / packets,
        "core": used_ns / 1e9 / wall_s,
        "loss_pct": 100.0 * (1.0 - heard / (frames * side.count)),
        "packets": packets,
        "waited_pct": waited / 1e7 / wall_s,
    }


def build_floor(folder: Path) -> tuple[Path | None, str | None]:
    """The C program, or why there is none."""
    source, program = Path(__file__).with_name("relay_floor.c"), folder / "relay_floor"
    command = ["cc", "-O2", "-o", str(program), str(source), "-lsrtp2"]
    why = None
    for _ in range(2):
        with contextlib.suppress(FileNotFoundError):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode == 0:
                return program, None
            why = done.stderr.strip()[:200]
        if (refused := install_from_debian("libsrtp2-dev", "gcc", "libc6-dev")) is not None:
            return None, refused
    return None, why


def floor_us(program: Path, listeners: int, seconds: float) -> float:
    """Microseconds for each packet of the C program."""
    command = [str(program), *map(str, (listeners, RATE, seconds, PAYLOAD_BYTES))]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


class Bench:
    """One run of everything."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self._args = args
        self._folder = folder
        self._result: dict = {"schema": 1, "payload_bytes": PAYLOAD_BYTES, "cores": os.cpu_count()}
        self._losses: list[float] = []
        self._waited: list[float] = []
        self._delays: dict[str, list[float]] = {name: [] for name in LOADS}
        self._direct: dict[str, list[float]] = {name: [] for name in LOADS}

    def run(self) -> dict:
        """The result as one object."""
        result, seconds = self._result, self._args.seconds
        ours = Ours(None if self._args.backend is None else Backend(self._args.backend))
        result["backend"] = ours.hub.ask("backend")
        missing = install()
        theirs = None if missing else Theirs(self._folder)
        result["mumble"] = theirs.server.version() if theirs else f"skipped: {missing}"
        servers = [ours.pid, ours.speaker.pid, ours.watchers.pid]
        servers += [theirs.pid, theirs.speaker.pid] if theirs else []
        result["preferred"] = all(prefer(pid) for pid in servers)
        program, missing = build_floor(self._folder)
        if program is None:
            result["floor_skipped"] = missing
        try:
            for name, listeners in LOADS.items():
                self._load(name, listeners, ours, theirs, program)
                if name == "5k":
                    delays, direct = self._delays[name], statistics.median(self._direct[name])
                    result["hop_ms"] = {
                        "median": round(statistics.median(delays) - direct, 2),
                        "p99": round(_p99(delays) - direct, 2),
                        "direct_median": round(direct, 2),
                        "direct_p99": round(_p99(self._direct[name]), 2),
                    }
                    p99_ms, took_s = ours.storm(max(10.0, seconds))
                    result["join_storm_p99_ms"] = round(p99_ms, 2)
                    result["join_storm_s"] = round(took_s, 1)
            self._full(ours)
            result["counters"] = ours.hub.ask("counters")
            tries = [each.ask("again") for each in ours.listeners]
            result["joins_tried_again"] = sum(tries)
        finally:
            if theirs is not None:
                theirs.server.stop()
        result["us_per_packet"] = result["us"]["40k"]["ours"]
        result["floor_us"] = result["us"]["40k"].get("floor")
        result["loss_pct"] = round(max(self._losses), 4)
        result["loss_pct_median"] = round(statistics.median(self._losses), 4)
        # Of the wall time our relay wanted to run and the machine was busy with something else.
        result["waited_pct"] = round(max(self._waited), 1)
        result["bars"] = BARS
        result["missed"] = sorted(
            name for name, bar in BARS.items() if not _holds(result, name, bar)
        )
        result["ok"] = not result["missed"]
        return result

    def _load(
        self, name: str, listeners: int, ours: Ours, theirs: Theirs | None, program: Path | None
    ) -> None:
        self._say(f"{listeners} listeners join")
        ours.grow(listeners)
        if theirs is not None:
            theirs.grow(listeners)
        figures: dict[str, list[float]] = {"ours": [], "mumble": [], "floor": []}
        seconds = self._args.seconds
        for _ in range(self._args.runs):
            if theirs is not None:
                figures["mumble"].append(measure(theirs, seconds)["us"])
                theirs.check()
            if program is not None:
                figures["floor"].append(floor_us(program, listeners, seconds))
            self._direct[name] += ours.direct_ms(seconds)
            own = measure(ours, seconds)
            self._delays[name] += ours.watchers.ask("delays_ms")
            figures["ours"].append(own["us"])
            self._losses.append(own["loss_pct"])
            self._waited.append(own["waited_pct"])
        medians = {who: round(statistics.median(us), 2) for who, us in figures.items() if us}
        self._result.setdefault("us", {})[name] = medians
        pairs = zip(figures["ours"], figures["mumble"], strict=False)
        ratios = [our / their for our, their in pairs]
        self._result[f"ratio_{name}"] = round(statistics.median(ratios), 2) if ratios else None
        self._say(f"{name}: {medians}, to mumble-server {[round(r, 2) for r in ratios]}")
        self._say(f"lost {self._losses[-1]:.2f} %, waited {self._waited[-1]:.1f} % of the time")

    def _full(self, ours: Ours) -> None:
        """1,000 listeners, for so long that 10^6 packets are sent."""
        self._say(f"{FULL} listeners join")
        ours.grow(FULL)
        time.sleep(WARM_UP_S)
        used_ns, began = cpu_ns(ours.pid), time.monotonic()
        time.sleep(3.0)
        idle = (cpu_ns(ours.pid) - used_ns) / 1e9 / (time.monotonic() - began)
        links_kb = resident_kb(ours.pid) - ours.empty_kb
        before_kb = resident_kb(ours.pid)
        full = measure(ours, MILLION / (RATE * ours.copies))
        grown_kb = (resident_kb(ours.pid) - before_kb) * MILLION / full["packets"]
        self._losses.append(full["loss_pct"])
        self._waited.append(full["waited_pct"])
        self._result |= {
            "core_1000x50": round(full["core"], 3),
            "core_1000_idle": round(idle, 3),
            "kb_per_link": round(links_kb / (ours.copies + 1), 1),
            "rss_growth_kb_per_million": round(grown_kb),
        }

    def _say(self, text: str) -> None:
        if not self._args.json:
            print(text, flush=True)


def _holds(result: dict, name: str, bar: float) -> bool:
    figure = result.get(name)
    if name.startswith("hop_ms_"):
        figure = result["hop_ms"][name.removeprefix("hop_ms_")]
    return figure is not None and figure <= bar


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _join(children: list[Child], more: int) -> None:
    shares = [more // len(children)] * len(children)
    shares[0] += more - sum(shares)
    for child, share in zip(children, shares, strict=True):
        child.begin("join", share)
    for child in children:
        child.end()


def _heard(children: list[Child]) -> int:
    for child in children:
        child.begin("heard")
    return sum(child.end() for child in children)


def main() -> int:
    """Measures, prints what it does and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--runs", type=int, default=3, help="of each, medians count")
    parser.add_argument("--backend", choices=[each.value for each in Backend])
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    if not Path("/proc/self/schedstat").exists():
        print(json.dumps({"schema": 1, "ok": None, "skipped": "needs Linux's schedstat"}))
        return 0
    many_files()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as folder:
        result = Bench(args, Path(folder)).run()
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
