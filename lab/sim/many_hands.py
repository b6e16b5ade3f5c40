"""A thousand hands at once, and what every client shows of them."""

from dataclasses import dataclass

from crypto.identity import Identity
from lab.sim.room_client import Client
from lab.sim.room_world import World
from p2p.room import commands
from p2p.room.ops import kinds
from p2p.room.ops.op import Pen
from p2p.room.ops.powers import CO_HOST

RAISED_WITHIN_S = 10.0
APART_S = 600.0
PUMP_S = 0.25
"""So long a node gathers what comes in: evaluating a room of a thousand takes a while."""


@dataclass
class Hands:
    """What came of it.

    Attributes:
        raised: How many hands.
        agreed_after_s: From the last hand, or from when the network was whole again, until all
            clients showed the same order of all hands.
    """

    raised: int
    agreed_after_s: float


class ManyHands:
    """Some clients that evaluate the room, and many members who do nothing but raise their hand.

    Args:
        seed: Who raises a hand when, and where it is heard of first.
        clients: Those who show the queue; the first three may call people up.
        members: Those who raise their hand.
    """

    def __init__(self, seed: int, clients: int = 10, members: int = 1000) -> None:
        self.world = World(seed, tick_s=0.5, speak_s=60.0, compare_s=5.0, pump_s=PUMP_S)
        host = self.world.clients[0]
        for _ in range(clients - 1):
            self.world.join(host)
        for client in self.world.clients[1:3]:
            self.world.do(host, commands.Promote(client.id, CO_HOST))
        self.world.clock.run_until(5.0)
        self.pens = [self._member() for _ in range(members)]
        self.world.clock.run_until(10.0)

    def _member(self) -> Pen:
        """Somebody who is in the room and whom every client knows."""
        identity = Identity.generate(self.world.rng)
        pen = Pen(identity, self.world.room_id)
        keys = (identity.sign_key, identity.dh, bytes(32))
        join = pen.write(kinds.Join, *keys, "somebody")
        admission = self.world.clients[0].room._write(kinds.Admit, join.data)
        for client in self.world.clients[1:]:
            client.room.receive(admission.data, None, client.now)
        return pen

    def raise_all(self) -> float:
        """Raise every hand within ten seconds; when the last one was raised."""
        world, last_s = self.world, 0.0
        for pen in self.pens:
            at_s = world.clock.now + world.random.uniform(0.0, RAISED_WITHIN_S)
            client, op = world.random.choice(world.clients), pen.write(kinds.Hand, True)
            world.clock.at(at_s, lambda client=client, op=op: self._hear(client, op.data))
            last_s = max(last_s, at_s)
        world.clock.run_until(last_s)
        return last_s

    def _hear(self, client: Client, op: bytes) -> None:
        client.room.receive(op, None, client.now)
        if not client.pump_due:
            client.pump_due = True
            self.world.clock.later(PUMP_S, client.pump)

    def agreed_after(self, since_s: float, limit_s: float = 30.0) -> Hands:
        """Wait until all show the same order of all hands."""
        clock = self.world.clock
        while clock.now - since_s < limit_s:
            queues = {client.room.state.queue for client in self.world.clients}
            if len(queues) == 1 and len(next(iter(queues))) == len(self.pens):
                break
            clock.run_until(clock.now + 0.25)
        return Hands(len(self.pens), clock.now - since_s)

    def together(self) -> Hands:
        """All hands in one network."""
        return self.agreed_after(self.raise_all())

    def apart(self) -> Hands:
        """Half of the hands in each of two networks, which find each other ten minutes later."""
        clients = self.world.clients
        self.world.part([clients[0::2], clients[1::2]])
        self.raise_all()
        self.world.clock.run_until(self.world.clock.now + APART_S)
        if len({client.room.state.queue for client in clients}) < 2:
            raise RuntimeError("two networks that show the same queue were not apart")
        self.world.part([clients])
        return self.agreed_after(self.world.clock.now)
