"""What a member's whole program costs in a room of thousands, and how long it stands still.

``thousands_program.py [--members 9900] [--json]``: a real node that made the room, on loopback and
without sound card or relay, whose room is then filled with members (real signatures) that all count
as in reach. Printed are medians and the longest of: a change and what follows from it, the tick
that comes five times a second, what the screen draws from, its lists, the numbers of ``stats``; and
what these come to at 17 changes a second, as a share of a core. Times are of the processor; beside
other work their ratios are worth more.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.thousands_room import CHANGES_PER_S, DOORS_EACH, Crowd
from crypto.genesis import MEMBERS_SECRET_BYTES, commit_members_secret
from crypto.roomkey import RoomKey
from lab.room_people import genesis_of, identity
from p2p.api.events import Joined
from p2p.api.settings import Settings
from p2p.node import create
from p2p.node.node import Node
from p2p.node.secrets import NewRoom, Origin
from p2p.node.session import Session
from p2p.room.ops import kinds
from p2p.room.ops.newcomer import admitted_by
from tui.room import presenter

TICKS_PER_S, LOOKS_PER_S, STATS_PER_S = 5, 2, 0.2
BARS = {"core_pct": 10.0, "longest_ms": 20.0}


async def a_host() -> tuple[Node, Crowd]:
    """A node that makes a room, and a crowd whose host it is."""
    host, shared = identity(0), os.urandom(MEMBERS_SECRET_BYTES)
    genesis = msgspec.structs.replace(genesis_of(host), commit=commit_members_secret(shared))
    origin = Origin(genesis.encode(), os.urandom(16))
    settings = Settings("host", listen=("127.0.0.1", 0), mic="silence", speaker="null", only="dht")
    key = RoomKey.create(genesis, origin.r)
    return await create._open(settings, host, key, NewRoom(origin, shared)), Crowd(2, genesis)


def fill(session: Session, crowd: Crowd, members: int) -> None:
    """Takes the crowd in as a neighbour would bring it, and has all of it in reach."""
    room, mesh = session.peers.room, session.peers.mesh
    for _ in range(members - 1):
        for op in crowd.come(DOORS_EACH):
            join = admitted_by(op)
            if op.author != room.me:
                room.receive(op.data, None, time.monotonic())
            elif join is not None:  # our own numbers go on by themselves
                room.admit(join.data)
    assert len(room.state.members) == members
    mesh.follow_room(room.state.members, time.monotonic())
    mesh.set_attached(room.state.members, time.monotonic())
    session.follow()


def timed_ms(what: Callable[[], object], times: int, pause_s: float = 0.0) -> list[float]:
    """Milliseconds of processor time of each of some calls."""
    found = []
    for _ in range(times):
        time.sleep(pause_s)
        began_s = time.process_time()
        what()
        found.append(1000 * (time.process_time() - began_s))
    return found


def lists(node: Node) -> tuple[object, ...]:
    """What the screen makes of the view twice a second, but for the lines in sight."""
    view = node.view()
    stage, hands = presenter.stage_rows(view, 60), presenter.hand_rows(view, 40)
    return stage, hands, [one.n for one in presenter.audience(view)]


async def measure(members: int) -> dict:
    """One room, in this process."""
    node, crowd = await a_host()
    running = asyncio.create_task(node.run())
    while not isinstance(await node.next_event(), Joined):
        pass
    session = node.state
    assert isinstance(session, Session)
    fill(session, crowd, members)
    pens = iter(crowd.pens[:0:-1])
    room = session.peers.room

    def change() -> None:
        room.receive(next(pens).write(kinds.Hand, True).data, None, time.monotonic())
        session.follow()

    node.view()  # the first makes every row
    found = {
        "change": timed_ms(change, 60),
        "tick": timed_ms(session.tick, 30, 0.05),
        "screen": timed_ms(lambda: lists(node), 20, 0.3),
        "stats": timed_ms(session.reports.stats.stats, 5),
    }
    node.leave("asked")
    with contextlib.suppress(asyncio.CancelledError):
        await running
    per_s = {"change": CHANGES_PER_S, "tick": TICKS_PER_S, "screen": LOOKS_PER_S}
    per_s |= {"stats": STATS_PER_S}
    core_ms = sum(statistics.fmean(found[name]) * often for name, often in per_s.items())
    return {
        "members": members,
        **{f"{name}_ms": round(statistics.median(times), 2) for name, times in found.items()},
        **{f"{name}_longest_ms": round(max(times), 1) for name, times in found.items()},
        "core_pct": round(core_ms / 10, 1),
        "longest_ms": round(max(map(max, found.values())), 1),
    }


def main() -> int:
    """Measures, prints the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=9900)
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    row = asyncio.run(measure(args.members))
    for name, value in row.items() if not args.json else ():
        print(f"{name:20} {value:>10}")
    ok = all(row[name] <= bar for name, bar in BARS.items())
    print(json.dumps({"schema": 1, "row": row, "bars": BARS, "ok": ok}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
