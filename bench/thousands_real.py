"""Real members at three real relays, one below the other, of which the one in the middle is killed.

``thousands_real.py [--members 300] [--seconds 120] [--json]``: three relays and four processes of
listeners, and a speaker here. Shipped: sockets, links, passes, seats at two relays, failover, the
tree of relays, seals. Not run: sound cards and codecs (payloads are bytes), the room's operations
but the one that names relays, screens. So that three relays are two deep, each takes one child
here, not eight. A listener sits at two relays, not the same two for all; it opens what it hears.
Frames of the first second and the last do not count.
"""

import argparse
import asyncio
import contextlib
import ipaddress
import json
import os
import resource
import signal
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.processes import Child, every, many_files
from crypto.contact import Contact
from crypto.epoch import Keyring
from crypto.frame import FrameError, FrameOpener, FrameSealer
from crypto.identity import Identity
from lab.relay_host import Host
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import FloorCame
from p2p.node.relays.failover import Failover
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_session import RoomSide
from p2p.relay import cascade
from p2p.relay.config import RelaySettings
from p2p.relay.control import Control
from p2p.relay.limits import Limits
from p2p.relay.server import Relay, run_relay
from p2p.room.ops.kinds import HOST_SLOT

SLOT, FRAME_S, PROCESSES, BAR_PCT = HOST_SLOT, 0.04, 4, 99.0
NO_CAP = Limits(max_rate=1e9, per_link_rate=1e6, max_links=4096, max_links_per_net=4096)


def keyring() -> Keyring:
    """The same in every process of this bench."""
    return Keyring.create(lambda count: b"k" * count)


class RelayProcess:
    """One relay that takes one other below it."""

    def __init__(self) -> None:
        cascade.CHILDREN_MAX = 1
        self._relays: list[Relay] = []
        self._ready: asyncio.Future = asyncio.get_running_loop().create_future()
        settings = RelaySettings(("127.0.0.1", 0), limits=NO_CAP)
        self._task = asyncio.ensure_future(
            run_relay(settings, self._ready.set_result, Control(NO_CAP), self._relays.append)
        )

    async def contact(self) -> tuple[bytes, tuple[str, int]]:
        """Its key and address, once it listens."""
        contact = await self._ready
        return contact.key, contact.address

    def depth(self) -> int | None:
        """How deep it stands; None: it does not know the room."""
        rooms = self._relays[0]._rooms.rooms()
        return rooms[0].cascade.depth if rooms else None

    def parent(self) -> bytes | None:
        """Key of the relay above it."""
        return self._relays[0]._rooms.rooms()[0].cascade.parent


class Listener:
    """One member and what it opened."""

    def __init__(self, room: SimpleNamespace, net: MemberEndpoint, who: Identity, work: Work):
        floor = list(room.ops)
        side = RoomSide(
            who, room.genesis, room.room, lambda: room.pass_key, floor_ops=lambda: floor
        )
        self.net, self.floor, self.opened = net, floor, Counter[int]()
        self._opener = FrameOpener(keyring())
        self.seats = Failover(side, net.inbox, self, RelayLinks(net, work), work)
        work.create_task(self.seats.run())
        work.create_task(self._read())

    async def _read(self) -> None:
        while True:
            for item in await self.net.inbox.take():
                if isinstance(item, FloorCame):
                    self.floor.extend(op for op in item.ops if op not in self.floor)

    def relay_frame(self, frame: bytes, _at_s: float) -> bool:
        """Opens one frame."""
        with contextlib.suppress(FrameError):
            self._opener.open(frame[1:], {SLOT: bytes(16)})
            self.opened[int.from_bytes(frame[6:10], "big") - (1 << 24)] += 1
        return True


class Listeners:
    """Some listeners in a process."""

    def __init__(self) -> None:
        self._work = Work()
        self._all: list[Listener] = []

    async def come(self, room: SimpleNamespace, relays: list[Contact], count: int) -> int:
        """So many enter; says how many have both seats."""
        await self._work.__aenter__()
        for number in range(count):
            who = Identity.generate(os.urandom)
            net = await MemberEndpoint.open(("127.0.0.1", 0), [], who.dh_secret, os.urandom)
            one = Listener(room, net, who, self._work)
            first = number % len(relays)
            one.seats.set_relays([relays[first], relays[first - 1]])
            self._all.append(one)
            for _ in range(400):
                if len(one.seats.seats) == 2:
                    break
                await asyncio.sleep(0.05)
        return sum(len(one.seats.seats) == 2 for one in self._all)

    def opened(self, first: int, last: int) -> list[float]:
        """Of each the share of these frames."""
        said = range(first, last)
        return [100.0 * sum(n in one.opened for n in said) / len(said) for one in self._all]

    def peak_kb(self) -> int:
        """The most memory that this process had."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def run(members: int, seconds: float) -> dict[str, object]:
    """The whole room, once."""
    relays = [Child(RelayProcess) for _ in range(3)]
    crowds = [Child(Listeners) for _ in range(PROCESSES)]
    host, contacts = Host(), []
    try:
        for relay in relays:
            key, address = relay.ask("contact")
            contacts.append(Contact(key, address, "relay"))
        host.carriers(
            [[c.dh, ipaddress.ip_address(c.address[0]).packed, c.address[1]] for c in contacts]
        )
        room = SimpleNamespace(
            genesis=host.genesis, room=host.room, ops=host.ops, pass_key=host.pass_key
        )
        async with Work() as work:
            who = host.identity
            net = await MemberEndpoint.open(("127.0.0.1", 0), [], who.dh_secret, os.urandom)
            speaker = Listener(room, net, who, work)
            speaker.seats.set_relays([contacts[0]])
            for crowd in crowds:
                crowd.begin("come", room, contacts, members // PROCESSES)
            seated = [await asyncio.to_thread(crowd.end) for crowd in crowds]
            speaker.seats.set_slot(SLOT)
            for _ in range(600):
                if [relay.ask("depth") for relay in relays] == [0, 1, 2]:
                    break
                await asyncio.sleep(0.1)
            depths = [relay.ask("depth") for relay in relays]
            sealer, said = FrameSealer(keyring(), SLOT, bytes(16), os.urandom), [0]

            def say() -> None:
                said[0] += 1
                speaker.seats.send_frame(b"\x01" + sealer.seal(b"p" * 196, 0.0))

            frames = int(seconds / FRAME_S)
            killed = asyncio.get_running_loop().call_later(
                seconds / 2, os.kill, relays[1].pid, signal.SIGKILL
            )
            began_s = time.monotonic()
            await every(FRAME_S, frames, say)
            killed.cancel()
            took_s = time.monotonic() - began_s
            await asyncio.sleep(2.0)
            margin = int(1.0 / FRAME_S)
            shares = [
                one for crowd in crowds for one in crowd.ask("opened", margin, said[0] - margin)
            ]
            peaks = [crowd.ask("peak_kb") for crowd in crowds]
            last = relays[2].ask("parent")
            return result(members, sum(seated), depths, shares, peaks) | {
                "seconds": round(took_s, 1),
                "frames": said[0],
                "last_relay_under_the_first": last == contacts[0].dh,
            }
    finally:
        for child in (*relays, *crowds):
            child.stop()


def result(
    members: int, seated: int, depths: list[int], shares: list[float], peaks: list[int]
) -> dict[str, object]:
    """What it came to."""
    return {
        "members": members,
        "with_two_seats": seated,
        "depths": depths,
        "opened_pct_median": round(statistics.median(shares), 2),
        "opened_pct_worst": round(min(shares), 2),
        "below_bar": sum(share < BAR_PCT for share in shares),
        "peak_mb_of_processes": [kb // 1024 for kb in peaks],
        "peak_kb_a_member": round(sum(peaks) / max(1, len(shares))),
    }


def main() -> int:
    """Prints the result; 1 if a listener opened less than 99 % or the tree was another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--json", action="store_true", help="only the last line")
    asked = parser.parse_args()
    many_files()
    found = asyncio.run(run(asked.members, asked.seconds))
    found["ok"] = not found["below_bar"] and found["depths"] == [0, 1, 2]
    print(json.dumps(found))
    return 0 if found["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
