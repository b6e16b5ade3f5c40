"""The group key: secrets of the epoch heads, hashed forward every ten seconds of room time.

An epoch begins with a random secret that never depends on the room key: who only has the words
can compute nothing here. All admitted members hold the same secrets; what a speaker seals under is
derived from them and from the speaker's member id, so no frame key is ever handed out.

::

    secret at step n+1   HKDF(secret at step n, "step")
    pass                 HKDF(fresh secret, "pass")       what a relay checks, by its hash
    key of a step        HKDF(sorted secrets, "room" | step)
    base key             HKDF(key of the step, "sframe" | member id)

The old step is erased 2 s after the new one began: who seizes a running machine can read at most
12 s of the past.
"""

from collections.abc import Callable, Sequence

from crypto.errors import LocalError, RemoteError
from crypto.head import STEP_S, Head, frontier_tag, room_key, step_at
from crypto.kdf import hkdf
from crypto.kid import STEP_MASK, pack_kid
from crypto.sframe import Key

OLD_STEP_KEPT_S = 2.0
PASS_BYTES = 32
MEMBER_ID_BYTES = 16
MAX_HEADS = 16
MAX_JUMP_STEPS = 100_000  # eleven days asleep; about a third of a second of hashing

_MAX_KEYS = 512  # 63 slots, 3 steps, and slots that changed hands


class Keyring:
    """The keys of a room as one member holds them.

    Attributes:
        heads: The epoch heads, all at ``step``.
        step: Step of the keys that are sealed under now.
        pass_: 32 secret bytes that open a relay's door for members.
        frontier_tag: 18-bit name of the set of heads, not secret.
    """

    def __init__(self, heads: Sequence[Head], pass_: bytes | bytearray) -> None:
        """Take over ``heads``, which must all be at one step.

        Raises:
            LocalError: No heads, too many, two alike or at different steps, or a pass that is
                not 32 bytes.
        """
        if not 1 <= len(heads) <= MAX_HEADS or len({head.epoch_id for head in heads}) != len(heads):
            raise LocalError("wrong number of epoch heads")
        if len({head.step for head in heads}) != 1 or len(pass_) != PASS_BYTES:
            raise LocalError("epoch heads at different steps, or a wrong pass")
        self.heads = tuple(heads)
        self.step = heads[0].step
        self.pass_ = bytearray(pass_)
        self.frontier_tag = frontier_tag([head.epoch_id for head in heads])
        self._old_heads: tuple[Head, ...] = ()
        self._keys: dict[tuple[int, bytes, int], Key] = {}

    @classmethod
    def create(cls, rng: Callable[[int], bytes]) -> "Keyring":
        """Begin the first epoch of a room, at step 0."""
        head = Head.create(rng)
        return cls([head], hkdf(head.secret, b"pass"))

    @classmethod
    def import_(
        cls,
        heads: Sequence[tuple[bytes, bytes]],
        step: int,
        room_time_s: float,
        pass_: bytes,
    ) -> "Keyring":
        """Take what an admitting member handed over.

        Args:
            heads: Epoch id and secret at ``step`` of each head.
            step: The admitting member's step.
            room_time_s: The admitting member's room time, seconds since the room began.
            pass_: 32 secret bytes.

        Raises:
            RemoteError: A length, a count or the step is out of range, or step and room time do
                not belong together.
        """
        try:
            if abs(step_at(room_time_s) - step) > 1:
                raise RemoteError("step and room time do not belong together")
            keyring = cls([Head(epoch_id, secret, step) for epoch_id, secret in heads], pass_)
        except LocalError:
            raise RemoteError("malformed epoch keys") from None
        keyring.advance(room_time_s)
        return keyring

    def export(self, step: int) -> list[tuple[bytes, bytes]]:
        """Hand over the heads to somebody who was admitted: epoch ids and secrets.

        Raises:
            LocalError: ``step`` is not the present one; the past is never handed over.
        """
        if step != self.step:
            raise LocalError("only the present step can be handed over")
        return [(head.epoch_id, bytes(head.secret)) for head in self.heads]

    def advance(self, room_time_s: float) -> None:
        """Move to the step of ``room_time_s`` and erase what is over.

        Call it at least every second, also while nobody speaks: only this erases old keys.
        Room time that runs backwards moves nothing.

        Raises:
            LocalError: Room time is out of range or has jumped more than eleven days.
        """
        target = step_at(room_time_s)
        if target - self.step > MAX_JUMP_STEPS:
            raise LocalError("room time jumped too far")
        if target > self.step:
            self._forward_to(target)
        if self._old_heads and room_time_s - self.step * STEP_S >= OLD_STEP_KEPT_S:
            self._replace_old(())

    def live_step(self, step8: int) -> int:
        """Find the step that the 8 bits of a frame stand for: one back, now, or one ahead.

        Raises:
            RemoteError: It is none of them.
        """
        for step in (self.step, self.step - 1, self.step + 1):
            if step & STEP_MASK == step8 and self._is_live(step):
                return step
        raise RemoteError("frame of a step that is over or far ahead")

    @property
    def oldest_step(self) -> int:
        """The earliest step whose frames can still be opened."""
        return self.step - 1 if self._old_heads else self.step

    def base_key(self, member_id: bytes, step: int) -> bytearray:
        """Derive the base key of a member's frames at a step.

        Args:
            member_id: 16 bytes.
            step: A live step, as ``live_step`` gives it.

        Returns:
            32 secret bytes, for the caller to zero.

        Raises:
            LocalError: ``member_id`` is not 16 bytes.
            RemoteError: The step is not live.
        """
        if len(member_id) != MEMBER_ID_BYTES:
            raise LocalError("a member id is 16 bytes")
        key = room_key(self._secrets(step), step)
        base = bytearray(hkdf(key, b"sframe" + member_id))
        key[:] = bytes(len(key))
        return base

    def frame_key(self, slot: int, member_id: bytes, step: int) -> Key:
        """The SFrame key of a member in a slot at a live step; kept until the step is over.

        Raises:
            LocalError: ``slot`` or ``member_id`` is out of range.
            RemoteError: The step is not live.
        """
        name = (slot, member_id, step)
        key = self._keys.get(name)
        if key is None:
            base = self.base_key(member_id, step)
            key = Key(pack_kid(slot, self.frontier_tag, step), base)
            base[:] = bytes(len(base))
            if len(self._keys) >= _MAX_KEYS:
                self._keys.clear()
            self._keys[name] = key
        return key

    def erase(self) -> None:
        """Zero and forget everything, when the room is left. The keyring is of no use after."""
        for head in self.heads:
            head.erase()
        self._replace_old(())
        self._keys.clear()
        self.pass_[:] = bytes(PASS_BYTES)

    def _forward_to(self, target: int) -> None:
        """Hash on to a later step and keep the one right before it as the old one."""
        for _ in range(target - self.step - 1):
            for head in self.heads:
                head.forward()
        old_heads = tuple(head.copy() for head in self.heads)
        for head in self.heads:
            head.forward()
        self.step = target
        self._replace_old(old_heads)

    def _replace_old(self, old_heads: tuple[Head, ...]) -> None:
        """Erase the old heads and the keys that came from them or from earlier ones."""
        for head in self._old_heads:
            head.erase()
        self._old_heads = old_heads
        self._keys = {name: key for name, key in self._keys.items() if name[2] >= self.oldest_step}

    def _is_live(self, step: int) -> bool:
        return self.oldest_step <= step <= self.step + 1

    def _secrets(self, step: int) -> list[bytearray]:
        if not self._is_live(step):
            raise RemoteError("keys of that step are gone or not yet due")
        heads = self._old_heads if step < self.step else self.heads
        copies = [head.copy() for head in heads]
        if step > self.step:
            for head in copies:
                head.forward()
        return [head.secret for head in copies]
