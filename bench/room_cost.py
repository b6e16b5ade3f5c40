"""What a room of four costs each member: share of a core, memory, and the sizes of its packets.

``room_cost.py [--seconds 60 | --minutes 10] [--json]``: four member processes on loopback find
each other through one entry node; two of them speak without a pause (real speech, real Opus), all
four listen, nobody has a screen. CPU time and resident memory are the kernel's own figures
(Linux: ``/proc``). Memory is read when the room has settled and at the end.

Where two processors are one core, work beside us makes our own dearer. So the result says how busy
the rest of the machine was, and how long a fixed piece of work took against its shortest time:
a share of a core measured at ``slowdown`` 1.6 is not the share that a quiet machine would show.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.programs.people import DHT, ENGLISH, MANDARIN, House, give_the_floor, words_of
from lab.programs.person import Person

CPU_BAR_PCT = 15.0
MEMORY_BAR_MIB = 150.0
GROWTH_BAR_MIB = 4.0
SETTLED_S = 10.0
SAMPLE_EVERY_S = 5.0
SPARE_S = 300.0
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_mib(pid: int) -> float:
    """Memory of a process that is in RAM."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def busy_s() -> float:
    """Seconds of processor time that everybody on this machine has used."""
    user, nice, system, _, _, irq, softirq, *_ = Path("/proc/stat").read_text().split()[1:11]
    return sum(map(int, (user, nice, system, irq, softirq))) / TICKS_PER_S


def piece_of_work_s() -> float:
    """Processor time of a fixed piece of work."""
    began_s = time.process_time()
    sum(number * number for number in range(50_000))
    return time.process_time() - began_s


async def open_room(house: House) -> list[Person]:
    """Host and three guests; the host and the first guest speak, and all hear them."""
    await house.entry_node()
    host = await house.create("host", *DHT, mic=MANDARIN)
    words = await words_of(host)
    speaker = await house.join("speaker", words, *DHT, mic=ENGLISH)
    listeners = [await house.join(f"listener {number}", words, *DHT) for number in (1, 2)]
    people = [host, speaker, *listeners]
    host.say("mic on")
    await give_the_floor(host, speaker)
    for person in people:
        for other in (host, speaker):
            if other is not person:
                await person.hears_more_of(other.name)
    return people


async def measure(people: list[Person], relay: Person, seconds: float) -> tuple[list[dict], dict]:
    """One row a member, and what else went on."""
    await asyncio.sleep(SETTLED_S)
    memory = {person: [resident_mib(person.pid)] for person in people}
    used_s = {person: cpu_s(person.pid) for person in people}
    ours_s = sum(map(cpu_s, pids := [os.getpid(), relay.pid, *(one.pid for one in people)]))
    pieces_s = [piece_of_work_s()]
    busy_before_s, began_s = busy_s(), time.monotonic()
    while (passed_s := time.monotonic() - began_s) < seconds:
        await asyncio.sleep(min(SAMPLE_EVERY_S, seconds - passed_s))
        for person in people:
            memory[person].append(resident_mib(person.pid))
        pieces_s += [piece_of_work_s() for _ in range(3)]
    passed_s = time.monotonic() - began_s
    others_s = busy_s() - busy_before_s - (sum(map(cpu_s, pids)) - ours_s)
    machine = {
        "others_pct": round(100 * others_s / passed_s, 1),
        "slowdown": round(statistics.fmean(pieces_s) / min(pieces_s), 2),
    }
    rows = []
    for person in people:
        share = (cpu_s(person.pid) - used_s[person]) / passed_s
        rows.append(
            {
                "name": person.name,
                "cpu_pct": round(100 * share, 1),
                "rss_start_mib": round(memory[person][0], 1),
                "rss_end_mib": round(memory[person][-1], 1),
                "rss_max_mib": round(max(memory[person]), 1),
            }
        )
    return rows, machine


async def run(seconds: float) -> dict:
    """The whole bench; the result as one object."""
    async with House(lives_max_s=seconds + SPARE_S) as house:
        people = await open_room(house)
        rows, machine = await measure(people, house.people[0], seconds)
        ends = [await person.leave() for person in people]
    for row, end in zip(rows, ends, strict=True):
        heard = end["totals"]["members"]
        row |= {"sealed": end["totals"]["sealed"], "opened": sum(one["opened"] for one in heard)}
        row["rejected"] = sum(one["rejected"] for one in heard)
    sizes = sorted({size for end in ends for size in end["totals"]["packet_sizes"]})
    growth_mib = max(row["rss_end_mib"] - row["rss_start_mib"] for row in rows)
    result = {
        "schema": 1,
        "seconds": round(seconds),
        **machine,
        "members": rows,
        "cpu_pct_mean": round(statistics.fmean(row["cpu_pct"] for row in rows), 1),
        "cpu_pct_max": max(row["cpu_pct"] for row in rows),
        "rss_max_mib": max(row["rss_max_mib"] for row in rows),
        "growth_mib": round(growth_mib, 1),
        "packet_sizes": sizes,
        "bars": {"cpu_pct": CPU_BAR_PCT, "rss_mib": MEMORY_BAR_MIB, "growth_mib": GROWTH_BAR_MIB},
    }
    result["ok"] = (
        result["cpu_pct_max"] <= CPU_BAR_PCT
        and result["rss_max_mib"] <= MEMORY_BAR_MIB
        and growth_mib <= GROWTH_BAR_MIB
        and len(sizes) == 1
        and all(row["rejected"] == 0 for row in rows)
    )
    return result


def main() -> int:
    """Measures, prints the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--minutes", type=float, help="instead of --seconds")
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        print(json.dumps({"schema": 1, "ok": None, "skipped": "needs /proc"}))
        return 0
    result = asyncio.run(run(args.seconds if args.minutes is None else 60 * args.minutes))
    if not args.json:
        print(f"{'':12} {'cpu %':>6} {'MiB start':>10} {'MiB end':>8} {'opened':>8}")
        for row in result["members"]:
            print(
                f"{row['name']:12} {row['cpu_pct']:6.1f} {row['rss_start_mib']:10.1f} "
                f"{row['rss_end_mib']:8.1f} {row['opened']:8}"
            )
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
