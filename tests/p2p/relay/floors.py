"""A room's floor for the tests beside this file, and who writes its operations."""

import os
from dataclasses import dataclass, field

import msgspec

from crypto.genesis import Genesis
from crypto.identity import Identity, verify
from crypto.relaypass import pass_hash, prove_pass, sign_route
from p2p.errors import RemoteError
from p2p.wire.relay_messages import Pass, Route


@dataclass
class Epoch:
    author: bytes
    ephemeral: bytes
    pass_hash: bytes


@dataclass
class Carrier:
    dh: bytes
    ip: bytes
    port: int


@dataclass
class State:
    slots: dict[int, bytes] = field(default_factory=dict)
    removed: frozenset[bytes] = frozenset()
    heads: tuple[bytes, ...] = ()
    epochs: dict[bytes, Epoch] = field(default_factory=dict)
    carriers: list[Carrier] = field(default_factory=list)


class HostFloor:
    """Operations of the host alone, in the order of their numbers."""

    def __init__(self, genesis: bytes) -> None:
        self._sign = Genesis.decode(genesis).sign
        self._ops: dict[bytes, list] = {}

    def receive(self, data: bytes, _sender: bytes, _now: float) -> bool:
        if data in self._ops:
            return False
        verify(self._sign, b"op", data[:-64], data[-64:])
        try:
            self._ops[data] = msgspec.msgpack.decode(data[:-64])
        except msgspec.DecodeError:
            raise RemoteError("malformed") from None
        return True

    def ops(self) -> list[bytes]:
        return list(self._ops)

    @property
    def state(self) -> State:
        state = State()
        for _, kind, *fields in sorted(self._ops.values()):
            match kind:
                case "grant":
                    state.slots[fields[0]] = fields[1]
                case "mute":
                    state.slots.pop(fields[0], None)
                case "remove":
                    state.removed |= {fields[0]}
                    state.slots = {s: m for s, m in state.slots.items() if m != fields[0]}
                case "epoch":
                    state.epochs[fields[0]] = Epoch(*fields[1:])
                    state.heads = (fields[0],)
                case "carriers":
                    state.carriers = [Carrier(*each) for each in fields[0]]
        return state


class Host:
    """Who writes. Its room has one epoch from the start."""

    def __init__(self) -> None:
        self.identity = Identity.generate(os.urandom)
        self.genesis = Genesis(
            1, self.identity.sign_key, self.identity.dh, "open", 1_700_000_000, os.urandom(32)
        ).encode()
        self.room = Genesis.decode(self.genesis).room_id
        self.ops: list[bytes] = []
        self.new_epoch()

    def write(self, kind: str, *fields: object) -> bytes:
        raw = msgspec.msgpack.encode([len(self.ops), kind, *fields])
        self.ops.append(raw + self.identity.sign(b"op", raw))
        return self.ops[-1]

    def new_epoch(self) -> bytes:
        self.pass_key, self.epoch, self.ephemeral = (os.urandom(n) for n in (32, 16, 32))
        hashed = pass_hash(self.pass_key)
        return self.write("epoch", self.epoch, self.identity.member_id, self.ephemeral, hashed)

    def pass_of(self, identity: Identity, relay_dh: bytes, tie: bytes, **other: bytes) -> Pass:
        proof = prove_pass(identity, relay_dh, self.room, tie)
        fields = {"pass_key": self.pass_key, "proof": proof} | other
        return Pass(self.room, identity.sign_key, identity.dh, **fields)

    def route_of(self, identity: Identity, slot: int, seq: int, parent: bytes) -> Route:
        signature = sign_route(identity, self.room, slot, seq, parent)
        keys = identity.sign_key, identity.dh
        return Route(self.room, slot, seq, *keys, parent, signature)
