"""Members at real relays, over real sockets: sound, mutes, removals, and relays that go."""

import asyncio
import contextlib
import ipaddress
import itertools
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from crypto.contact import Contact
from crypto.epoch import Keyring
from crypto.frame import FrameSealer
from crypto.identity import Identity
from p2p.dht.contact import NodeContact
from p2p.link.work import Work
from p2p.node.attaching import SILENT_S, Attachments
from p2p.node.attachment import RoomSide
from p2p.node.couriers import Couriers
from p2p.node.net import Net
from p2p.relay.control import Control
from p2p.relay.limits import Limits
from p2p.relay.server import RelaySettings, run_relay
from p2p.relay.wraps import wrap_tag
from p2p.wire.relay_messages import EVERYBODY
from tests.e2e.person import SLACK
from tests.p2p.relay.floors import Host, HostFloor

LIMIT_S = 10.0 * SLACK
FRAME_S = 0.02
SLOT = 2


class Speaker:
    """Sealed frames with a number in each."""

    def __init__(self) -> None:
        self._sealer = FrameSealer(Keyring.create(os.urandom), SLOT, bytes(16), os.urandom)
        self.said = 0

    def frame(self) -> bytes:
        self.said += 1
        return b"\0" + self._sealer.seal(b"p" * 150, 0.0)


def number_of(frame: bytes) -> int:
    return int.from_bytes(frame[6:10], "big") - (1 << 24)


class Member:
    """One member: its socket, its seats, and what came."""

    def __init__(self, host: Host, net: Net, identity: Identity, work: Work) -> None:
        self.identity = identity
        self.net = net
        self.heard: list[tuple[int, float]] = []
        self.gossip: list[tuple[bytes, bytes]] = []
        self.wraps: list[tuple[bytes, bytes]] = []
        self.floor = list(host.ops)  # as it was admitted with
        self.side = RoomSide(
            identity,
            host.genesis,
            host.room,
            pass_key=lambda: host.pass_key,
            floor_ops=lambda: host.ops if identity is host.identity else self.floor,
            on_floor=lambda ops: self.floor.extend(o for o in ops if o not in self.floor),
            on_frame=lambda frame, at_s: self.heard.append((number_of(frame), at_s)),
            on_gossip=lambda frm, blob: self.gossip.append((frm, blob)),
            on_wraps=lambda epoch, wraps: self.wraps.extend((epoch, wrap) for wrap in wraps),
        )
        couriers = Couriers(net.station, work, lambda *_: None, lambda _link: None, lambda: False)
        self.seats = Attachments(self.side, couriers, work)
        self.task = work.create_task(self.seats.run())

    @property
    def numbers(self) -> list[int]:
        return [number for number, _ in self.heard]

    def longest_silence_s(self, since_s: float) -> float:
        times = [since_s, *(at_s for _, at_s in self.heard if at_s > since_s), time.monotonic()]
        return max(after - before for before, after in itertools.pairwise(times))


class Inn:
    """A room, members and relays; everything ends with the test."""

    def __init__(self, work: Work) -> None:
        self.host = Host()
        self.work = work
        self.relays: list[Contact] = []
        self.controls: list[Control] = []
        self.running: list[asyncio.Future[None]] = []
        self.children: list[asyncio.subprocess.Process] = []
        self._nets: list[Net] = []

    async def relay(self, limits: Limits | None = None, **settings: object) -> Contact:
        ready: asyncio.Future[NodeContact] = asyncio.get_running_loop().create_future()
        control = Control(limits)
        relay = run_relay(
            RelaySettings(("127.0.0.1", 0), drain_timeout_s=10.0, **settings),  # type: ignore[arg-type]
            ready.set_result,
            control,
            make_floor=HostFloor,
        )
        self.running.append(asyncio.ensure_future(relay))
        self.controls.append(control)
        return self._known(await asyncio.wait_for(ready, LIMIT_S))

    async def process(self) -> Contact:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-B", "-m", "tests.p2p.node.relay_child"),
            cwd=Path(__file__).parents[3],
            stdout=asyncio.subprocess.PIPE,
        )
        self.children.append(child)
        assert child.stdout is not None
        line = await asyncio.wait_for(child.stdout.readline(), LIMIT_S)
        return self._known(NodeContact.parse(line.decode()))

    def _known(self, contact: NodeContact) -> Contact:
        self.relays.append(Contact(contact.key, contact.address, "relay"))
        return self.relays[-1]

    async def member(
        self, *relays: int, identity: Identity | None = None, seats: int | None = None
    ) -> Member:
        identity = identity or Identity.generate(os.urandom)
        net = await Net.open(("127.0.0.1", 0), [], identity.dh_secret, os.urandom)
        self._nets.append(net)
        member = Member(self.host, net, identity, self.work)
        member.seats.set_relays([self.relays[n] for n in relays])
        wanted = min(2, len(relays)) if seats is None else seats
        await until(lambda: len(member.seats.seats) == wanted)
        return member

    async def the_host(self, *relays: int) -> Member:
        return await self.member(*relays, identity=self.host.identity)

    def order(self) -> None:
        """All relays so far are the room's carriers."""
        named = [
            [r.dh, ipaddress.ip_address(r.address[0]).packed, r.address[1]] for r in self.relays
        ]
        self.host.write("carriers", named)

    async def close(self) -> None:
        for relay in self.running:
            relay.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        for child in self.children:
            if child.returncode is None:
                child.kill()
            await child.wait()
        for net in self._nets:
            await net.close()


@pytest.fixture
async def inn() -> AsyncIterator[Inn]:
    async with Work() as work:
        made = Inn(work)
        yield made
    await made.close()


async def until(true: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    async with asyncio.timeout(limit_s):
        while not true():  # noqa: ASYNC110  what is waited for has no event
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def talking(member: Member, voice: Speaker) -> AsyncIterator[None]:
    """The member sends a frame every 20 ms."""

    async def talk() -> None:
        while True:
            member.seats.send_frame(voice.frame())
            await asyncio.sleep(FRAME_S)

    task = asyncio.ensure_future(talk())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def granted(inn: Inn, member: Member, by: Member) -> None:
    by.seats.send_floor([inn.host.write("grant", SLOT, member.identity.member_id)])
    member.seats.set_slot(SLOT)


async def test_sound_is_forwarded_with_a_grant_and_not_without(inn: Inn) -> None:
    await inn.relay()
    host = await inn.the_host(0)
    amina = await inn.member(0)
    voice = Speaker()
    for _ in range(10):
        assert amina.seats.send_frame(voice.frame())
    await asyncio.sleep(0.3)
    assert host.heard == []
    granted(inn, amina, host)
    async with talking(amina, voice):
        await until(lambda: len(host.heard) > 20)
        assert amina.heard == []  # nobody hears itself
        host.seats.send_floor([inn.host.write("mute", SLOT)])
        await asyncio.sleep(0.3)
        count = len(host.heard)
        await asyncio.sleep(0.3)
        assert len(host.heard) == count
    assert len(set(host.numbers)) == len(host.numbers)
    assert inn.host.ops[-1] in amina.floor


async def test_presence_gossip_and_wraps_reach_their_members(inn: Inn) -> None:
    await inn.relay()
    host, amina = await inn.the_host(0), await inn.member(0)
    both = {host.identity.member_id, amina.identity.member_id}
    await until(lambda: host.seats.present == amina.seats.present == both)
    amina.seats.send_gossip(EVERYBODY, b"sealed")
    host.seats.send_gossip(amina.identity.member_id, b"for one")
    wrap = wrap_tag(inn.host.ephemeral, amina.identity.member_id) + bytes(48)
    host.seats.send_wraps(inn.host.epoch, [wrap, b"another's wrap".ljust(52)])
    await until(lambda: host.gossip and amina.gossip and amina.wraps)
    assert host.gossip == [(amina.identity.member_id, b"sealed")]
    assert amina.gossip == [(host.identity.member_id, b"for one")]
    assert amina.wraps == [(inn.host.epoch, wrap)]
    amina.task.cancel()
    await until(lambda: host.seats.present == {host.identity.member_id})


async def test_who_is_removed_is_cut_and_does_not_get_back(inn: Inn) -> None:
    await inn.relay()
    host, amina = await inn.the_host(0), await inn.member(0)
    granted(inn, amina, host)
    voice = Speaker()
    async with talking(amina, voice):
        await until(lambda: len(host.heard) > 5)
        host.seats.send_floor([inn.host.write("remove", amina.identity.member_id)])
        await until(lambda: amina.seats.first is None)
        await until(lambda: "removed" in amina.seats.refused.values())
    assert amina.seats.first is None


async def test_a_stranger_without_the_pass_gets_nothing(inn: Inn) -> None:
    await inn.relay()
    host = await inn.the_host(0)
    stranger = await inn.member(0, seats=0)
    stranger.side.pass_key = lambda: bytes(32)
    stranger.seats._side.pass_key = stranger.side.pass_key
    await until(lambda: "bad_pass" in stranger.seats.refused.values())
    assert host.seats.present == {host.identity.member_id}
    assert stranger.heard == stranger.gossip == []


async def test_members_at_different_relays_hear_each_other(inn: Inn) -> None:
    await inn.relay()
    await inn.relay()
    inn.order()
    host = await inn.the_host(0)
    amina = await inn.member(1)
    granted(inn, amina, host)
    await until(lambda: amina.identity.member_id in host.seats.present)
    async with talking(amina, Speaker()):
        await until(lambda: len(host.heard) > 20)
    assert len(set(host.numbers)) == len(host.numbers)


async def test_a_relay_that_drains_loses_no_frame_and_ends(inn: Inn) -> None:
    await inn.relay()
    await inn.relay()
    inn.order()
    host, amina = await inn.the_host(0, 1), await inn.member(0, 1)
    granted(inn, amina, host)
    voice = Speaker()
    async with talking(amina, voice):
        await until(lambda: len(host.heard) > 20)
        first = amina.seats.first
        assert first is not None
        draining = next(
            n for n, relay in enumerate(inn.relays) if relay.dh == first.courier.contact.dh
        )
        inn.controls[draining].drain()
        await asyncio.wait_for(inn.running[draining], LIMIT_S)
        await asyncio.sleep(0.5)
    assert amina.seats.first is not first
    await until(lambda: max(host.numbers) == voice.said - 1)
    got = set(host.numbers)
    assert got == set(range(min(got), voice.said))


@pytest.mark.e2e
async def test_a_relay_that_is_killed_is_missed_for_a_second_at_most(inn: Inn) -> None:
    await inn.process()
    await inn.process()
    inn.order()
    host, amina = await inn.the_host(0, 1), await inn.member(0, 1)
    granted(inn, amina, host)
    async with talking(amina, Speaker()):
        await until(lambda: len(host.heard) > 20)
        first = host.seats.first
        assert first is not None
        killed = next(
            n for n, relay in enumerate(inn.relays) if relay.dh == first.courier.contact.dh
        )
        at_s = time.monotonic()
        inn.children[killed].send_signal(signal.SIGKILL)
        await asyncio.sleep(2.0)
    assert SILENT_S / 2 < host.longest_silence_s(at_s) <= 1.0 * SLACK
    assert host.heard[-1][1] > at_s + 1.5


async def test_a_relay_that_drops_sound_is_left(inn: Inn) -> None:
    await inn.relay()
    await inn.relay()
    inn.order()
    host, amina = await inn.the_host(0, 1), await inn.member(0, 1)
    granted(inn, amina, host)
    seats = host.seats
    for seat in seats.seats:
        seat.quality.loss_pct = lambda _now, good=seat is not seats.first: 0.0 if good else 50.0
    seats._changed_s -= 60.0
    first = seats.first
    await until(lambda: seats.first is not first)
    assert host.side.counters["changed: loss"] == 1
    async with talking(amina, Speaker()):
        await until(lambda: len(host.heard) > 20)
    seats._changed_s -= 60.0
    seats.complain()
    assert seats.first is first


async def test_a_relay_that_carries_no_sound_says_so(inn: Inn) -> None:
    await inn.relay(bootstrap_only=True)
    amina = await inn.member(0, seats=0)
    await until(lambda: "no_sound" in amina.seats.refused.values())
    await inn.relay()
    amina.seats.set_relays(inn.relays)
    await until(lambda: amina.seats.first is not None)
