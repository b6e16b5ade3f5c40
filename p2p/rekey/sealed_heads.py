"""Secrets of heads for one member, sealed for its newest receive key: see ``crypto.sealed_box``."""

from collections.abc import Iterable, Sequence

import msgspec

from crypto.dh import KeyPair
from crypto.ids import DhKey, EpochId, MemberId
from crypto.sealed_box import open_box, seal_for
from p2p.rng import Rng
from p2p.room.ops.canonical import pack, unpack
from p2p.wire.messages import SEALED_HEADS_BYTES_MAX, Heads, HeadSecret

_DECODER: msgspec.msgpack.Decoder[Sequence[HeadSecret]] = msgspec.msgpack.Decoder(Heads)


def seal_heads(
    heads: Iterable[tuple[EpochId, bytes, bytes]],
    step: int,
    giver: MemberId,
    taker: tuple[MemberId, DhKey],
    rng: Rng,
) -> bytes:
    """Seal secrets of heads.

    Args:
        heads: Epoch id, secret at ``step``, and pass of each: see ``Keyring.export``.
        step: At which they are handed over.
        giver: Our member id.
        taker: Id and newest receive key of who is to have them.
        rng: Source of the ephemeral key.

    Raises:
        RemoteError: The receive key is of no use.
    """
    member, recv = taker
    plain = pack([HeadSecret(*head) for head in heads])
    return seal_for(recv, member, plain, _bound(step, giver), rng)


def open_heads(
    sealed: bytes, step: int, giver: MemberId, me: MemberId, recv: Iterable[KeyPair]
) -> Sequence[HeadSecret]:
    """Open what somebody handed to us.

    Args:
        sealed: Foreign bytes.
        step: Which the message says.
        giver: Whose message it is.
        me: Our member id.
        recv: Our receive keys, the newest first.

    Raises:
        RemoteError: It is not for us, or not what it should be.
    """
    plain = open_box(sealed, recv, me, _bound(step, giver))
    return unpack(plain, _DECODER, SEALED_HEADS_BYTES_MAX)


def _bound(step: int, giver: MemberId) -> bytes:
    return step.to_bytes(4, "big") + giver
