"""Rooms in which some have Windows and some Linux: they meet, hear each other, and part."""

import asyncio
import math
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from lab.programs.people import give_the_floor, words_of
from lab.programs.person import Person
from p2p.console import CLOSED, CTRL_BREAK, CTRL_C
from p2p.dht.contact import NodeContact
from p2p.wire.web_place import WebPlace
from tests.windows.conftest import MixedHouse, Package

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SIDES = pytest.mark.parametrize(
    "windows", [{"host"}, {"guest"}, {"host", "guest"}], ids=["host", "guest", "both"]
)
ANYWHERE = ("--listen", "[::]:0")
TONE = "tone:440"
LEAST_HEARD = 0.99
LEAST_OF_A_PORTION = 0.25
FRAMES = 250
SAME, BETWEEN_S = 3, 0.3


def tcp_links(port: int) -> int:
    """Connections of TCP to or from a port of this machine that are up now."""
    end = re.compile(rf":{port:04X} .* 01 |:{port:04X} 01 ")
    rows = [row for name in ("tcp", "tcp6") for row in _rows(Path("/proc/net") / name)]
    return sum(1 for row in rows if end.search(row))


def _rows(path: Path) -> list[str]:
    return path.read_text().splitlines()[1:] if path.exists() else []


async def hears_nearly_all(speaker: Person, listener: Person) -> None:
    """Of what the speaker sends from now on, 99 of 100 frames come; it is silent afterwards.

    Both count: one what it sends to the other while that is there, one what it can open. Both begin
    in silence, and frames under way have as long as any event: only what is lost is missing. A
    listener that waits long for a processor finds its line narrow, and its relay leaves out what
    copies make up for: then of that portion nothing can be told from what is lost.
    """
    await falls_silent(speaker)
    sent_before = await speaker.total("sent", listener.name)
    opened_before = await stands_still(lambda: listener.total("opened", speaker.name))
    await speaks_up(speaker)
    await listener.opens(speaker.name, opened_before + FRAMES)
    await falls_silent(speaker)
    sent = await speaker.total("sent", listener.name) - sent_before
    opened = await stands_still(lambda: listener.total("opened", speaker.name)) - opened_before
    thinned = bool(listener.heard("line", narrow_in=True))
    if not thinned:
        await listener.opens(speaker.name, opened_before + math.ceil(LEAST_HEARD * sent))
        opened = await listener.total("opened", speaker.name) - opened_before
    print(f"{listener.name} heard {opened} of {sent} frames of {speaker.name}, {thinned=}")
    assert (LEAST_OF_A_PORTION * sent if thinned else FRAMES) <= opened <= sent
    assert await listener.total("rejected", speaker.name) == 0


async def falls_silent(speaker: Person) -> None:
    """Its microphone is closed, and what it sealed has been sent."""
    mark = speaker.now
    speaker.say("mic off")
    await speaker.hears("mic", mark, on=False)
    await stands_still(lambda: sealed(speaker))


async def stands_still(count: Callable[[], Awaitable[int]]) -> int:
    """Waits until a count is the same three times."""
    seen: list[int] = []
    while len(seen) < SAME or len(set(seen[-SAME:])) > 1:
        seen.append(await count())
        await asyncio.sleep(BETWEEN_S)
    return seen[-1]


async def sealed(speaker: Person) -> int:
    return int((await speaker.counts())["sealed"])


async def speaks_up(speaker: Person) -> None:
    mark = speaker.now
    speaker.say("mic on")
    await speaker.hears("mic", mark, on=True, why="asked")


async def part(*people: Person) -> None:
    for person in people:
        left = await person.leave()
        assert (left["why"], left["totals"]["socket_errors"]) == ("asked", 0)


@SIDES
async def test_by_invite_they_meet_directly_and_by_udp(mixed: MixedHouse) -> None:
    host = await mixed.create("host", *ANYWHERE, mic=TONE)
    await speaks_up(host)
    invite = host.heard("key")[0]["invite"]
    guest = await mixed.join("guest", invite, *ANYWHERE, "--only", "invite")
    await guest.hears("first_sound")
    await hears_nearly_all(host, guest)
    await part(guest, host)


@SIDES
async def test_by_words_they_find_each_other_on_the_local_network(mixed: MixedHouse) -> None:
    host = await mixed.create("host", *ANYWHERE, mic=TONE)
    await speaks_up(host)
    guest = await mixed.join("guest", await words_of(host), *ANYWHERE, "--only", "lan")
    assert guest.heard("joined")[0]["via"] == "lan"
    await guest.hears("first_sound")
    await hears_nearly_all(host, guest)
    await part(guest, host)


@pytest.mark.parametrize(
    "windows",
    [{"host"}, {"guest"}, {"host", "guest"}, {"entry node"}],
    ids=["host", "guest", "both", "relay"],
)
async def test_through_a_relay_they_talk_by_udp_and_hands_go_up(mixed: MixedHouse) -> None:
    await mixed.entry_node()
    port = int(mixed.entry_nodes[0].partition("#")[0].rpartition(":")[2])
    shield = (*ANYWHERE, "--mode", "shield", "--relay", mixed.entry_nodes[0])
    host = await mixed.create("host", *shield, mic=TONE)
    await speaks_up(host)
    guest = await mixed.join("guest", await words_of(host), *shield, mic=TONE)
    await guest.hears("first_sound")
    await give_the_floor(host, guest)
    await host.hears("first_sound")
    assert tcp_links(port) == 0
    await hears_nearly_all(host, guest)
    await hears_nearly_all(guest, host)
    assert tcp_links(port) == 0

    guest.say("mic on")
    await guest.hears("mic", guest.now, on=True)
    mark = guest.now
    host.say(f"mute {host.n_of('guest')}")
    await guest.hears("mic", mark, on=False)
    other = await mixed.join("other", await words_of(host), *shield)
    await host.sees("other", state="here")
    host.say("remove guest")
    assert await guest.ended() == 6
    await speaks_up(host)
    await other.hears_more_of("host")  # under a key that the guest lacks
    await part(other, host)


@pytest.mark.parametrize(
    "windows", [{"guest"}, {"host", "entry node"}], ids=["guest", "host and relay"]
)
async def test_by_the_web_alone_they_hear_each_other(mixed: MixedHouse) -> None:
    await mixed.entry_node()
    relay = NodeContact.parse(mixed.entry_nodes.pop())
    port = relay.address[1]
    line = str(NodeContact(relay.address, relay.key, WebPlace("127.0.0.1", port, "/")))
    shield = (*ANYWHERE, "--mode", "shield", "--relay", line)
    host = await mixed.create("host", *shield, mic=TONE)
    await speaks_up(host)
    guest = await mixed.join("guest", await words_of(host), *shield)
    await guest.hears("first_sound")
    assert tcp_links(port) >= 2
    await hears_nearly_all(host, guest)
    await part(guest, host)


@pytest.mark.parametrize("windows", [{"guest"}], ids=["guest"])
async def test_who_is_killed_is_missed_and_the_room_goes_on(mixed: MixedHouse) -> None:
    host = await mixed.create("host", *ANYWHERE)
    invite = host.heard("key")[0]["invite"]
    guest = await mixed.join("guest", invite, *ANYWHERE, "--only", "invite")
    mark = host.now
    await guest.kill()
    await host.sees("guest", mark, state="gone")
    await mixed.join("again", invite, *ANYWHERE, "--only", "invite")
    await host.leave()


@pytest.mark.parametrize(
    "event", [CTRL_C, CTRL_BREAK, CLOSED], ids=["Ctrl+C", "Ctrl+Break", "window closed"]
)
@pytest.mark.parametrize("windows", [{"guest"}], ids=["guest"])
async def test_who_closes_the_window_leaves_politely(
    mixed: MixedHouse, package: Package, event: int
) -> None:
    host = await mixed.create("host", *ANYWHERE)
    invite = host.heard("key")[0]["invite"]
    guest = await mixed.join("guest", invite, *ANYWHERE, "--only", "invite")
    mark = host.now
    number = next(line.strip() for line in guest.talk if line.strip().isdigit())
    await asyncio.to_thread(package.console_tells, number, event)
    await host.sees("guest", mark, state="left")
    assert await guest.ended() == 0
    assert guest.events[-1]["why"] == "signal"
    assert host.heard("member", mark, name="guest", state="gone") == []
    await host.leave()
