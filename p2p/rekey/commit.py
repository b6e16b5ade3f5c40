"""Beginning an epoch: a fresh secret and its signed record."""

from collections.abc import Iterable, Sequence

from crypto.epoch import Keyring
from crypto.head import SECRET_BYTES, Head, pass_of
from crypto.ids import DhKey, EpochId, MemberId
from crypto.relaypass import pass_public
from crypto.wrap import TAG_BYTES, commitment, ephemeral_of, wrap_tag
from p2p.rng import Rng
from p2p.room.room import Room
from p2p.room.state.epochs import WHY, EpochInfo, Why


def first_epoch(room: Room, rng: Rng) -> Keyring:
    """Begin the key of a room that we make; nobody else is there to wrap it for."""
    secret = bytearray(rng(SECRET_BYTES))
    pass_ = pass_of(secret)
    public = ephemeral_of(secret).public, commitment(secret), pass_public(pass_)
    epoch = room.write_epoch((), 0, WHY.index("start"), *public, room.roster())
    keyring = Keyring([Head(EpochId(epoch.id), secret, 0)], pass_)
    secret[:] = bytes(SECRET_BYTES)
    return keyring


def next_epoch(
    room: Room, keyring: Keyring, parents: Sequence[EpochInfo], why: Why, rng: Rng
) -> tuple[EpochId, bytearray]:
    """Begin an epoch that replaces others; the keyring holds it and is not turned to it.

    Args:
        room: Whose roster is to get the secret.
        keyring: Takes it in.
        parents: Heads; none only if the room has lost all.
        why: What for.
        rng: Source of the secret.

    Returns:
        The record's id, and 32 secret bytes for the caller to wrap and to zero.
    """
    secret = bytearray(rng(SECRET_BYTES))
    ahead = max((parent.step for parent in parents), default=keyring.step)
    step = max(keyring.step, min(ahead, keyring.step + 1))
    epoch = room.write_epoch(
        [parent.id for parent in parents],
        step,
        WHY.index(why),
        ephemeral_of(secret).public,
        commitment(secret),
        pass_public(pass_of(secret)),
        room.roster(),
    )
    epoch_id = EpochId(epoch.id)
    keyring.hold(epoch_id, secret, step)
    return epoch_id, secret


def slice_wraps(
    wraps: Iterable[bytes], ephemeral: DhKey, members: Iterable[MemberId]
) -> tuple[bytes, ...]:
    """Keep those wraps that some members can open: what goes down one branch of a tree.

    Args:
        wraps: As in ``Wraps``.
        ephemeral: From the epoch's record.
        members: Who is reached that way.
    """
    tags = {wrap_tag(ephemeral, member) for member in members}
    return tuple(wrap for wrap in wraps if wrap[:TAG_BYTES] in tags)
