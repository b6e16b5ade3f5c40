"""Joins over bad lines: how many get in, after what time there is sound, and by what way.

``lines.py [--joins 10] [--only NAME ...] [--before TREE] [--json]``: a relay, a host that speaks
and a newcomer, each a real program in a network namespace of its own (Linux, root); all in shield
mode, with the relay known. The newcomer's line is that of the row. ``--before`` runs each row with
the program of another checkout as well, so that both stand beside each other on the same machine.
"""

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.line_rows import print_rows
from lab.programs import netlab
from lab.programs.netlab import Host, NetLab
from lab.programs.roommates import PROGRAM, Roommate, start_entry
from p2p.dht.contact import NodeContact

WRONG_CLOCK = Path(__file__).resolve().parents[1] / "lab/programs/wrong_clock.py"
JOIN_LIMIT_S = 40.0
TALK_S = 12.0
TOLD = "let sound through but no messages"


@dataclass(frozen=True)
class Row:
    """One line.

    Attributes:
        weather: Of the newcomer's line, as ``lab/programs/longline.py`` has it.
        bar: What is asked, for people.
        passes: Whether the outcomes of all joins are good enough.
        v6: With IPv6 as well, and a relay line for each.
        without_v4: The newcomer has IPv6 alone.
        in_talk: What the line turns to once there is sound.
        by_words: In open mode by the DHT's records alone; the host can be reached.
        ahead_s: So far ahead is the newcomer's clock.
        relays: So many are known.
    """

    name: str
    weather: dict[str, object]
    bar: str
    passes: Callable[[list["Outcome"]], bool]
    v6: bool = False
    in_talk: dict[str, object] = field(default_factory=dict)
    by_words: bool = False
    ahead_s: int = 0
    relays: int = 1
    without_v4: bool = False


@dataclass
class Outcome:
    """One join.

    Attributes:
        sound_ms: From the start of the node to the first sound; None: there was none.
        by_udp: The sound came by UDP.
        back_s: After the line turned, until messages passed again; None: they did not.
        silent_s: The longest time without sound, once the line has turned.
        told: The newcomer was told why.
    """

    sound_ms: float | None = None
    by_udp: bool = False
    back_s: float | None = None
    silent_s: float | None = None
    told: bool = False


def p95(values: list[float]) -> float:
    """The value that one in twenty is above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]


def all_in(outcomes: list[Outcome], *, udp: bool = True, p95_ms: float = 1e9) -> bool:
    """Whether every join led to sound, by UDP, and soon enough."""
    sounds = [each.sound_ms for each in outcomes if each.sound_ms is not None]
    good = len(sounds) == len(outcomes) and p95(sounds) <= p95_ms
    return good and (not udp or all(each.by_udp for each in outcomes))


def heals(outcomes: list[Outcome]) -> bool:
    """Whether messages passed again soon, and who was hit read why."""
    return all(each.told and each.back_s is not None and each.back_s <= 12.0 for each in outcomes)


def goes_on(outcomes: list[Outcome]) -> bool:
    """Whether sound came again soon."""
    return all(each.silent_s is not None and each.silent_s <= 1.5 for each in outcomes)


def _long(rtt_ms: float, jitter_ms: float, loss_pct: float) -> dict[str, object]:
    return {"delay_ms": rtt_ms / 2, "jitter_ms": jitter_ms, "loss_pct": loss_pct}


ROWS = (
    Row("good", _long(20, 2, 0), "all, by UDP, p95 2 s", lambda o: all_in(o, p95_ms=2000)),
    Row("150 ms 5 %", _long(300, 0, 5), "all, by UDP, p95 6 s", lambda o: all_in(o, p95_ms=6000)),
    Row("400 ms 10 %", _long(400, 40, 10), "all, UDP, p95 6 s", lambda o: all_in(o, p95_ms=6000)),
    Row("600 ms 5 %", _long(600, 0, 5), "all, by UDP", all_in),
    Row("20 ms 20 %", _long(20, 0, 20), "all, by UDP, p95 6 s", lambda o: all_in(o, p95_ms=6000)),
    Row("no UDP", _long(40, 0, 0) | {"drop": ["udp"]}, "all", lambda o: all_in(o, udp=False)),
    Row("no STUN", _long(40, 0, 0) | {"drop": ["stun"]}, "all, by UDP", all_in),
    Row("no DTLS", _long(40, 0, 0) | {"drop": ["dtls"]}, "all, by UDP", all_in),
    Row("no calls", _long(40, 0, 0) | {"drop": ["stun", "dtls", "quic"]}, "all, by UDP, p95 5 s",
        lambda o: all_in(o, p95_ms=5000)),
    Row("no UDP 400 ms", _long(400, 0, 2) | {"drop": ["udp"]}, "all",
        lambda o: all_in(o, udp=False)),
    Row("MTU 1200", _long(40, 0, 0) | {"mtu": 1200}, "all, by UDP", all_in),
    Row("MTU 576", _long(40, 0, 0) | {"mtu": 576}, "all", lambda o: all_in(o, udp=False)),
    Row("clock +1 day", _long(40, 0, 0), "all, p95 6 s", lambda o: all_in(o, p95_ms=6000),
        by_words=True, ahead_s=86_400),
    Row("clock -1 day", _long(40, 0, 0), "all, p95 6 s", lambda o: all_in(o, p95_ms=6000),
        by_words=True, ahead_s=-86_400),
    Row("broken IPv4", {"drop": ["udp4", "tcp4"]}, "all, by UDP", all_in, v6=True),
    Row("broken IPv6", {"drop": ["udp6", "tcp6"]}, "all, by UDP", all_in, v6=True),
    Row("IPv6 alone", _long(40, 0, 0), "all, by UDP", all_in, v6=True, without_v4=True),
    Row("sound alone in talk", _long(40, 0, 0), "messages back <= 12 s, told", heals,
        in_talk=_long(40, 0, 0) | {"drop": ["odd"]}),
    Row("sound alone one way", _long(40, 0, 0), "messages back <= 12 s, told", heals,
        in_talk=_long(40, 0, 0) | {"drop_up": ["odd"]}),
    Row("UDP freezes", _long(40, 0, 0), "silence <= 1.5 s", goes_on,
        in_talk=_long(40, 0, 0) | {"freeze": ["udp"]}),
    Row("one relay freezes", _long(40, 0, 0), "silence <= 1.5 s", goes_on, relays=2,
        in_talk=_long(40, 0, 0) | {"freeze": ["11.0.1.2"]}),
)  # fmt: skip


def measure(row: Row, joins: int) -> list[Outcome]:
    """Joins that often, one after the other."""
    with NetLab() as lab:
        (public,) = lab.site("p", "public", delay_ms=5.0, v6=row.v6)
        kind = "public" if row.by_words else "portres"
        (home,) = lab.site("a", kind, delay_ms=10.0, v6=row.v6)
        (far,) = lab.site("b", "portres", v6=row.v6, **row.weather)
        lines = [start_entry(public, listen="[::]:443" if row.v6 else f"{public.ip}:443")]
        if row.without_v4:
            lab.take_v4("b")
        for number in range(1, row.relays):
            (more,) = lab.site(f"q{number}", "public", delay_ms=5.0)
            lines.append(start_entry(more, listen=f"{more.ip}:443"))
        if row.v6:
            key = NodeContact.parse(lines[0]).key
            lines = [str(NodeContact((ip, 443), key)) for ip in (public.ip, public.ip6)]
        option = "--bootstrap" if row.by_words else "--relay"
        mode = ("--mode", "open", "--only", "dht") if row.by_words else ("--mode", "shield")
        options = (*mode, *(part for line in lines for part in (option, line)))
        host = Roommate(home, "host", "", (*options, "--mic", "tone:440"))
        words = host.wait("key", 30)["words"]
        host.wait("joined", 30)
        host.say("mic on")
        time.sleep(3.0)
        outcomes = []
        for number in range(joins):
            if row.in_talk and number:
                lab.change("b", **row.weather)
                time.sleep(1.0)
            outcomes.append(one_join(lab, row, far, f"guest-{number}", words, options, host))
        return outcomes


def one_join(
    lab: NetLab,
    row: Row,
    far: Host,
    name: str,
    words: str,
    options: tuple[str, ...],
    host: Roommate,
) -> Outcome:
    """Joins, listens, and leaves."""
    outcome = Outcome()
    guest = Roommate(far, name, words, options, with_clock(row.ahead_s))
    try:
        guest.wait("joined", JOIN_LIMIT_S)
        outcome.sound_ms = guest.wait("first_sound", JOIN_LIMIT_S)["ms"]
        outcome.by_udp = sound_comes_by_udp(far)
        if row.in_talk:
            lab.change("b", **row.in_talk)
            if row.passes is goes_on:
                outcome.silent_s = longest_silence_s(guest)
            else:
                outcome.back_s = until_messages_pass(guest, host)
            outcome.told = any(TOLD in line for line in guest.talk.queue)
        guest.say("leave")
        guest.wait("left", 10.0)
    except AssertionError:
        pass
    guest.process.kill()
    guest.process.wait()
    return outcome


def with_clock(ahead_s: int) -> tuple[str, ...]:
    """The program on a machine with that clock."""
    if not ahead_s:
        return PROGRAM
    return (sys.executable, "-P", "-B", str(WRONG_CLOCK), str(ahead_s))


def sound_comes_by_udp(far: Host) -> bool:
    """Whether a second of sound comes in UDP datagrams rather than in TCP segments."""
    before = _received(far)
    time.sleep(1.0)
    after = _received(far)
    return after["udp"] - before["udp"] > after["tcp"] - before["tcp"]


def _received(far: Host) -> dict[str, int]:
    """UDP datagrams and TCP segments that came so far."""
    command = ["ip", "netns", "exec", far.namespace, "cat", "/proc/net/snmp", "/proc/net/snmp6"]
    rows = [line.split() for line in netlab.output(*command).splitlines()]
    six = [int(row[1]) for row in rows if row[0] == "Udp6InDatagrams"]
    four = {
        head[0]: dict(zip(head, row, strict=True))
        for head, row in itertools.pairwise(rows)
        if head[0] == row[0] and head[0] in ("Udp:", "Tcp:")
    }
    return {
        "udp": int(four["Udp:"]["InDatagrams"]) + sum(six),
        "tcp": int(four["Tcp:"]["InSegs"]),
    }


def until_messages_pass(guest: Roommate, host: Roommate) -> float | None:
    """Seconds until a hand of the guest is seen by the host."""
    time.sleep(1.0)
    host.hear()
    began_s, mark = time.monotonic(), len(host.events)
    guest.say("hand")
    while time.monotonic() - began_s < TALK_S + JOIN_LIMIT_S:
        host.hear()
        if any(event["event"] == "hand" for event in host.events[mark:]):
            return time.monotonic() - began_s + 1.0
        time.sleep(0.05)
    return None


def longest_silence_s(guest: Roommate) -> float | None:
    """The longest time without a frame of the host; None: it was not there at the end."""
    began_s = heard_s = time.monotonic()
    opened, longest_s = guest.opened("host"), 0.0
    while (now := time.monotonic()) - began_s < TALK_S:
        if (count := guest.opened("host")) > opened:
            opened, heard_s = count, time.monotonic()
        longest_s = max(longest_s, now - heard_s)
        time.sleep(0.03)
    return longest_s if now - heard_s < 1.0 else None


def summary(row: Row, outcomes: list[Outcome]) -> dict:
    """One line of the table."""
    sounds = [each.sound_ms for each in outcomes if each.sound_ms is not None]
    silences = [each.silent_s for each in outcomes if each.silent_s is not None]
    backs = [each.back_s for each in outcomes if each.back_s is not None]
    return {
        "line": row.name,
        "joins": len(outcomes),
        "in": len(sounds),
        "by_udp": sum(each.by_udp for each in outcomes),
        "sound_p50_ms": round(statistics.median(sounds)) if sounds else None,
        "sound_p95_ms": round(p95(sounds)) if sounds else None,
        "back_max_s": round(max(backs), 1) if backs else None,
        "silent_max_s": round(max(silences), 2) if silences else None,
        "told": sum(each.told for each in outcomes),
        "bar": row.bar,
        "ok": row.passes(outcomes),
    }


def main() -> int:
    """Measures, prints a line for each row and tree, and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--joins", type=int, default=10)
    return print_rows(parser, ROWS, lambda row, args: summary(row, measure(row, args.joins)))


if __name__ == "__main__":
    sys.exit(main())
