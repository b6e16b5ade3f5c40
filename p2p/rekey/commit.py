"""Beginning an epoch: a fresh secret, its signed record, and a wrap for everybody in the roster."""

from collections.abc import Iterable, Sequence

from crypto.dh import KeyPair
from crypto.epoch import Keyring
from crypto.head import SECRET_BYTES, Head, pass_of
from crypto.ids import DhKey, EpochId, MemberId
from crypto.relaypass import pass_public
from crypto.wrap import TAG_BYTES, commitment, wrap_all, wrap_tag
from p2p.rng import Rng
from p2p.room.room import Room
from p2p.room.state.epochs import WHY, EpochInfo, Why


class Wrapping:
    """An epoch of ours that is being wrapped, some members at a time.

    Wrapping for hundreds takes as long as two frames of sound, so whoever speaks comes first: what
    the removed can hear ends when the speakers turn.

    Attributes:
        epoch_id: The record's id.
    """

    def __init__(
        self,
        epoch_id: EpochId,
        secret: bytearray,
        ephemeral: KeyPair,
        receivers: list[tuple[MemberId, DhKey]],
        members_secret: bytes,
    ) -> None:
        """Take over ``secret``, to be zeroed when the last wrap is made."""
        self.epoch_id = epoch_id
        self._secret = secret
        self._ephemeral = ephemeral
        self._waiting = receivers
        self._members_secret = members_secret

    @property
    def done(self) -> bool:
        """Everybody has been wrapped for."""
        return not self._waiting

    def some(self, count: int) -> tuple[bytes, ...]:
        """Wrap for the next so many; fewer come out where a receive key is of no use."""
        now, self._waiting = self._waiting[:count], self._waiting[count:]
        wraps = tuple(wrap_all(self._secret, now, self._ephemeral, self._members_secret))
        if self.done:
            self.stop()
        return wraps

    def stop(self) -> None:
        """Zero the secret; nobody else is wrapped for."""
        self._waiting = []
        self._secret[:] = bytes(SECRET_BYTES)


def first_epoch(room: Room, rng: Rng) -> Keyring:
    """Begin the key of a room that we make; nobody else is there to wrap it for."""
    secret, ephemeral = bytearray(rng(SECRET_BYTES)), KeyPair.generate(rng)
    pass_ = pass_of(secret)
    public = commitment(secret), pass_public(pass_)
    epoch = room.write_epoch((), 0, WHY.index("start"), ephemeral.public, *public, room.roster())
    keyring = Keyring([Head(EpochId(epoch.id), secret, 0)], pass_)
    secret[:] = bytes(SECRET_BYTES)
    return keyring


def next_epoch(
    room: Room,
    keyring: Keyring,
    parents: Sequence[EpochInfo],
    why: Why,
    rng: Rng,
    members_secret: bytes,
) -> Wrapping:
    """Begin an epoch that replaces others; the keyring holds it and is not turned to it.

    Args:
        room: Whose roster gets the secret.
        keyring: Takes it in.
        parents: Heads; none only if the room has lost all.
        why: What for.
        rng: Source of the secret.
        members_secret: 32 secret bytes that all members hold.
    """
    members = room.roster()
    secret, ephemeral = bytearray(rng(SECRET_BYTES)), KeyPair.generate(rng)
    ahead = max((parent.step for parent in parents), default=keyring.step)
    step = max(keyring.step, min(ahead, keyring.step + 1))
    epoch = room.write_epoch(
        [parent.id for parent in parents],
        step,
        WHY.index(why),
        ephemeral.public,
        commitment(secret),
        pass_public(pass_of(secret)),
        members,
    )
    epoch_id = EpochId(epoch.id)
    keyring.hold(epoch_id, secret, step)
    speaking = set(room.state.slots.values())
    others = [member for member in members if member.id != room.me]
    others.sort(key=lambda member: (member.id not in speaking, member.rank))
    receivers = [(each.id, each.recv) for each in others]
    return Wrapping(epoch_id, secret, ephemeral, receivers, members_secret)


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
