"""Newcomers that meet doors which lie: who gets in, and whether it is whole soon after.

As long as somebody honest would let it in, a newcomer is in within five seconds. Within five more
it knows of the room what somebody honest knows; and if it can not open somebody, or is not opened,
that lasts no longer.
"""

import contextlib
import random
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from lab.sim.coming_in import ComingIn
from lab.sim.doors import FalseDoor, HonestDoor
from lab.sim.room_client import KEY_MESSAGES, Client, Seal
from lab.sim.room_network import Clock
from p2p.errors import RemoteError
from p2p.mesh.group_messages import HELD_MAX, HOLD_S
from p2p.wire.messages import Ops

IN_S = 5.0
WHOLE_S = 5.0
CARED_FOR_S = 12.0


@dataclass
class _Outside:
    """Somebody who knocks; since ``since_s`` one honest door or another would have had it."""

    client: Client
    doors: Sequence[HonestDoor]
    since_s: float


class _Held(NamedTuple):
    """What waits for its key: see ``p2p.mesh.group_messages``."""

    at_s: float
    sender: Client
    to: Client
    message: object
    seal: Seal | None


@dataclass
class _New:
    client: Client
    in_s: float
    whole_s: float


class Newcomers:
    """Of one room.

    Args:
        clock: Virtual.
        dice: Decides what the network does.
        plays: Whether a client runs, and nothing is kept from it.
        others: Gives those whom a client has a line with.
        clients: Everybody, as they come and go.

    Attributes:
        came: So many are in.
        refused: So many were told why not.
        false_doors: Those of the coalition, the last ones.
    """

    def __init__(
        self,
        clock: Clock,
        dice: random.Random,
        plays: Callable[[Client], bool],
        others: Callable[[Client], Sequence[Client]],
        clients: Sequence[Client],
    ) -> None:
        self.came = self.refused = 0
        self.false_doors: list[FalseDoor] = []
        self._clock = clock
        self._dice = dice
        self._plays = plays
        self._others = others
        self._clients = clients
        self._outside: list[_Outside] = []
        self._new: list[_New] = []
        self._held: dict[int, deque[_Held]] = defaultdict(lambda: deque(maxlen=HELD_MAX))
        self._problems: list[str] = []

    def begin(
        self,
        newcomer: Client,
        honest: Sequence[HonestDoor],
        false: Sequence[FalseDoor],
        over: Callable[[bool], None],
    ) -> None:
        """Somebody has found these doors; ``over`` is told whether it is in."""
        outside = _Outside(newcomer, honest, self._clock.now)
        self._outside.append(outside)
        told = partial(self._over, outside, over)
        ComingIn(newcomer, [*false, *honest], self._clock, self._dice, told)

    def through_relay(self, sender: Client, to: Client, message: object) -> object | None:
        """What of a message arrives at, or from, somebody who is new: see ``RelayedRoom``.

        It has no line but its relay's, which hands on as they are the operations that it judges
        by, wraps, and what goes from one member to one. All else is sealed for who has the key, and
        waits for it for a while.
        """
        is_new = any(one.client in (sender, to) for one in self._new)
        if not is_new or isinstance(message, KEY_MESSAGES):
            return message
        seal = sender.seal
        if (reads := to.reads(seal)) is None:
            self._held[to.number].append(_Held(self._clock.now, sender, to, message, seal))
        elif reads:
            return message
        if isinstance(message, Ops):
            seen = tuple(op for op in message.ops if to.room.is_floor(op))
            return Ops(seen) if seen else None
        return None

    def came_readable(self) -> list[tuple[Client, Client, object]]:
        """What waited for its key, which has come: of whom, for whom, what."""
        came: list[tuple[Client, Client, object]] = []
        for number, held in self._held.items():
            waiting: deque[_Held] = deque(maxlen=HELD_MAX)
            for one in held:
                reads = one.to.reads(one.seal) if self._clock.now - one.at_s < HOLD_S else False
                if reads:
                    came.append((one.sender, one.to, one.message))
                elif reads is None:
                    waiting.append(one)
            self._held[number] = waiting
        return came

    def problems(self) -> list[str]:
        """What must not be, and was seen since the last time."""
        for outside in self._outside:
            self._look_outside(outside)
        for one in list(self._new):
            self._look_at(one)
        found, self._problems = self._problems, []
        return found

    def _look_outside(self, one: _Outside) -> None:
        newcomer = one.client
        if not any(
            door.client.part == newcomer.part
            and self._plays(door.client)
            and door.refusal(newcomer) is None
            for door in one.doors
        ):
            one.since_s = self._clock.now

    def _over(self, one: _Outside, over: Callable[[bool], None], is_in: bool) -> None:
        now = self._clock.now
        self._look_outside(one)
        self._outside.remove(one)
        if is_in:
            self.came += 1
            self._new.append(_New(one.client, now, now))
        else:
            self.refused += 1
        if now - one.since_s > IN_S:
            self._say(f"a newcomer took {now - one.since_s:.1f} s to come in, or did not")
        over(is_in)

    # --- whole ----------------------------------------------------------------------------------

    def _look_at(self, one: _New) -> None:
        now, client = self._clock.now, one.client
        self._forgive_strangers(client)
        new = {each.client.number for each in self._new}
        near = [
            other
            for other in self._others(client)
            if other.honest
            and other.number not in new
            and self._can_tell(other, client)
            and self._plays(other)
            and self._would_have(other, client)
        ]
        is_gone = not client.honest or client.turned_away or client.room.is_gone
        if (
            not near
            or is_gone
            or not self._plays(client)
            or any(_view(other) == _view(client) for other in near)
        ):
            one.whole_s = now
        elif now - one.whole_s > WHOLE_S:
            self._say(f"a newcomer of {one.in_s:.1f} s did not learn what the others know")
            one.whole_s = now
        if now - one.in_s > CARED_FOR_S:
            self._new.remove(one)
            self._judge_silences(one)

    def _forgive_strangers(self, newcomer: Client) -> None:
        """Who is in by the word of liars alone hears nobody that would not have it."""
        for other in self._clients:
            if other.honest and other is not newcomer and not self._would_have(other, newcomer):
                for silences, speaker in ((newcomer.silences, other), (other.silences, newcomer)):
                    if speaker.id in silences:
                        silences[speaker.id].forget()

    def _would_have(self, member: Client, newcomer: Client) -> bool:
        """Whether somebody counts it as one of them, or would let it in."""
        if member.room.state.in_roster(newcomer.id):
            return True
        join, dh = newcomer.room.join_op, newcomer.identity.dh
        return member.room.refusal(join, dh, member.room_s) is None

    def _can_tell(self, member: Client, newcomer: Client) -> bool:
        """Whether one could read what the other says, or be given the key to.

        The key that shut somebody out may have come to neither of them, and to nobody in reach.
        """
        seal, ring = member.seal, newcomer.keyring
        if seal is None or ring is None or member.keyring is None:
            return False
        with contextlib.suppress(RemoteError):
            ring.frontier_of(seal.tag)
            return True
        return all(map(member.keyring.knows, ring.missing))

    def _judge_silences(self, one: _New) -> None:
        """From now on it is as all others are: see ``World.longest_silence_s``."""
        mine, id_ = one.client, one.client.id
        both = [*mine.silences.values(), mine.pauses]
        both += [other.silences[id_] for other in self._clients if id_ in other.silences]
        worst_s = max(silence.longest_s for silence in both)
        if worst_s > WHOLE_S and mine.honest:
            self._say(f"a newcomer of {one.in_s:.1f} s was deaf, unheard or mute {worst_s:.1f} s")
        for silence in both:
            silence.longest_s = 0.0

    def _say(self, problem: str) -> None:
        self._problems.append(f"at {self._clock.now:.1f} s {problem}")


def _view(client: Client) -> object:
    state = client.room.state
    return state.heads, state.removed, frozenset(member.id for member in client.room.roster())
