"""One random history of a room, and what must be true at its end, however it went."""

import random
from collections import Counter
from dataclasses import dataclass, field
from unittest.mock import patch

from lab.sim.coalition import HostileWorld
from lab.sim.room_client import Client
from lab.sim.room_world import World
from p2p.rekey import shares
from p2p.room import commands
from p2p.room.ops.powers import MODERATOR
from p2p.room.stage import Stage

SHARES_OF = (shares.SHARE_MEMBERS, 2, 3)
SILENCE_MAX_S = 2.0
PAUSE_MAX_S = 3.5
QUIET_S = 20.0
SETTLE_TRIES = 4
STEP_S = 10.0
PUMP_S = 0.01
"""A node takes in what has come before it says something."""


@dataclass
class Outcome:
    """What came of one history.

    Attributes:
        seed: Plays it again.
        problems: What must not be; empty if all is well.
        done: How often each thing happened.
    """

    seed: int
    problems: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    members: int = 0
    longest_silence_s: float = 0.0
    longest_pause_s: float = 0.0
    virtual_s: float = 0.0
    epochs: int = 0


class Schedule:
    """A room, and somebody who throws dice for it.

    Args:
        seed: Decides everything.
        members: How many there are at first, 4 at least.
        actions: How many things happen.
        hostile: Those who are removed do all they can to come back.
    """

    def __init__(
        self, seed: int, members: int = 8, actions: int = 40, *, hostile: bool = False
    ) -> None:
        self.random = random.Random(seed)
        self.world = (HostileWorld if hostile else World)(seed + 1, pump_s=PUMP_S)
        self.outcome = Outcome(seed)
        self.actions = actions
        for _ in range(members - 1):
            self.world.join(self.world.clients[0])
        self.run_for(1.0)

    def run_for(self, seconds: float) -> None:
        self.world.clock.run_until(self.world.clock.now + seconds)

    def play(self) -> Outcome:
        """The whole history, and the judgement."""
        self._appoint()
        things = [
            (self._join, 5), (self._leave, 2), (self._kick, 4), (self._hand, 4),
            (self._accept, 4), (self._mute, 2), (self._down, 1), (self._lock, 1),
            (self._part, 2), (self._merge, 2), (self._sleep, 2), (self._wake, 3),
            (self._promote, 1), (self._new_key, 1),
        ]  # fmt: skip
        if isinstance(self.world, HostileWorld):
            things += [
                (self.world.besiege, 3),
                (self.world.hang, 1),
                (self.world.join_among_liars, 4),
            ]
        for _ in range(self.actions):
            self.run_for(self.random.expovariate(1.0))
            (thing,) = self.random.choices([t for t, _ in things], [w for _, w in things])
            if thing():
                self.outcome.done[thing.__name__.strip("_")] += 1
        self._end()
        return self.outcome

    # --- who ------------------------------------------------------------------------------------

    def _awake(self) -> list[Client]:
        return [client for client in self.world.honest if client.awake]

    def _rank(self, client: Client) -> int:
        return client.room.myself.rank

    def _moderators(self) -> list[Client]:
        return [client for client in self._awake() if self._rank(client) <= MODERATOR]

    def _some(self, clients: list[Client]) -> Client | None:
        return self.random.choice(clients) if clients else None

    def _can_be_spared(self, client: Client) -> bool:
        """Somebody has to be left who may do something, whatever the others think of it."""
        left = [other for other in self.world.honest if other is not client]
        return len(left) >= 3 and any(
            all(view.room.state.members[other.id].rank <= MODERATOR for view in left
                if other.id in view.room.state.members)
            for other in left
        )  # fmt: skip

    # --- what happens ---------------------------------------------------------------------------

    def _appoint(self) -> None:
        host, *others = self.world.clients
        for client, rank in zip(others, (1, 2, 2), strict=False):
            self.world.do(host, commands.Promote(client.id, rank))
        self.run_for(1.0)

    def _join(self) -> bool:
        door = self._some(self._awake())
        return door is not None and self.world.join(door) is not None

    def _leave(self) -> bool:
        client = self._some(self._awake())
        if client is None or not self._can_be_spared(client):
            return False
        self.world.do(client, commands.Leave())
        self.run_for(0.5)
        return True

    def _kick(self) -> bool:
        actor = self._some(self._moderators())
        target = self._some([c for c in self.world.honest if c is not actor])
        if actor is None or target is None or not self._can_be_spared(target):
            return False
        return self.world.kick(actor, target)

    def _towards(self, command: type, stages: set[Stage]) -> bool:
        actor = self._some(self._moderators())
        if actor is None:
            return False
        members = actor.room.state.members.values()
        found = [member.id for member in members if member.stage in stages]
        return bool(found) and self.world.do(actor, command(self.random.choice(found)))

    def _hand(self) -> bool:
        client = self._some(self._awake())
        if client is None:
            return False
        stage = client.room.myself.stage
        if stage is Stage.INVITED:
            return self.world.do(client, commands.TakeFloor())
        return self.world.do(client, commands.RaiseHand())

    def _accept(self) -> bool:
        return self._towards(commands.Accept, {Stage.HAND_UP, Stage.MUTED})

    def _mute(self) -> bool:
        return self._towards(commands.Mute, {Stage.SPEAKING})

    def _down(self) -> bool:
        return self._towards(commands.MoveDown, {Stage.SPEAKING, Stage.MUTED, Stage.HAND_UP})

    def _lock(self) -> bool:
        actor = self._some(self._moderators())
        return actor is not None and self.world.do(
            actor, commands.SetLock(not actor.room.state.locked)
        )

    def _promote(self) -> bool:
        actor = self._some([c for c in self._awake() if self._rank(c) <= 1])
        target = self._some([c for c in self.world.honest if self._rank(c) > MODERATOR])
        if actor is None or target is None:
            return False
        return self.world.do(actor, commands.Promote(target.id, MODERATOR))

    def _new_key(self) -> bool:
        actor = self._some(self._moderators())
        return actor is not None and self.world.new_key(actor)

    def _part(self) -> bool:
        parts: list[list[Client]] = [[] for _ in range(self.random.choice([2, 2, 3]))]
        for client in self.world.clients:
            self.random.choice(parts).append(client)
        self.world.part(parts)
        return True

    def _merge(self) -> bool:
        self.world.part([self.world.clients])
        return True

    def _sleep(self) -> bool:
        client = self._some(self._awake())
        if client is None or len(self._awake()) < 3:
            return False
        self.world.sleep(client)
        return True

    def _wake(self) -> bool:
        client = self._some([client for client in self.world.clients if not client.awake])
        if client is None:
            return False
        self.world.wake(client)
        return True

    def _cut_off(self, world: HostileWorld) -> None:
        """In every third history a speaker hears no news for a minute, and somebody is removed."""
        if self.random.random() < 1 / 3:
            speaker = self._some([c for c in self._awake() if c.slot is not None])
            actor = self._some([c for c in self._moderators() if c is not speaker])
            target = self._some([c for c in world.honest if c not in (actor, speaker)])
            if speaker is not None and actor is not None and target is not None:
                world.relay.cut_off(speaker, 60.0)
                self.outcome.done["cut_off"] += world.kick(actor, target)
                self.run_for(60.0)
        world.relent()

    # --- judgement ------------------------------------------------------------------------------

    def _end(self) -> None:
        world, outcome = self.world, self.outcome
        world.heal()
        if isinstance(world, HostileWorld):
            self._cut_off(world)
        self.run_for(QUIET_S)
        for _ in range(SETTLE_TRIES):
            self.run_for(STEP_S - (world.honest[0].room_s + 5.0) % STEP_S)
            differences = world.differences()
            if differences:  # an invitation may have lapsed just now
                self.run_for(SILENCE_MAX_S)
                differences = world.differences()
            if not differences:
                break
        outcome.problems += differences
        outcome.problems += world.leaks[:3]
        if world.pooled_key():
            outcome.problems.append("those who were removed hold the key together")
        outcome.longest_silence_s = world.longest_silence_s()
        if outcome.longest_silence_s > SILENCE_MAX_S:
            outcome.problems.append(f"a speaker not opened for {outcome.longest_silence_s:.1f} s")
        outcome.longest_pause_s = max(client.pauses.longest_s for client in world.clients)
        if outcome.longest_pause_s > PAUSE_MAX_S:
            outcome.problems.append(f"a speaker kept mute for {outcome.longest_pause_s:.1f} s")
        if isinstance(world, HostileWorld):
            outcome.done |= {
                "attack": world.attacks,
                "in_among_liars": world.newcomers.came,
                "kept_back": world.relay.kept_back,
                "false_wrap": world.false_wraps,
                "tried": world.tried,
                "tapped": world.tapped,
            }
        outcome.members = len(world.clients)
        outcome.virtual_s = world.clock.now
        outcome.done["asked_wrap"] = sum(c.epochs.counts["asked_wrap"] for c in world.clients)
        outcome.epochs = sum(client.epochs.counts["made"] for client in world.clients)


def play(seed: int, members: int = 8, actions: int = 40, *, hostile: bool = False) -> Outcome:
    """One history from its seed; in two of three new keys are wrapped in shares."""
    with patch.object(shares, "SHARE_MEMBERS", SHARES_OF[seed % len(SHARES_OF)]):
        return Schedule(seed, members, actions, hostile=hostile).play()
