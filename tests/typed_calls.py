"""Calls for mypy to judge, never run: those that say ``refused`` swap ids or keys."""

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.identity import Identity, member_id
from crypto.ids import DhKey, EpochId, MemberId, OpId, RoomId, SignKey
from crypto.item import target_of
from crypto.relaypass import prove_self
from crypto.roomkey import RoomKey
from crypto.sas import Party
from crypto.wrap import wrap_tag
from p2p.dht.contact import NodeContact
from p2p.mesh.mesh import Mesh
from p2p.relay.cascade import Cascade
from p2p.relay.wraps import WrapShelf
from p2p.room.commands import MakeInvite, Remove
from p2p.room.ops.ids import short
from p2p.room.ops.kinds import Lock
from p2p.room.ops.op import Op, Pen, decode_op, verify_op
from p2p.room.room import Room
from p2p.room.state.model import RoomState
from p2p.wire.card import seal_card
from p2p.wire.messages import AskKeys, Carry
from p2p.wire.relay_messages import JoinTree


def members(mesh: Mesh, keyring: Keyring, member: MemberId, dh: DhKey) -> None:
    mesh.dial_now(member, 0.0)
    mesh.dial_now(dh, 0.0)  # refused: arg-type
    mesh.set_roster([member], 0.0)
    mesh.set_roster([dh], 0.0)  # refused: list-item
    keyring.base_key(member, 0)
    keyring.base_key(dh, 0)  # refused: arg-type
    Remove(member)
    Remove(dh)  # refused: arg-type
    Carry(member, member, b"")
    Carry(dh, member, b"")  # refused: arg-type


def operations(keyring: Keyring, shelf: WrapShelf, pen: Pen, op: OpId, epoch: EpochId) -> None:
    keyring.knows(epoch)
    keyring.knows(op)  # refused: arg-type
    keyring.set_heads([epoch])
    keyring.set_heads([op])  # refused: list-item
    shelf.all(epoch)
    shelf.all(op)  # refused: arg-type
    AskKeys((epoch,))
    AskKeys((op,))  # refused: arg-type
    pen.write(Lock, True, auth=op)
    pen.write(Lock, True, auth=epoch)  # an epoch is an operation, too
    pen.write(Lock, True, auth=b"")  # refused: arg-type


def members_and_operations(state: RoomState, member: MemberId, op: OpId) -> None:
    state.place_of(member)
    state.place_of(op)  # refused: arg-type
    short(op)
    short(member)  # refused: arg-type
    state.members.get(member)
    state.members.get(op)  # refused: call-overload
    bool(member in state.removed)
    bool(op in state.removed)  # refused: comparison-overlap
    bool(op == member)  # refused: comparison-overlap


def exchange_keys(pair: KeyPair, room: Room, place: Cascade, member: MemberId) -> None:
    pair.exchange(pair.public)
    pair.exchange(member)  # refused: arg-type
    room.write_recv(pair.public)
    room.write_recv(room.room_id)  # refused: arg-type
    place.lost(pair.public, 0.0)
    place.lost(member, 0.0)  # refused: arg-type
    NodeContact(("::1", 1), pair.public)
    NodeContact(("::1", 1), member)  # refused: arg-type


def member_and_key(mesh: Mesh, member: MemberId, dh: DhKey) -> None:
    mesh.link_down(member, 0.0)
    mesh.link_down(dh, 0.0)  # refused: arg-type
    wrap_tag(dh, member)
    wrap_tag(member, dh)  # refused: arg-type


def signing_keys(op: Op, sign: SignKey, dh: DhKey) -> None:
    verify_op(op, sign)
    verify_op(op, dh)  # refused: arg-type
    member_id(sign, dh)
    member_id(dh, sign)  # refused: arg-type
    MakeInvite(sign, 1, 0)
    MakeInvite(dh, 1, 0)  # refused: arg-type
    target_of(sign)
    target_of(dh)  # refused: arg-type
    Party(member_id(sign, dh), sign, dh)
    Party(member_id(sign, dh), dh, sign)  # refused: arg-type
    seal_card(RoomKey(b""), dh, dh, bytes)
    seal_card(RoomKey(b""), dh, sign, bytes)  # refused: arg-type


def rooms(identity: Identity, room: RoomId, dh: DhKey, key: RoomKey, member: MemberId) -> None:
    Pen(identity, room)
    Pen(identity, dh)  # refused: arg-type
    decode_op(b"", room)
    decode_op(b"", member)  # refused: arg-type
    prove_self(identity, dh, room, b"")
    prove_self(identity, room, dh, b"")  # refused: arg-type
    key.relay_tag(dh)
    key.relay_tag(room)  # refused: arg-type
    JoinTree(room)
    JoinTree(key.secret)  # refused: arg-type
