"""The beacon over real sockets: on this machine, and between network namespaces."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crypto.errors import RemoteError
from crypto.roomkey import RoomKey
from p2p.dht.beacon import BeaconKeys, seal_answer
from p2p.dht.lan import LanAsker, LanDoor

KEY = RoomKey(b"k" * 16)
"""Of tests with namespaces of their own."""
DOOR = b"d" * 32
A, B = f"th-a-{os.getpid()}", f"th-b-{os.getpid()}"
ROOT = Path(__file__).parents[3]


class _Main(asyncio.DatagramProtocol):
    """A main socket that hands answers to an asker."""

    taker = None

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data, address) -> None:
        with contextlib.suppress(RemoteError):
            self.taker.receive(data, address)

    def send(self, data, address) -> None:
        self.transport.sendto(data, address)


@pytest.fixture
def key() -> RoomKey:
    """A room of this test alone, whose group and port nobody else on this machine uses."""
    for _ in range(20):
        key = RoomKey(os.urandom(16))
        trial = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with trial, contextlib.suppress(OSError):
            trial.bind(("", BeaconKeys.of(key).group[1]))
            return key
    pytest.fail("no port is free")


async def _main_socket() -> _Main:
    loop = asyncio.get_running_loop()
    return (await loop.create_datagram_endpoint(_Main, local_addr=("0.0.0.0", 0)))[1]


async def _first(asker, limit_s):
    async with contextlib.aclosing(asker.doors(limit_s)) as doors:
        async for door in doors:
            return door
    return None


async def test_on_one_machine_the_door_is_found_and_answers_from_its_main_socket(key):
    here, there = await _main_socket(), await _main_socket()
    door = await LanDoor.open(key, DOOR, there.send, rng=os.urandom, now=time.monotonic)
    asker = here.taker = LanAsker(key, here.port, os.urandom)
    found = await _first(asker, 10.0)
    assert found is not None
    assert found.dh == DOOR
    assert found.address[1] == there.port
    await door.close()
    here.transport.close()
    there.transport.close()


async def test_a_question_about_another_room_gets_silence(key):
    here, there = await _main_socket(), await _main_socket()
    door = await LanDoor.open(key, DOOR, there.send, rng=os.urandom, now=time.monotonic)
    here.taker = LanAsker(RoomKey(os.urandom(16)), here.port, os.urandom)
    assert await _first(here.taker, 0.3) is None
    door.datagram_received(b"junk", ("127.0.0.1", 1))
    assert door.dropped == 1
    await door.close()
    here.transport.close()
    there.transport.close()


async def test_a_flood_of_doors_is_bounded():
    asker = LanAsker(KEY, 4000, os.urandom)
    answer = seal_answer(BeaconKeys.of(KEY), asker._number, DOOR, os.urandom)
    asker.receive(answer, ("10.0.0.1", 1))
    asker.receive(answer, ("10.0.0.1", 1))
    for port in range(2, 65):
        asker.receive(answer, ("10.0.0.1", port))
    with pytest.raises(RemoteError):
        asker.receive(answer, ("10.0.0.1", 65))


_SIDE = """
import asyncio, os, sys, time, contextlib
sys.path.insert(0, {root!r})
from crypto.roomkey import RoomKey
from p2p.dht.lan import LanAsker, LanDoor
sys.path.insert(0, {here!r})
from test_lan import _main_socket, _first, KEY, DOOR

async def main(role):
    main_socket = await _main_socket()
    if role == "door":
        door = await LanDoor.open(KEY, DOOR, main_socket.send, rng=os.urandom, now=time.monotonic)
        print("ready", flush=True)
        await asyncio.sleep(20)
    else:
        main_socket.taker = LanAsker(KEY, main_socket.port, os.urandom)
        began_s = time.monotonic()
        found = await _first(main_socket.taker, 4.0)
        print(found.address[0] if found else None, time.monotonic() - began_s, flush=True)

asyncio.run(main(sys.argv[1]))
"""


def _needs_namespaces() -> None:
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, root and iproute2")
    if subprocess.run(["ip", "netns", "add", A], capture_output=True).returncode:
        pytest.skip("network namespaces can not be made here")


@pytest.mark.netns
def test_between_two_machines_without_a_default_route_and_with_a_second_card():
    _needs_namespaces()
    ip = ["ip", "-n"]
    door = None
    try:
        for command in (
            ["ip", "netns", "add", B],
            [*ip, A, "link", "add", "v0", "type", "veth", "peer", "v1", "netns",
             B],
            [*ip, A, "link", "add", "c0", "type", "veth", "peer", "c1"],
            [*ip, A, "addr", "add", "10.77.0.1/24", "dev", "c0"],
            [*ip, A, "addr", "add", "192.168.77.1/24", "dev", "v0"],
            [*ip, B, "addr", "add", "192.168.77.2/24", "dev", "v1"],
            [*ip, A, "link", "set", "c0", "up"],
            [*ip, A, "link", "set", "v0", "up"],
            [*ip, B, "link", "set", "v1", "up"],
        ):  # fmt: skip
            subprocess.run(command, check=True, capture_output=True)
        side = [sys.executable, "-c", _SIDE.format(root=str(ROOT), here=str(Path(__file__).parent))]
        door = subprocess.Popen(
            ["ip", "netns", "exec", B, *side, "door"], stdout=subprocess.PIPE, text=True
        )
        assert door.stdout.readline() == "ready\n"
        asked = subprocess.run(
            ["ip", "netns", "exec", A, *side, "ask"],
            capture_output=True,
            text=True,
            timeout=30,
        )
        where, took_s = asked.stdout.split()
        assert where == "192.168.77.2", asked.stderr
        assert float(took_s) < 1.0
    finally:
        if door is not None:
            door.kill()
            door.wait()
        for name in (A, B):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
