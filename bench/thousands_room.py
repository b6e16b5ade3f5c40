"""What a room of thousands costs one member: memory, work for a change, the list of members.

``thousands_room.py [--members 4,1000,9900] [--json]``: for each size a process of its own holds the
room as a listener does, with the shipped code and real signatures, and takes in what comes: members
join by several doors, leave, raise hands. Printed are medians of one change until the state is
known; what acts of a moderator take; what the whole set takes, worked out anew; the share of a core
at 17 changes a second; the memory beyond the first size; the bytes of the hand-over to a
newcomer, and how many of them it needs before it can hear. The seconds for those at 2 Mbit/s are
counted, not measured. Times are of the processor; beside other work their ratios are worth more.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from crypto.genesis import Genesis
from lab.room_people import genesis_of, identity
from p2p.room.ops import kinds
from p2p.room.ops.op import Op, Pen
from p2p.room.ops.powers import POWERS
from p2p.room.room import Room

CHANGES_PER_S = 17
LINE_BPS = 2_000_000
DOORS_EACH = 2
CHANGES = 90
ACTS = ("remove_listener", "appoint_listener", "appoint_door", "lock", "yes_to_newcomer",
        "locked_join", "remove_door", "unlock")  # fmt: skip
BARS = {"change_ms": 1.0, "act_ms": 20.0, "core_pct": 10.0, "memory_mib": 40.0, "list_s": 10.0}


def resident_mib() -> float:
    """Memory of this process that is in RAM (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Crowd:
    """Members who are nothing but their pens."""

    def __init__(self, count: int, genesis: Genesis | None = None) -> None:
        host = identity(0)
        self.genesis = genesis or genesis_of(host)
        self.room_id = self.genesis.room_id
        self.pens = [Pen(host, self.room_id)]
        join = (host.sign_key, host.dh, bytes(32), "host")
        self.ops: list[Op] = [self.pens[0].write(kinds.Join, *join)]
        for _ in range(count - 2):
            self.ops += self.come(DOORS_EACH)

    def come(self, doors: int) -> list[Op]:
        """One more, let in by several."""
        number = len(self.pens)
        key = identity(number)
        pen = Pen(key, self.room_id)
        join = pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), f"member {number}")
        some = {(number * 7 + step) % max(1, min(number, 900)) for step in range(doors)}
        self.pens.append(pen)
        return [self.pens[door].write(kinds.Admit, join.data) for door in sorted(some)]


def measure(members: int) -> dict:
    """One size, in this process."""
    crowd = Crowd(members)
    before_mib = resident_mib()
    me = identity(1_000_000)
    room = Room(me, crowd.genesis.encode(), "me", now=0.0)
    key = bytes(32)
    admit = crowd.pens[0].write(kinds.Admit, room.join_op)
    epoch = crowd.pens[0].write(kinds.Epoch, (), 0, 0, key, key, key, 0, key, ())
    data = [op.data for op in (crowd.ops[0], admit, epoch, *crowd.ops[1:])]
    crowd.ops.clear()
    for one in data:
        room.receive(one, None, 0.0)
    assert len(room.state.members) == members
    list(iter(room.next_event, None))
    del data
    memory_mib = resident_mib() - before_mib
    joins, others = [], []
    now = 1000.0
    for number in range(CHANGES):
        now += 10.0
        pen = crowd.pens[-1 - number // 3]
        if number % 3 == 0:
            joins.append(timed(room, crowd.come(1)[0], now))
        elif number % 3 == 1:
            others.append(timed(room, pen.write(kinds.Hand, True), now))
        else:
            others.append(timed(room, pen.write(kinds.Leave), now))
    row = result(members, memory_mib, joins, others, room)
    return row | acts(crowd, room, now)


def acts(crowd: Crowd, room: Room, now: float) -> dict[str, float]:
    """What a moderator does to one member, and to the door; processor time of each, in ms."""
    host, ids = crowd.pens[0], [pen.author for pen in crowd.pens]
    found: dict[str, float] = {}

    def do(name: str, *writings: tuple) -> None:
        nonlocal now
        now += 10.0
        wholes = len(seen)
        took = [timed(room, host.write(*writing), now)[0] for writing in writings]
        seen.add(id(room._ops._reading._findings))
        found[name] = round(1000 * max(took), 1)
        found["worked_out_anew"] = found.get("worked_out_anew", 0) + len(seen) - wholes

    def remove(number: int) -> tuple:
        out = room.state.members[ids[number]]
        return kinds.Remove, out.id, out.join, out.cut, False, out.keeps, room.state.last_removals

    def rank(number: int) -> tuple:
        one = room.state.members[ids[number]]
        return kinds.Rank, one.id, 2, one.sign, one.dh, (), one.cut

    def vouch() -> list[tuple]:
        hang = [one.id for one in room.state.members.values() if one.admitted_by is not None]
        return [(kinds.Roster, tuple(hang[at : at + 64])) for at in range(0, len(hang), 64)]

    seen = {id(room._ops._reading._findings)}
    do("remove_listener", remove(len(ids) - 50))
    do("appoint_listener", rank(len(ids) - 51))
    do("appoint_door", rank(min(100, len(ids) // 2)))
    do("vouch_for_64", *vouch())
    do("lock", (kinds.Lock, True))
    late = identity(2_000_000)
    do("yes_to_newcomer", (kinds.Let, late.member_id, True))
    join = (late.sign_key, late.dh, bytes(32), "late")
    do("locked_join", (kinds.Admit, Pen(late, crowd.room_id).write(kinds.Join, *join).data))
    do("remove_door", remove(min(200, len(ids) // 3)))
    do("unlock", (kinds.Lock, False, room.state.over[kinds.Lock]))
    return found


def timed(room: Room, op: Op, now: float) -> tuple[float, float]:
    """Seconds of processor time of a change, and of what follows from it after its signatures."""
    began_s = time.process_time()
    room.receive(op.data, None, now)
    checked_s = time.process_time()
    _ = room.state
    room.to_send(now)
    list(iter(room.next_event, None))
    ended_s = time.process_time()
    return ended_s - began_s, ended_s - checked_s


def result(members: int, memory_mib: float, joins: list, others: list, room: Room) -> dict:
    """The row of one size."""
    evaluation = room._evaluation
    whole_s = []
    for _ in range(3):
        began_s = time.process_time()
        room._ops._reading.__init__()
        evaluation.expire()
        _ = room.state
        whole_s.append(time.process_time() - began_s)
    newcomer = Room(identity(1_000_001), room.genesis.encode(), "late", now=0.0)
    room.admit(newcomer.join_op)
    _ = room.state
    handed = room.introduction(newcomer.me)
    powers = [type(room._ops.read(one).body) in POWERS for one in handed]
    first = len(powers) - powers[::-1].index(True)
    change_s = statistics.median(whole for whole, _ in (*joins, *others))
    return {
        "members": members,
        "memory_mib": round(memory_mib, 1),
        "evaluate_join_ms": round(1000 * statistics.median(after for _, after in joins), 3),
        "change_ms": round(1000 * change_s, 3),
        "mean_ms": round(1000 * statistics.fmean(whole for whole, _ in (*joins, *others)), 3),
        "worst_ms": round(1000 * max(whole for whole, _ in (*joins, *others)), 1),
        "whole_ms": round(1000 * statistics.median(whole_s), 1),
        "core_pct": round(100 * CHANGES_PER_S * change_s, 2),
        "hand_over_bytes": sum(map(len, handed)),
        "before_sound_bytes": sum(map(len, handed[:first])),
        "list_s": round(8 * sum(map(len, handed)) / LINE_BPS, 2),
    }


def main() -> int:
    """Measures, prints the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", default="4,1000,9900")
    parser.add_argument("--one", type=int, help="only this size, in this process")
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    if args.one is not None:
        print(json.dumps(measure(args.one)))
        return 0
    rows = []
    for size in args.members.split(","):
        command = [sys.executable, __file__, "--one", size]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append(json.loads(done.stdout))
    if not args.json:
        for name in rows[0]:
            print(f"{name:20}", *(f"{row[name]:>12}" for row in rows))
    last, least = rows[-1], rows[0]
    checks = {
        "change_ms": last["evaluate_join_ms"],
        "act_ms": max(last[name] for name in ACTS),
        "core_pct": last["core_pct"],
        "memory_mib": round(last["memory_mib"] - least["memory_mib"], 1),
        "list_s": last["list_s"],
    }
    ok = all(checks[name] <= bar for name, bar in BARS.items())
    print(json.dumps({"schema": 1, "rows": rows, "measured": checks, "bars": BARS, "ok": ok}))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
