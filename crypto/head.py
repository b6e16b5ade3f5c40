"""One epoch of the group key: a random secret that is hashed forward, never back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import blake2b

from crypto.errors import LocalError
from crypto.ids import EpochId, OpId
from crypto.kdf import hkdf
from crypto.kid import TAG_BITS

STEP_S = 10
EPOCH_ID_BYTES = 16
SECRET_BYTES = 32
PASS_BYTES = 32
MAX_STEP = 2**32 - 1
MAX_IDLE = 16
"""Epochs kept that are no heads any more."""

_LIMIT_S = (MAX_STEP + 1) * STEP_S


class Head:
    """One epoch that no other epoch has replaced.

    Attributes:
        epoch_id: 16 bytes, not secret.
        secret: 32 secret bytes at ``step``; zeroed when they are hashed forward or erased.
        step: Steps since the room began.
    """

    __slots__ = ("epoch_id", "secret", "step")

    def __init__(self, epoch_id: EpochId, secret: bytes | bytearray, step: int) -> None:
        """Take a copy of ``secret``.

        Raises:
            LocalError: A length or the step is out of range.
        """
        if len(epoch_id) != EPOCH_ID_BYTES or len(secret) != SECRET_BYTES:
            raise LocalError("wrong length of an epoch id or secret")
        if not 0 <= step <= MAX_STEP:
            raise LocalError("step is out of range")
        self.epoch_id = epoch_id
        self.secret = bytearray(secret)
        self.step = step

    @classmethod
    def create(cls, rng: Callable[[int], bytes], step: int = 0) -> "Head":
        """Begin an epoch with a fresh random id and secret."""
        return cls(EpochId(OpId(rng(EPOCH_ID_BYTES))), rng(SECRET_BYTES), step)

    def copy(self) -> "Head":
        """Make a copy with a secret of its own, to be erased by itself."""
        return Head(self.epoch_id, self.secret, self.step)

    def forward(self) -> None:
        """Hash the secret one step on; the old one is gone."""
        self.secret[:] = hkdf(self.secret, b"step")
        self.step += 1

    def forward_to(self, step: int) -> None:
        """Hash the secret on to a later step; nothing happens at an earlier one."""
        while self.step < step:
            self.forward()

    def erase(self) -> None:
        """Zero the secret."""
        self.secret[:] = bytes(SECRET_BYTES)


def pass_of(fresh_secret: bytes | bytearray) -> bytes:
    """What opens a relay's door to the members of an epoch: 32 secret bytes."""
    return hkdf(fresh_secret, b"pass")


class Held:
    """An epoch in a keyring.

    Attributes:
        head: At the present step, or ahead of it if its author's clock is.
        old: One step behind, while that step is kept.
        pass_: 32 secret bytes.
        wanted_s: Room time at which it was last one of the room's heads.
    """

    __slots__ = ("head", "old", "pass_", "wanted_s")

    def __init__(self, head: Head, pass_: bytes | bytearray, wanted_s: float) -> None:
        self.head = head
        self.old: Head | None = None
        self.pass_ = bytearray(pass_)
        self.wanted_s = wanted_s

    @property
    def oldest_step(self) -> int:
        """The earliest step at which the secret is here."""
        return (self.old or self.head).step

    def at(self, step: int) -> bytearray:
        """Copy the secret at a step, not before ``oldest_step``; for the caller to zero."""
        copy = (self.old if self.old and step == self.old.step else self.head).copy()
        copy.forward_to(step)
        return copy.secret

    def export(self, step: int) -> tuple[bytes, bytes]:
        """Secret at a step, see ``at``, and pass: to be handed over."""
        secret = self.at(step)
        copy = bytes(secret)
        secret[:] = bytes(len(secret))
        return copy, bytes(self.pass_)

    def forward_to(self, step: int, *, keep_old: bool) -> None:
        """Hash on to a step; ``keep_old``: the one right before it stays for a while."""
        if self.head.step < step:
            self.erase_old()
            self.head.forward_to(step - 1)
            self.old = self.head.copy() if keep_old else None
            self.head.forward()

    def erase_old(self) -> None:
        """Zero the step before."""
        if self.old is not None:
            self.old.erase()
            self.old = None

    def erase(self) -> None:
        """Zero everything."""
        self.erase_old()
        self.head.erase()
        self.pass_[:] = bytes(PASS_BYTES)


def unwanted(
    held: Mapping[EpochId, Held], wanted: Collection[EpochId], before_s: float
) -> tuple[list[EpochId], float]:
    """Find epochs to be erased: not wanted since a time, and all but the last sixteen.

    Args:
        held: By id.
        wanted: Ids that stay.
        before_s: Room time; what was last wanted then, or before, goes.

    Returns:
        Their ids, and when the next of the others was last wanted; infinity for none.
    """
    idle = [one for one in held if one not in wanted]
    idle.sort(key=lambda one: held[one].wanted_s)  # stable: the oldest goes first
    over = [
        one
        for place, one in enumerate(idle, MAX_IDLE - len(idle))
        if place < 0 or held[one].wanted_s <= before_s
    ]
    left = (held[one].wanted_s for one in idle if one not in over)
    return over, min(left, default=float("inf"))


def step_at(room_time_s: float) -> int:
    """The step at a room time in seconds since the room began; 0 before that.

    Raises:
        LocalError: The time is not finite, or centuries away.
    """
    if not -_LIMIT_S < room_time_s < _LIMIT_S:
        raise LocalError("room time is out of range")
    return max(0, int(room_time_s // STEP_S))


def frontier_tag(epoch_ids: Sequence[EpochId]) -> int:
    """Name a set of epoch heads in 18 bits: the first ones of a BLAKE2b over the sorted ids."""
    digest = blake2b(b"".join(sorted(epoch_ids)), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 32 - TAG_BITS


def room_key(secrets: list[bytearray], step: int) -> bytearray:
    """Join the secrets of all heads into the key of a step, and zero them.

    Args:
        secrets: One for each head, at ``step``; all of them are needed, in any order.
        step: Bound into the key.

    Returns:
        32 secret bytes, for the caller to zero.
    """
    joined = bytearray().join(sorted(secrets))
    key = bytearray(hkdf(joined, b"room" + step.to_bytes(8, "big")))
    for secret in (*secrets, joined):
        secret[:] = bytes(len(secret))
    return key
