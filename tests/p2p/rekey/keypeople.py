"""Members of a room in memory with their keys, and the lines between them."""

import os
from dataclasses import dataclass

from crypto.epoch import Keyring
from crypto.handover import keyring_from
from crypto.identity import Identity
from p2p.rekey.commit import first_epoch, slice_wraps
from p2p.rekey.epoch_agent import EpochEvent, Epochs
from p2p.rekey.sealed_heads import seal_heads
from p2p.wire.messages import AskKeys, GiveKeys, HeadSecret, Wraps
from tests.p2p.rekey.fakeroom import FakeRoom, FakeState

SHARED = b"members' secret".ljust(32)


def given(
    heads: list[HeadSecret], step: int, giver: "Person", taker: "Person", recv: bytes = b""
) -> GiveKeys:
    """An answer as the giver's program would send it, whatever is in it."""
    recv = recv or taker.room.state.members[taker.id].recv
    fields = [(head.epoch_id, head.secret, head.pass_key) for head in heads]
    return GiveKeys(step, seal_heads(fields, step, giver.id, (taker.id, recv), os.urandom))


@dataclass
class Person:
    identity: Identity
    room: FakeRoom
    keyring: Keyring
    epochs: Epochs
    ahead_s: float = 0.0
    """Of everybody else's room time, by its own."""

    @property
    def id(self) -> bytes:
        return self.identity.member_id

    def events(self) -> list[EpochEvent]:
        return list(iter(self.epochs.next_event, None))

    def key(self) -> bytes:
        """Two people who hold the same key have the same bytes here."""
        step = self.keyring.step
        return bytes(self.keyring.base_key(b"k" * 16, step)) + bytes(step)


class People:
    """Everybody sees every operation at once, unless ``apart`` gave somebody a view of its own."""

    def __init__(self, *ranks: int) -> None:
        self.now = 0.0
        self.people: list[Person] = []
        self.lost: set[type] = set()
        self.sent: list[tuple[bytes, bytes, object]] = []
        self._state = FakeState()
        for rank in ranks:
            self.join(rank)
        self.carry()
        self.forget_events()

    def __getitem__(self, number: int) -> Person:
        return self.people[number]

    def join(self, rank: int, via: int = 0) -> Person:
        """Somebody comes in through a member's door."""
        identity = Identity.generate(os.urandom)
        state = self.people[via].room.state if self.people else self._state
        room = FakeRoom(identity, state)
        room.join(identity, rank)
        if self.people:
            door = self.people[via]
            step = door.keyring.seal_step
            keyring = keyring_from(door.keyring.export(step), step, self.now, door.id)
        else:
            keyring = first_epoch(room, os.urandom)
        epochs = Epochs(room, keyring, SHARED, os.urandom, self.now)
        person = Person(identity, room, keyring, epochs)
        self.people.append(person)
        return person

    def apart(self, *numbers: int) -> FakeState:
        """These have a view of their own from now on."""
        old = self.people[numbers[0]].room.state
        state = FakeState(dict(old.members), old.removed, dict(old.epochs))
        for number in numbers:
            self.people[number].room.state = state
        return state

    def together(self) -> None:
        """All views grow into one again."""
        merged = FakeState()
        for state in [person.room.state for person in self.people]:
            merged.members |= state.members
            merged.removed |= state.removed
            merged.epochs |= state.epochs
        for person in self.people:
            person.room.state = merged

    def wait(self, seconds: float, tick_s: float = 0.1) -> None:
        """Time passes for everybody, messages travel at each tick."""
        for _ in range(round(seconds / tick_s)):
            self.now += tick_s
            for person in self.people:
                person.keyring.advance(self.now + person.ahead_s)
            self.carry()

    def carry(self) -> None:
        """Bring everything that is said to whom it is for, within one view."""
        out = []
        for person in self.people:
            while said := person.epochs.to_send(self.now):
                out += [(person, to, message) for to, message in said]
        for person, to, message in out:
            for other in self.people:
                if other is person or to not in (None, other.id):
                    continue
                if other.room.state is not person.room.state or type(message) in self.lost:
                    continue
                self._deliver(person, other, message)

    def _deliver(self, person: Person, other: Person, message: Wraps | AskKeys | GiveKeys) -> None:
        if isinstance(message, Wraps) and person.room.state.epochs:
            ephemeral = person.room.state.epochs[message.epoch_id].ephemeral
            mine = slice_wraps(message.wraps, ephemeral, [other.id])
            if not mine:
                return
            message = Wraps(message.epoch_id, mine)
        self.sent.append((person.id, other.id, message))
        other.epochs.receive(message, person.id, self.now)

    def neighbours(self) -> None:
        """Everybody can ask everybody."""
        for person in self.people:
            person.epochs.observe_neighbours([other.id for other in self.people], self.now)

    def forget_events(self) -> None:
        for person in self.people:
            person.events()

    def keys(self, *numbers: int) -> set[bytes]:
        """The different keys that some of them hold."""
        return {self.people[number].key() for number in numbers or range(len(self.people))}
