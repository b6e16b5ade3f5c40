"""Calls for mypy to judge, never run: those that say ``refused`` swap ids or keys."""

from crypto.epoch import Keyring
from crypto.ids import MemberId
from p2p.mesh.mesh import Mesh
from p2p.room.commands import Remove
from p2p.wire.messages import Carry


def members(mesh: Mesh, keyring: Keyring, member: MemberId, dh: bytes) -> None:
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
