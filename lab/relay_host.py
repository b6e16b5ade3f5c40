"""The floor of a room for the tests beside this file: its host, who writes real operations."""

import os

from crypto.dh import KeyPair
from crypto.genesis import Genesis
from crypto.head import pass_of
from crypto.identity import Identity
from crypto.relaypass import pass_public, prove_pass, prove_self, sign_route
from crypto.wrap import commitment, unwrap, wrap_all
from p2p.room.ops import kinds
from p2p.room.ops.ids import NONE
from p2p.room.ops.op import Op, Pen
from p2p.wire.relay_messages import Pass, Route

SHARED = b"members' secret".ljust(32)


class Host:
    """Who writes. Its room has one epoch from the start.

    Attributes:
        ops: Floor operations so far.
    """

    def __init__(self) -> None:
        self.identity = Identity.generate(os.urandom)
        self.genesis = Genesis(
            2, self.identity.sign_key, self.identity.dh, "open", 1_700_000_000, os.urandom(32)
        ).encode()
        self.room = Genesis.decode(self.genesis).room_id
        self.ops: list[bytes] = []
        self.epoch = NONE
        self._pen = Pen(self.identity, self.room)
        self._pen.write(
            kinds.Join, self.identity.sign_key, self.identity.dh, bytes(32), "host", NONE, b""
        )
        self._grants: dict[int, Op] = {}
        self.new_epoch()

    def _write(self, kind: type[kinds.Body], *fields: object) -> Op:
        op = self._pen.write(kind, *fields)
        self.ops.append(op.data)
        return op

    def grant(self, slot: int, member: bytes) -> bytes:
        op = self._write(kinds.Grant, self.epoch, slot, member, NONE)
        self._grants[slot] = op
        return op.data

    def mute(self, slot: int) -> bytes:
        grant = self._grants[slot]
        return self._write(kinds.Mute, self.epoch, grant.body.member, grant.id, True).data  # type: ignore[attr-defined]

    def remove(self, member: bytes) -> bytes:
        return self._write(kinds.Remove, member, NONE, NONE).data

    def lock(self) -> bytes:
        return self._write(kinds.Lock, True).data

    def carriers(self, relays: list[tuple[bytes, bytes, int]]) -> bytes:
        return self._write(kinds.Carriers, tuple(kinds.Carrier(*each) for each in relays)).data

    def new_epoch(self) -> bytes:
        self.secret, self._ephemeral = os.urandom(32), KeyPair.generate(os.urandom)
        self.pass_key = bytes(pass_of(self.secret))
        parents = () if self.epoch == NONE else (kinds.Parent(self.epoch, 0),)
        commit, public = commitment(self.secret), pass_public(self.pass_key)
        fields = (parents, 0, 4, self._ephemeral.public, commit, public, 0, bytes(32), ())
        op = self._write(kinds.Epoch, *fields)
        self.epoch = op.id
        return op.data

    def wraps(self, *members: Identity) -> tuple[bytes, ...]:
        """The newest secret for some members, whose receive key is that of their identity."""
        receivers = [(member.member_id, member.dh) for member in members]
        return tuple(wrap_all(self.secret, receivers, self._ephemeral, SHARED))

    def opens(self, wraps: tuple[bytes, ...], member: Identity) -> bool:
        """Whether a member finds the newest secret in what it was given; raises if it does not."""
        recv, commit = KeyPair(member.dh_secret), commitment(self.secret)
        found = unwrap(wraps, self._ephemeral.public, member.member_id, recv, commit, SHARED)
        return bytes(found) == self.secret

    def pass_of(
        self, identity: Identity, relay_dh: bytes, tie: bytes, pass_key: bytes | None = None
    ) -> Pass:
        pass_key, here = pass_key or self.pass_key, (relay_dh, self.room, tie)
        keys = identity.sign_key, identity.dh
        proofs = prove_self(identity, *here), prove_pass(pass_key, *here, keys)
        return Pass(self.room, *keys, pass_public(pass_key), *proofs)

    def route_of(self, identity: Identity, slot: int, seq: int, parent: bytes) -> Route:
        signature = sign_route(identity, self.room, slot, seq, parent)
        keys = identity.sign_key, identity.dh
        return Route(self.room, slot, seq, *keys, parent, signature)
