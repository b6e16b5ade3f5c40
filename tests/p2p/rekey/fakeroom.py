"""A room in memory with exactly what keys need of one: everybody sees every operation at once."""

import os
from dataclasses import dataclass, field, replace
from itertools import count

from crypto.identity import Identity
from p2p.room.ops.powers import MODERATOR
from p2p.room.state.epochs import WHY


@dataclass(frozen=True)
class FakeMember:
    id: bytes
    sign: bytes
    dh: bytes
    recv: bytes
    rank: int


@dataclass(frozen=True)
class FakeEpoch:
    id: bytes
    author: bytes
    parents: tuple[bytes, ...]
    step: int
    why: str
    ephemeral: bytes
    commit: bytes
    pass_public: bytes
    members: tuple[bytes, ...]
    after: frozenset[bytes] = frozenset()  # the removals that its author knew

    @property
    def roster_count(self) -> int:
        return len(self.members)


@dataclass
class FakeState:
    members: dict[bytes, FakeMember] = field(default_factory=dict)
    removed: frozenset[bytes] = frozenset()
    epochs: dict[bytes, FakeEpoch] = field(default_factory=dict)
    slots: dict[int, bytes] = field(default_factory=dict)

    @property
    def heads(self) -> tuple[bytes, ...]:
        replaced = {parent for epoch in self.epochs.values() for parent in epoch.parents}
        return tuple(sorted(self.epochs.keys() - replaced))

    @property
    def shut_out(self) -> dict[bytes, frozenset[bytes]]:
        return {head: self.epochs[head].after & self.removed for head in self.heads}

    def roster(self) -> list[FakeMember]:
        return [each for each in self.members.values() if each.id not in self.removed]

    def holds_keys(self, member: FakeMember) -> bool:
        return member.id not in self.removed

    def seniors(self) -> list[FakeMember]:
        found = [each for each in self.roster() if each.rank <= MODERATOR]
        return sorted(found, key=lambda each: (each.rank, each.id))

    def in_roster(self, member: bytes) -> bool:
        return member in self.members and member not in self.removed


class FakeRoom:
    """One member's view; ``seen`` shares operations with other views."""

    def __init__(self, identity: Identity, state: FakeState | None = None) -> None:
        self.me = identity.member_id
        self.room_id = b"\x77" * 32
        self.state = state or FakeState()
        self.takes_epochs = True
        self.written: list[FakeEpoch] = []
        self._numbers = count()

    def roster(self) -> list[FakeMember]:
        return self.state.roster()

    def join(self, identity: Identity, rank: int, recv: bytes = bytes(32)) -> None:
        self.state.members[identity.member_id] = FakeMember(
            identity.member_id, identity.sign_key, identity.dh, recv, rank
        )

    def remove(self, member: bytes) -> None:
        self.state.removed |= {member}

    def write_epoch(self, parents, step, why, ephemeral, commit, pass_public, members) -> FakeEpoch:
        epoch = FakeEpoch(
            os.urandom(16), self.me, tuple(parents), step, WHY[why], ephemeral, commit, pass_public,
            tuple(member.id for member in members), self.state.removed,
        )  # fmt: skip
        self.written.append(epoch)
        self.state.epochs[epoch.id] = epoch
        return epoch

    def write_recv(self, public: bytes) -> None:
        self.state.members[self.me] = replace(self.state.members[self.me], recv=public)
