"""A room whose members are split over several replicas that hear of things late, twice or never.

Honest people write what the program would write for them, from what their own replica shows.
Liars sign whatever they like: under powers they had, with numbers used before, against seniors.
"""

import copy
import dataclasses
import hashlib
from collections.abc import Callable

from crypto.identity import Identity, sign, sign_public_of
from lab.room_people import genesis_of, identity
from p2p.errors import RemoteError, UserError
from p2p.room import commands as c
from p2p.room.agent.intents import Writing, writing_for
from p2p.room.agent.vouching import rosters, to_vouch_for
from p2p.room.evaluation import Evaluation
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.kinds import HandRef
from p2p.room.ops.op import Op, Pen
from p2p.room.stage import GONE
from p2p.room.state.evaluate import evaluate, state_of
from p2p.room.state.invites import CONTEXT
from p2p.room.state.model import RoomState
from p2p.room.state.verdict import Findings
from p2p.room.store.opset import OpSet
from p2p.room.store.reading import Reading

Choice = Callable[[list[bytes]], list[bytes]]

REPLICAS = 3
FIRST = 6
MOST = 10


class Anew(OpSet):
    """A set that is worked out as a whole each time."""

    def settle(self) -> Findings:
        self._reading = Reading()
        return super().settle()


class World:
    """Members 0 (the host) to 5, later ones up to 9, and three replicas of the room."""

    def __init__(self) -> None:
        self.genesis = genesis_of(identity(0))
        self.keys: list[Identity] = [identity(n) for n in range(MOST)]
        self.ids = [key.member_id for key in self.keys]
        self.pens = [Pen(key, self.genesis.room_id) for key in self.keys]
        self.old_pens: list[list[Pen]] = [[] for _ in range(MOST)]
        self.sets = [OpSet(self.genesis) for _ in range(REPLICAS)]
        self.evaluations = [Evaluation(ops) for ops in self.sets]
        self.anew = [Anew(self.genesis) for _ in range(REPLICAS)]
        self.ops: list[Op] = []
        self.joined = 0
        self.joins: list[Op] = []
        self.invites: list[tuple[bytes, bytes]] = []
        for _ in range(FIRST):
            self.join()
        self.exchange()

    # -- what replicas know

    def view(self, replica: int) -> RoomState:
        """The state as a room has it; it must be what follows from the whole set."""
        self.evaluations[replica].expire()
        state = self.evaluations[replica].state
        assert differences(state, state_of(self.anew[replica].settle())) == {}
        assert self.sets[replica].ids() == self.anew[replica].ids()
        return state

    def whole(self) -> RoomState:
        """The state by everything that was ever signed."""
        return evaluate(self.genesis, self.ops)

    def home(self, number: int) -> int:
        return number % REPLICAS

    def give(self, replica: int, op: Op) -> None:
        """Let a replica take in an operation as a room does."""
        for ops in (self.sets[replica], self.anew[replica]):
            self._give(ops, op)

    def _give(self, ops: OpSet, op: Op) -> None:
        try:
            again = ops.read(op.data)
            if ops.knows(again):
                return
            if ops.check(again):
                ops.insert(again)
            else:
                ops.hold(again)
        except RemoteError:
            return

    def gossip(self, source: int, target: int, choose: Choice) -> None:
        """Carry some of what one replica holds to another, in the order given."""
        for data in choose(self.sets[source].missing((), bytes(8), b"\xff" * 8)):
            self.give(target, self.sets[source].read(data))

    def exchange(self) -> None:
        """Compare and hand over until nothing changes any more."""
        for _ in range(8):
            before = [ops.ids() for ops in self.sets]
            for source in self.sets:
                for target in range(REPLICAS):
                    for data in source.missing(self.sets[target].ids(), bytes(8), b"\xff" * 8):
                        self.give(target, source.read(data))
            for replica in range(REPLICAS):
                self.view(replica)
            if [ops.ids() for ops in self.sets] == before:
                return

    # -- honest people

    def sign(self, number: int, writing: Writing) -> Op:
        pen = self.pens[number]
        self.old_pens[number].append(copy.copy(pen))
        op = pen.write(writing.kind, *writing.fields, auth=writing.auth)
        self.ops.append(op)
        self.give(self.home(number), op)
        return op

    def do(self, number: int, command: c.Command) -> Op | None:
        """Do as the program does: from the member's own view, if it allows that."""
        view = self.view(self.home(number))
        me = view.members.get(self.ids[number])
        if me is None or me.stage in GONE:
            return None
        try:
            writing = writing_for(command, me, view, 1)
        except UserError:
            return None
        if writing is None:
            return None
        if writing.auth != NONE or number == 0:
            for fields in rosters(to_vouch_for(command, view)):
                self.sign(number, Writing(kinds.Roster, fields, writing.auth))
        return self.sign(number, writing)

    def join(self, invite: int | None = None, door: int = 0) -> None:
        """Somebody new is let in, by whatever door; that lets in whom it will."""
        if self.joined == MOST:
            return
        number, key = self.joined, self.keys[self.joined]
        self.joined += 1
        by, proof = NONE, b""
        if invite is not None and self.invites:
            by, seed = self.invites[invite % len(self.invites)]
            proof = sign(seed, CONTEXT, self.genesis.room_id + key.member_id)
        fields = (key.sign_key, key.dh, bytes(32), f"member {number}", by, proof)
        join = self.pens[number].write(kinds.Join, *fields)
        self.joins.append(join)
        if number == 0:
            self.ops.append(join)
            self.give(0, join)
        elif door < number:
            self.sign(door, Writing(kinds.Admit, (join.data,)))

    def admit(self, door: int, number: int) -> None:
        """A door lets in somebody again, or for the first time, as an honest one would."""
        view = self.view(self.home(door))
        if max(door, number) >= self.joined or number == door:  # of whom only a twin is in
            return
        if self.ids[door] not in view.members:
            return
        self.sign(door, Writing(kinds.Admit, (self.joins[number].data,)))

    def vouch(self, number: int) -> None:
        """A moderator says who is in, by its own view."""
        view = self.view(self.home(number))
        me = view.members.get(self.ids[number])
        if me is not None and me.moderates:
            fields = (tuple(member.id for member in view.roster()),)
            self.sign(number, Writing(kinds.Roster, fields, me.auth))

    def invite(self, number: int) -> None:
        seed = hashlib.blake2b(bytes([number, len(self.invites)]), digest_size=32).digest()
        op = self.do(number, c.MakeInvite(sign_public_of(seed), 0, 0))
        if op is not None:
            self.invites.append((op.id, seed))

    def epoch(self, number: int) -> None:
        view = self.view(self.home(number))
        me = view.members.get(self.ids[number])
        if me is None or not me.moderates:
            return
        key = bytes(32)
        stage = tuple(live.entry for live in view.live.values())
        parents = tuple(kinds.Parent(one, view.epochs[one].step) for one in view.heads)
        roster = len(view.roster())
        fields = (parents, 0, 3, key, key, key, roster, key, stage, view.last_removals)
        self.sign(number, Writing(kinds.Epoch, fields, me.auth))

    def order(self, number: int) -> None:
        view = self.view(self.home(number))
        me = view.members.get(self.ids[number])
        if me is not None and me.moderates and view.unnamed:
            self.sign(number, Writing(kinds.Order, (view.named, view.unnamed), me.auth))

    # -- liars

    def powers(self, number: int) -> list[bytes]:
        """Every appointment a member ever had, whoever gave it, and none."""
        given = [op.id for op in self.ops if isinstance(op.body, kinds.Rank)]
        mine = [one for one in given if self._about(one) == self.ids[number]]
        return [NONE, *mine]

    def _about(self, rank: bytes) -> bytes:
        return next(op.body.member for op in self.ops if op.id == rank)

    def lie(self, number: int, what: int, target: int, auth: int, back: int | None) -> Op | None:
        """Sign an act of any kind, maybe with a number of the past."""
        powers = self.powers(number)
        acts = self._acts(target)
        kind, fields = acts[what % len(acts)]
        olds = self.old_pens[number]
        pen = self.pens[number]
        if back is not None and len(olds) > 1:
            pen = copy.copy(olds[1 + back % (len(olds) - 1)])
        if pen._seq == 0:
            return None
        op = pen.write(kind, *fields, auth=powers[auth % len(powers)])
        self.ops.append(op)
        self.give(self.home(number), op)
        return op

    def _acts(self, target: int) -> list[tuple[type[kinds.Body], tuple[object, ...]]]:
        view = self.whole()
        them, key = self.ids[target], self.keys[target]
        member = view.members.get(them)
        grant = (member.grant if member else None) or NONE
        wish = member.wish if member else NONE
        join = member.join if member else NONE
        tenures = member.tenures if member else ()
        epoch, zero = view.epoch, bytes(32)
        parents = tuple(kinds.Parent(one, 0) for one in view.heads)
        return [
            (kinds.Grant, (epoch, 5, them, wish)),
            (kinds.Mute, (epoch, them, grant, True)),
            (kinds.Down, (epoch, them, wish, grant, False)),
            (kinds.Remove, (them, join, join)),
            (kinds.Remove, (them, join, NONE, True)),
            (kinds.Rank, (them, 2, key.sign_key, key.dh, (), NONE)),
            (kinds.Rank, (them, 3, key.sign_key, key.dh, (), NONE)),
            (kinds.Rank, (them, 4, key.sign_key, key.dh, tenures[:8], join)),
            (kinds.Lock, (True,)),
            (kinds.Lock, (False, view.over[kinds.Lock][:8])),
            (kinds.Entry, ("invited",)),
            (kinds.Let, (them, False)),
            (kinds.Let, (them, True)),
            (kinds.Roster, (tuple(self.ids),)),
            (kinds.Admit, (self.joins[min(target, self.joined - 1)].data,)),
            (kinds.Topic, ("lies",)),
            (kinds.Order, (0, (HandRef(them, 1),))),
            (kinds.Hand, (True,)),
            (kinds.Take, (grant,)),
            (kinds.Recv, (zero,)),
            (kinds.Invite, (zero, 0, 0)),
            (kinds.Leave, ()),
            (kinds.Epoch, (parents, 0, 1, zero, zero, zero, 0, zero, ())),
        ]

    def twin(self, door: int, number: int) -> None:
        """Somebody signs a second join with its key, and a friend lets that in."""
        if door != number and door < self.joined:
            pen, key = Pen(self.keys[number], self.genesis.room_id), self.keys[number]
            twin = pen.write(kinds.Join, key.sign_key, key.dh, bytes(32), "twin")
            self.sign(door, Writing(kinds.Admit, (twin.data,)))

    def forge(self, number: int) -> None:
        """Send what no honest program makes: broken signatures, other formats, other rooms."""
        if not self.ops:
            return
        data = self.ops[number % len(self.ops)].data
        for bad in (data[:-1] + bytes([data[-1] ^ 1]), b"\x97\x02" + data[2:], data + b"x", b""):
            for ops in self.sets:
                try:
                    op = ops.read(bad)
                    if ops.knows(op) or not ops.check(op):
                        continue
                except RemoteError:
                    continue
                raise AssertionError("a forgery passed")


def differences(one: RoomState, other: RoomState) -> dict[str, object]:
    """Name what is not the same, so that a failure can be read."""
    found: dict[str, object] = {}
    for field in dataclasses.fields(RoomState):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if a == b:
            continue
        found[field.name] = (a, b)
        if field.name == "members":
            found["members"] = {
                (str(x.name), part.name): (getattr(x, part.name), getattr(b[m], part.name))
                for m, x in a.items()
                if m in b
                for part in dataclasses.fields(x)
                if getattr(x, part.name) != getattr(b[m], part.name)
            } or sorted(a.keys() ^ b.keys())
    return found
