"""A room that lives for days: the host is gone after an hour, and in the end everybody is new."""

import gc
import random
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path

from crypto.identity import Identity
from lab.sim.once import each_for_itself
from lab.sim.room_client import Client
from lab.sim.room_world import World
from p2p.room import commands
from p2p.room.ops.powers import CO_HOST, MODERATOR
from p2p.room.room import Room
from p2p.room.stage import Stage

HOUR_S = 3600.0
CROWD = 8


@dataclass
class Life:
    """What came of it.

    Attributes:
        problems: What must not be.
        rss_mib: Memory of this process, every so many hours.
        objects: Objects that Python counts, likewise.
        ops: Operations that a member holds, likewise.
        room_kib: What they cost a single member, with all that is worked out of them.
    """

    problems: list[str] = field(default_factory=list)
    rss_mib: list[float] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    ops: list[int] = field(default_factory=list)
    room_kib: list[int] = field(default_factory=list)
    members: int = 0
    epochs: int = 0


class LongRoom:
    """The room and what happens in it.

    Args:
        seed: Who comes and goes when.
        hours: How long it lives.
        still: Nobody comes or goes but the host: what time alone costs.
    """

    def __init__(self, seed: int, hours: int, *, still: bool = False) -> None:
        self.random = random.Random(seed)
        self.hours = hours
        self.still = still
        self.life = Life()
        self._opened = 0
        self.world = World(seed + 1, drift=2e-5, tick_s=5.0, speak_s=30.0, compare_s=30.0)
        self.host = self.world.clients[0]
        for _ in range(CROWD - 1):
            self.world.join(self.host)

    def live(self, sample_hours: int = 6) -> Life:
        """All of it."""
        self._name_co_hosts()
        first = {client.id for client in self.world.clients}
        for hour in range(1, self.hours + 1):
            self.world.clock.run_until(hour * HOUR_S)
            if hour == 1:
                self.world.bury(self.host)
            if self.still:
                self._somebody_speaks()
            else:
                self._turn_over(last=hour == self.hours - 1)
            self._judge(hour)
            if hour % sample_hours == 0:
                self._sample()
        if not self.still and first & {client.id for client in self.world.honest}:
            self.life.problems.append("somebody of the first hour is still here")
        self.life.members = self.world._count
        return self.life

    def _name_co_hosts(self) -> None:
        self.world.clock.run_until(60.0)
        for client in self.world.clients[1:3]:
            self.world.do(self.host, commands.Promote(client.id, CO_HOST))
        self.world.clock.run_until(120.0)

    def _ranked(self, rank: int) -> list[Client]:
        return [
            client for client in self.world.honest
            if client.room.myself.rank == rank
        ]  # fmt: skip

    def _turn_over(self, *, last: bool) -> None:
        """Somebody comes, somebody goes; those who may do something see to it that others can."""
        world = self.world
        before = list(world.honest)
        while len(world.honest) <= CROWD or (last and len(world.honest) < 2 * CROWD):
            world.join(self.random.choice(before))
        self._settle()
        co_hosts, moderators = self._ranked(CO_HOST), self._ranked(MODERATOR)
        plain = [c for c in world.honest if c not in co_hosts and c not in moderators]
        if co_hosts and (last or len(moderators) < 3) and plain:
            world.do(self.random.choice(co_hosts), commands.Promote(plain[-1].id, MODERATOR))
        self._settle()
        leaving = [c for c in [*plain, *moderators[:-1]] if c.joined_s < world.clock.now - HOUR_S]
        if last:
            leaving = [c for c in world.honest if c.joined_s < self.hours * HOUR_S / 2]
        elif leaving:
            leaving = self.random.sample(leaving, 1)
        for client in leaving:
            world.do(client, commands.Leave())
            self._settle()
            world.bury(client)
        self._settle()
        self._somebody_speaks()
        self._settle()

    def _somebody_speaks(self) -> None:
        world = self.world
        speakers = [c for c in world.honest if c.room.myself.stage is Stage.SPEAKING]
        moderators = [*self._ranked(CO_HOST), *self._ranked(MODERATOR)]
        if len(speakers) >= 2 or not moderators:
            return
        client = self.random.choice([c for c in world.honest if c not in (*speakers, *moderators)])
        if world.do(client, commands.RaiseHand()):
            self._settle()
            world.do(moderators[0], commands.Accept(client.id))
            self._settle()
            world.do(client, commands.TakeFloor())

    def _settle(self) -> None:
        self.world.clock.run_until(self.world.clock.now + 5.0)

    def _judge(self, hour: int) -> None:
        world = self.world
        world.clock.run_until(world.clock.now + 60.0)
        world.clock.run_until(world.clock.now + 10.0 - (world.honest[0].room_s + 5.0) % 10.0)
        for client in world.honest:  # which looks at its clock every five seconds only
            client.keyring.advance(client.room_s)
        self.life.problems += [f"hour {hour}: {one}" for one in world.differences()]
        if world.opened == self._opened:
            self.life.problems.append(f"hour {hour}: nobody was heard")
        self._opened = world.opened
        self.life.epochs = len(world.honest[0].room.state.epochs)

    def _sample(self) -> None:
        gc.collect()
        self.life.rss_mib.append(_resident_mib())
        self.life.objects.append(len(gc.get_objects()))
        rooms = [client.room.ops() for client in self.world.honest]
        self.life.ops.append(max(map(len, rooms)))
        left = [sum(map(len, c.room._ops._gone._leaves.values())) for c in self.world.honest]
        self.life.room_kib.append(self._room_kib(max(rooms, key=len)) + max(left) // 1024)

    def _room_kib(self, ops: list[bytes]) -> int:
        """Memory of one member's room: what Python gives out for it, its caches included."""
        identity = Identity.generate(self.world.rng)
        ops = [bytes(memoryview(op)) for op in ops]  # the bytes are its own
        gc.collect()
        with each_for_itself():
            tracemalloc.start()
            room = Room(identity, self.world.genesis, "one more", now=0.0)
            for op in ops:
                room.receive(op, None, 0.0)
            assert room.state.heads
            gc.collect()
            used, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return (used + sum(map(len, ops))) // 1024


def _resident_mib() -> float:
    """Memory of this process that is in RAM; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    return int(status.read_text().split("VmRSS:")[1].split()[0]) / 1024
