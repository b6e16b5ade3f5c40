"""Garbage at the socket of a member and of a relay while people talk."""

import asyncio
import socket
from itertools import islice
from pathlib import Path

import pytest

from crypto.contact import Contact
from crypto.invite import parse_key_text
from crypto.veil import Veil
from lab.programs.people import DHT, ENGLISH, House, words_of
from lab.programs.person import SLACK, Person
from p2p.dht.contact import NodeContact
from tests.e2e.garbage import Garbage
from tests.e2e.wire import Wire

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SOURCES = 8
BURST = 20
BURSTS_PER_S = 50
GROWTH_MAX_KIB = 24 * 1024
JOINED_IN_S = 10


def resident_kib(person: Person) -> int:
    status = Path(f"/proc/{person.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def port_of(person: Person) -> int:
    """The UDP port that this process listens on."""
    inodes = {
        target[8:-1]
        for link in Path(f"/proc/{person.pid}/fd").iterdir()
        if (target := str(link.readlink())).startswith("socket:[")
    }
    for row in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = row.split()
        if fields[9] in inodes:
            return int(fields[1].split(":")[1], 16)
    raise AssertionError(f"{person.name} has no socket")


async def throw(garbage: Garbage, count: int, ports: list[int]) -> None:
    """Sends so many datagrams to each port, from several sockets, at a steady pace."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOURCES)]
    loop = asyncio.get_running_loop()
    supply = iter(garbage)
    began_s = loop.time()
    try:
        for number, sent in enumerate(range(0, count, BURST)):
            for index, data in enumerate(islice(supply, min(BURST, count - sent))):
                for port in ports:
                    sockets[index % SOURCES].sendto(data, ("127.0.0.1", port))
            await asyncio.sleep(began_s + (number + 1) / BURSTS_PER_S - loop.time())
    finally:
        for one in sockets:
            one.close()


async def true_datagrams(
    house: House, relay: Person, host: Person
) -> tuple[list[bytes], list[Veil]]:
    """What a newcomer and those who let it in say to each other, on the wire and under the veil.

    The veils are those of the relay and of the door.
    """
    node = NodeContact.parse(relay.other[0])
    to_relay = await Wire.open(Contact(node.key, node.address, "relay"))
    invite = host.heard("key")[0]["invite"]
    to_door = await Wire.to(invite)
    try:
        line = str(NodeContact(to_relay.address, node.key))
        guest = await house.run(
            *(
                "join",
                "-",
                "--plain",
                "--json",
                "--mode",
                "open",
                "--listen",
                "127.0.0.1:0",
                "--name",
                "seen",
            ),
            *("--mic", "silence", "--speaker", "null"),
            *("--bootstrap", line),
        )
        guest.say(to_door.invite(parse_key_text(invite).key))
        await guest.hears("joined")
        await guest.hears_more_of("host")
        await guest.leave()
        true = to_relay.to_door + to_relay.from_door + to_door.to_door + to_door.from_door
        veils = [Veil(node.key), Veil(to_door.door_dh)]
        asked = zip(veils, (to_relay.to_door, to_door.to_door), strict=True)
        bare = [datagram for veil, sent in asked for datagram in map(veil.lift, sent) if datagram]
    finally:
        to_relay.close()
        to_door.close()
    assert 0xC0 in {data[0] for data in bare}, "knocks were seen"
    assert any(data[0] < 4 for data in bare), "checks of links were seen"
    return true + bare, veils


@pytest.mark.parametrize(
    "count", [5_000, pytest.param(100_000, marks=pytest.mark.slow)], ids=["few", "many"]
)
async def test_the_talk_goes_on_under_garbage(house: House, count: int) -> None:
    house.environment["TEAHOUSE_DEBUG"] = "1"  # an exception that escapes is seen
    relay = await house.entry_node()
    host = await house.create("host", mic=ENGLISH)
    host.say("mic on")
    words = await words_of(host)
    listener = await house.join("listener", words, *DHT)
    await listener.hears_more_of("host")
    true, veils = await true_datagrams(house, relay, host)

    victims = [host, listener, relay]
    before_kib = [resident_kib(person) for person in victims]
    marks = [host.now, listener.now]
    sent_before = await host.total("sent", "listener")
    opened_before = await listener.total("opened", "host")
    await throw(Garbage(true, veils, seed=count), count, [port_of(person) for person in victims])
    sent = await host.total("sent", "listener") - sent_before
    opened = await listener.total("opened", "host") - opened_before
    assert sent > 0.8 * 50 * count / (BURST * BURSTS_PER_S) / SLACK
    assert opened >= 0.97 * sent - 5
    assert await listener.total("rejected", "host") == 0

    for person, kib in zip(victims, before_kib, strict=True):
        assert person.code is None, f"{person.name} died"
        assert resident_kib(person) - kib < GROWTH_MAX_KIB, person.name
        assert not any("Traceback" in line for line in person.talk)
    for person, mark in zip((host, listener), marks, strict=True):
        assert person.heard("error", mark) == []
        assert person.heard("member", mark, state="gone") == []
    late = await house.join("late", words, *DHT)
    await late.hears_more_of("host")
    for person in (late, listener, host):
        await person.leave()
