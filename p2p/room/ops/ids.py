"""Ids of operations, and what stands where there is none."""

import hashlib

from crypto.ids import DhKey, EpochId, MemberId, OpId

ID_BYTES = 16
KEY_BYTES = 32
SHORT_ID_BYTES = 8

NONE = OpId(bytes(ID_BYTES))
"""Stands where an operation id could stand but there is none."""

NO_EPOCH = EpochId(NONE)
"""Stands where an epoch's id could stand but there is none."""

NO_MEMBER = MemberId(bytes(ID_BYTES))
"""Stands where a member id could stand but there is none."""

NO_KEY = DhKey(bytes(KEY_BYTES))
"""Stands where a receive key could stand but there is none."""


def op_id(data: bytes) -> OpId:
    """Hash the bytes of a signed operation (BLAKE2b-128, RFC 7693)."""
    return OpId(hashlib.blake2b(data, digest_size=ID_BYTES).digest())


def relay_as_sender(relay: DhKey) -> MemberId:
    """Name a relay where operations are counted by who passed them on: the front of its key."""
    return MemberId(relay[:ID_BYTES])


def short(op: OpId) -> bytes:
    """Give the first 8 bytes: enough to compare what two members hold."""
    return op[:SHORT_ID_BYTES]
