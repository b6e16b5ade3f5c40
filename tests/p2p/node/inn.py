"""A room of real members at real relays on loopback, for tests and benches of relays."""

import asyncio
import contextlib
import ipaddress
import itertools
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from crypto.contact import Contact
from crypto.epoch import Keyring
from crypto.frame import FrameError, FrameOpener, FrameSealer, Reason
from crypto.identity import Identity
from lab.programs.person import SLACK
from lab.relay_host import Host
from p2p.dht.contact import NodeContact
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import FloorCame, GossipCame, WrapsCame
from p2p.node.relays.failover import Failover
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_session import RoomSide
from p2p.relay.control import Control
from p2p.relay.limits import Limits
from p2p.relay.server import Relay, RelaySettings, run_relay
from p2p.wire.hop import tree_slot

LIMIT_S = 10.0 * SLACK
FRAME_S = 0.02
SLOT = 2


class Speaker:
    """Sealed frames with a number in each."""

    def __init__(self, slot: int = SLOT) -> None:
        keyring = Keyring.create(os.urandom)
        self._sealer = FrameSealer(keyring, slot, bytes(16), os.urandom)
        self._opener = FrameOpener(keyring)
        self.said = 0

    def frame(self) -> bytes:
        self.said += 1
        return b"\0" + self._sealer.seal(b"p" * 150, 0.0)

    def opens(self, frame: bytes) -> bool:
        """Whether a frame is what was sealed here; doubles are."""
        try:
            self._opener.open(frame[1:], {SLOT: bytes(16)})
        except FrameError as error:
            return error.reason is not Reason.SEAL
        return True


def number_of(frame: bytes) -> int:
    return int.from_bytes(frame[6:10], "big") - (1 << 24)


class Member:
    """One member: its socket, its seats, and what came."""

    def __init__(self, host: Host, net: MemberEndpoint, identity: Identity, work: Work) -> None:
        self.identity = identity
        self.net = net
        self.heard: list[tuple[int, float]] = []
        self.slots: set[int] = set()
        self.opens: Callable[[bytes], bool] = lambda _frame: True
        self.gossip: list[tuple[bytes, bytes]] = []
        self.wraps: list[tuple[bytes, bytes]] = []
        self.floor = list(host.ops)  # as it was admitted with
        self.side = RoomSide(
            identity,
            host.genesis,
            host.room,
            pass_key=lambda: host.pass_key,
            floor_ops=lambda: host.ops if identity is host.identity else self.floor,
        )
        self.seats = Failover(self.side, net.inbox, self, RelayLinks(net, work), work)
        self.task = work.create_task(self.seats.run())
        work.create_task(self._read())

    async def _read(self) -> None:
        while True:
            for item in await self.net.inbox.take():
                match item:
                    case FloorCame(ops=ops):
                        self.floor.extend(op for op in ops if op not in self.floor)
                    case GossipCame(frm=frm, blob=blob):
                        self.gossip.append((frm, blob))
                    case WrapsCame(epoch=epoch, wraps=wraps):
                        self.wraps.extend((epoch, wrap) for wrap in wraps)

    def relay_frame(self, frame: bytes, at_s: float) -> bool:
        self.heard.append((number_of(frame), at_s))
        self.slots.add(tree_slot(frame) or 0)
        return self.opens(frame)

    def say_floor(self, ops: list[bytes]) -> None:
        for seat in self.seats.seats:
            seat.send_floor(ops)

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
        self.servers: list[Relay] = []
        self.running: list[asyncio.Future[None]] = []
        self.children: list[asyncio.subprocess.Process] = []
        self.members: list[Member] = []
        self._nets: list[MemberEndpoint] = []

    async def relay(self, limits: Limits | None = None, **settings: object) -> Contact:
        ready: asyncio.Future[NodeContact] = asyncio.get_running_loop().create_future()
        control = Control(limits)
        relay = run_relay(
            RelaySettings(("127.0.0.1", 0), drain_timeout_s=10.0, **settings),  # type: ignore[arg-type]
            ready.set_result,
            control,
            self.servers.append,
        )
        self.running.append(asyncio.ensure_future(relay))
        self.controls.append(control)
        return self._known(await asyncio.wait_for(ready, LIMIT_S))

    async def process(self, *options: str, log: Path | None = None) -> Contact:
        """A relay in a process of its own; its log goes to a file, or nowhere."""
        with (log or Path(os.devnull)).open("w") as stderr:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-B", "-m", "tui", "relay"),
                *("--listen", "127.0.0.1:0", "--state-dir", "", "--drain-timeout", "10s"),
                *("--status", "", *options),
                cwd=Path(__file__).parents[3],
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
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
        net = await MemberEndpoint.open(("127.0.0.1", 0), [], identity.dh_secret, os.urandom)
        self._nets.append(net)
        member = Member(self.host, net, identity, self.work)
        self.members.append(member)
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
        self.host.carriers(named)

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


@contextlib.asynccontextmanager
async def an_inn() -> AsyncIterator[Inn]:
    async with Work() as work:
        made = Inn(work)
        try:
            yield made
        finally:
            for member in made.members:
                member.task.cancel()
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
    by.say_floor([inn.host.grant(SLOT, member.identity.member_id)])
    member.seats.set_slot(SLOT)
