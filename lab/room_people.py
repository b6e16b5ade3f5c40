"""People for the tests of the room: fixed keys, and pens that can also write what nobody should."""

import copy
import functools
import hashlib
import itertools

from crypto.genesis import Genesis
from crypto.identity import Identity
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op, Pen
from p2p.room.room import Room
from p2p.room.state.evaluate import evaluate
from p2p.room.state.verdict import Findings
from p2p.room.store.pruning import kept


@functools.cache
def identity(number: int, world: int = 0) -> Identity:
    """The same keys for the same numbers, always."""
    counter = itertools.count()

    def rng(count: int) -> bytes:
        seed = f"{world}/{number}/{next(counter)}".encode()
        return hashlib.blake2b(seed, digest_size=count).digest()

    return Identity.generate(rng)


def genesis_of(host: Identity, world: int = 0) -> Genesis:
    return Genesis(2, host.sign_key, host.dh, "open", 1_700_000_000 + world, bytes(32))


class People:
    """A host (number 0) and members who have joined, all writing operations of one room."""

    def __init__(self, count: int = 3) -> None:
        self.genesis = genesis_of(identity(0))
        self.room_id = self.genesis.room_id
        self.keys = [identity(number) for number in range(count + 1)]
        self.ids = [key.member_id for key in self.keys]
        self.pens = [Pen(key, self.room_id) for key in self.keys]
        self.ops: list[Op] = []
        for number, key in enumerate(self.keys):
            self.join(number, key.sign_key, key.dh, bytes(32), f"member {number}")

    @property
    def host(self) -> bytes:
        return self.ids[0]

    def join(self, number: int, *fields: object, by: int = 0) -> Op:
        """Come in by a door, the host's if no other is named."""
        join = self.pens[number].write(kinds.Join, *fields)
        if number == 0:
            self.ops.append(join)
            return join
        return self.write(by, kinds.Admit, join.data)

    def vouch(self, *numbers: int, by: int = 0) -> Op:
        """Say that these are members; all who are in, if none is named."""
        ids = [self.ids[n] for n in numbers] or list(self.state().members)
        return self.act(by, kinds.Roster, tuple(ids))

    def admit(self, join: Op, by: int = 0) -> Op:
        """Let somebody in whose join was written elsewhere."""
        return self.write(by, kinds.Admit, join.data)

    def write(self, number: int, kind: type[kinds.Body], *fields: object, auth: bytes = NONE) -> Op:
        op = self.pens[number].write(kind, *fields, auth=auth)
        self.ops.append(op)
        return op

    def fork(self, number: int, kind: type[kinds.Body], *fields: object, auth=NONE) -> Op:
        """Write an operation and forget having done so: the next one gets the same number."""
        pen = copy.copy(self.pens[number])
        op = pen.write(kind, *fields, auth=auth)
        self.ops.append(op)
        return op

    def state(self, ops: list[Op] | None = None):
        return evaluate(self.genesis, self.ops if ops is None else ops)

    def member(self, number: int):
        return self.state().members[self.ids[number]]

    def stage(self, number: int) -> str:
        return self.member(number).stage

    def auth(self, number: int) -> bytes:
        """The appointment under which a member acts now."""
        return self.member(number).auth

    def act(self, number: int, kind: type[kinds.Body], *fields: object) -> Op:
        """Write with whatever power the member has."""
        return self.write(number, kind, *fields, auth=self.auth(number))

    def epoch(self, number: int = 0, why: int = 3, parents=None, **other) -> Op:
        """Make a new epoch out of what this author sees."""
        fields = self.epoch_fields(why, parents, **other)
        return self.act(number, kinds.Epoch, *fields)

    def epoch_fields(self, why=3, parents=None, *, step=0, stage=None, knows=None) -> tuple:
        """What an honest program would say in it, but for what is given."""
        state = self.state()
        if stage is None:
            stage = tuple(live.entry for live in state.live.values())
        before = self.parents(state.heads if parents is None else parents)
        key = bytes(32)
        knows = state.last_removals if knows is None else knows
        return (before, step, why, key, key, key, len(state.roster()), key, stage, knows)

    def parents(self, epochs) -> tuple[kinds.Parent, ...]:
        """Name epochs as the parents of another, with their steps."""
        steps = {op.id: op.body.step for op in self.ops if isinstance(op.body, kinds.Epoch)}
        return tuple(kinds.Parent(one, steps[one]) for one in epochs)

    def promote(self, by: int, number: int, rank: int) -> Op:
        """Give a rank; take the one before away if it was higher."""
        member = self.member(number)
        over = member.tenures if rank > member.rank else ()
        keys = (member.sign, member.dh)
        fields = (member.id, rank, *keys, over, member.cut, member.keeps)
        return self.act(by, kinds.Rank, *fields)

    # What people do, as the program writes it.

    def raise_hand(self, number: int) -> Op:
        return self.write(number, kinds.Hand, True)

    def accept(self, number: int, slot: int = 2, by: int = 0) -> Op:
        epoch = self.state().epoch
        wish = self.member(number).wish
        return self.act(by, kinds.Grant, epoch, slot, self.ids[number], wish)

    def mute(self, number: int, by: int = 0) -> Op:
        grant = self.member(number).grant or NONE
        return self.act(by, kinds.Mute, self.state().epoch, self.ids[number], grant, True)

    def unmute(self, number: int, by: int = 0) -> Op:
        state = self.state()
        live = state.live.get(self.ids[number])
        grant, lifts = (live.id, live.mutes) if live else (NONE, ())
        return self.act(by, kinds.Mute, state.epoch, self.ids[number], grant, False, lifts)

    def down(self, number: int, *, lapsed: bool = False, by: int = 0) -> Op:
        me = self.member(number)
        epoch = self.state().epoch
        return self.act(by, kinds.Down, epoch, me.id, me.wish, me.grant or NONE, lapsed)

    def take(self, number: int) -> Op:
        return self.write(number, kinds.Take, self.member(number).grant or NONE)

    def remove(self, number: int, by: int = 0, branch: bool = False) -> Op:
        member = self.member(number)
        knows = self.state().last_removals
        fields = (member.id, member.join, member.cut, branch, member.keeps, knows)
        return self.act(by, kinds.Remove, *fields)

    def bring_on_stage(self, number: int, slot: int = 2, by: int = 0) -> None:
        self.raise_hand(number)
        self.accept(number, slot, by)
        self.take(number)


def a_room() -> People:
    """A host with a first epoch, the moderators 1 and 2, and the listeners 3 and 4."""
    people = People(4)
    people.epoch(0, why=0)
    people.promote(0, 1, 2)
    people.promote(0, 2, 2)
    return people


def kept_of(people: People, ops: list[Op] | None = None) -> list[Op]:
    """What is kept of all that people wrote, or of these operations."""
    return kept(Findings(people.ops if ops is None else ops, people.host, "open"))


class Rooms:
    """Rooms of several members and a network between them, in virtual time."""

    def __init__(self, count: int = 3, *, join: bool = True) -> None:
        self.now = 100.0
        self.genesis = genesis_of(identity(0))
        names = ["host", "amina", "王小明", "kenji", "omar", "sofia", "lau", "dolma"]
        self.rooms = [
            Room(identity(n), self.genesis.encode(), names[n % 8], now=self.now, topic="tea")
            for n in range(count + 1)
        ]
        self.ids = [room.me for room in self.rooms]
        self.cut: set[int] = set()
        self.asleep: set[int] = set()
        if join:
            for room in self.rooms[1:]:
                self.rooms[0].admit(room.join_op)
            self.deliver()
            for room in self.rooms:
                self.events(self.rooms.index(room))

    def __getitem__(self, number: int) -> Room:
        return self.rooms[number]

    def deliver(self) -> None:
        """Carry everything to everybody in reach; what the cut off say is lost."""
        busy = True
        while busy:
            busy = False
            for number, room in enumerate(self.rooms):
                for out in room.to_send(self.now):
                    if number not in self.cut:
                        busy = True
                        self._carry(room, out)

    def _carry(self, room: Room, out) -> None:
        for number, other in enumerate(self.rooms):
            if other is not room and other.me != out.but and number not in self.cut:
                other.receive(out.data, room.me, self.now)

    def run(self, seconds: float) -> None:
        """Let time pass, timers fire and operations travel."""
        end = self.now + seconds
        while True:
            self.deliver()
            awake = [r for n, r in enumerate(self.rooms) if n not in self.asleep]
            timers = [room.next_timer() for room in awake]
            due = min((t for t in timers if t is not None), default=end)
            if due >= end:
                break
            self.now = max(self.now, due)
            for room in awake:
                room.on_timer(self.now)
        self.now = end

    def sync(self) -> None:
        """Compare what everybody holds, pairwise, and hand over what is missing."""
        for room in self.rooms:
            for other in self.rooms:
                for data in room.missing(other.ids()):
                    other.receive(data, room.me, self.now)
        self.deliver()

    def do(self, number: int, command) -> None:
        self.rooms[number].do(command, self.now)
        self.deliver()

    def events(self, number: int) -> list:
        return list(iter(self.rooms[number].next_event, None))

    def stage(self, number: int) -> set[str]:
        """Where everybody thinks this member is."""
        me = self.ids[number]
        return {str(room.state.members[me].stage) for room in self.rooms}
