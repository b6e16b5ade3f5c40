"""What members tell each other through relays, sealed to the room's key. Sans-IO.

::

    blob   frontier tag 3 | step 4 | nonce 24 | XChaCha20-Poly1305( length 2 | message | zeros )

Head, room, sender and receiver are authenticated, so a relay that names others makes the message
unreadable. Lengths are filled up to few sizes, so that a relay cannot tell a hand from a name. Who
has the key reads it, and could seal it in another's name, so everything that matters in it is
signed by itself. What is sealed under epochs that we do not know yet is held: their keys are on
their way.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from nacl import bindings
from nacl.exceptions import CryptoError

from crypto.epoch import Keyring
from crypto.ids import MemberId, RoomId
from p2p.errors import LocalError, RemoteError

SIZES = (256, 1_024, 4_096, 12_288, 14_000)
"""Bytes that are sealed, the smallest that fits."""
HOLD_S = 5.0
HELD_MAX = 64

_TAG_BYTES, _STEP_BYTES, _NONCE_BYTES, _LENGTH_BYTES, _SEAL_BYTES = 3, 4, 24, 2, 16
_HEAD_BYTES = _TAG_BYTES + _STEP_BYTES
_LEAST_BYTES = _HEAD_BYTES + _NONCE_BYTES + _LENGTH_BYTES + _SEAL_BYTES
MESSAGE_BYTES_MAX = SIZES[-1] - _LENGTH_BYTES
BLOB_BYTES_MAX = _HEAD_BYTES + _NONCE_BYTES + SIZES[-1] + _SEAL_BYTES


class Told(NamedTuple):
    """A message that could be opened.

    Attributes:
        frm: The member in whose name it was sealed.
        message: What it says.
        private: Nobody who was shut out holds the key that it was sealed under, as far as we know.
    """

    frm: MemberId
    message: bytes
    private: bool = True


class Gossip:
    """Seals and opens for one member.

    Args:
        keyring: The room's keys.
        room: Room id, 32 bytes.
        rng: Source of nonces.

    Attributes:
        counters: What was refused and why.
    """

    def __init__(self, keyring: Keyring, room: RoomId, rng: Callable[[int], bytes]) -> None:
        self.counters: Counter[str] = Counter()
        self._keyring = keyring
        self._room = room
        self._rng = rng
        self._held: deque[tuple[float, bytes, MemberId, MemberId]] = deque()

    def seal(self, message: bytes, frm: MemberId, to: MemberId) -> bytes | None:
        """Seals a message.

        Args:
            message: At most 13,998 bytes.
            frm: Our member id.
            to: A member id, or zeros for everybody.

        Returns:
            The blob; None while somebody was shut out and the new key is not here yet.

        Raises:
            LocalError: It is too long.
        """
        if len(message) > MESSAGE_BYTES_MAX:
            raise LocalError("too long for a blob")
        if self._keyring.waiting:
            return None
        size = next(each for each in SIZES if each >= len(message) + _LENGTH_BYTES)
        plain = (len(message).to_bytes(_LENGTH_BYTES, "big") + message).ljust(size, b"\0")
        seal = self._keyring.keys.gossip or self._keyring.seal_gossip()
        head = seal.tag.to_bytes(_TAG_BYTES, "big") + seal.step.to_bytes(_STEP_BYTES, "big")
        nonce = self._rng(_NONCE_BYTES)
        known = head + self._room + frm + to
        sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            plain, known, nonce, bytes(seal.key)
        )
        return head + nonce + sealed

    def open(self, blob: bytes, frm: MemberId, to: MemberId, now: float) -> Told | None:
        """Opens a blob.

        Args:
            blob: Foreign bytes.
            frm: Its sender, as the relay says.
            to: Its receiver, as the relay says: we, or everybody.
            now: Monotonic seconds.

        Returns:
            None if it is held until its key comes, see ``retry``.

        Raises:
            RemoteError: It is malformed, forged, or of a key that is gone.
        """
        if not _LEAST_BYTES <= len(blob) <= BLOB_BYTES_MAX:
            raise self._refused("length")
        try:
            self._keyring.frontier_of(_tag_of(blob))
        except RemoteError:
            self._hold(blob, frm, to, now)
            return None
        return self._open(blob, frm, to)

    def retry(self, now: float) -> list[Told]:
        """Opens what is held and can be opened now; to be called when keys have come."""
        waiting, self._held = self._held, deque()
        told: list[Told] = []
        for at_s, blob, frm, to in waiting:
            if now - at_s >= HOLD_S:
                self.counters["key"] += 1
                continue
            try:
                opened = self.open(blob, frm, to, at_s)
            except RemoteError:
                continue  # counted
            if opened is not None:
                told.append(opened)
        return told

    def _open(self, blob: bytes, frm: MemberId, to: MemberId) -> Told:
        head, nonce = blob[:_HEAD_BYTES], blob[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
        step = int.from_bytes(head[_TAG_BYTES:], "big")
        frontier = self._keyring.frontier_of(_tag_of(blob))
        try:
            key = self._keyring.gossip_key(step, frontier)
        except RemoteError:
            raise self._refused("step") from None
        try:
            plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                blob[_HEAD_BYTES + _NONCE_BYTES :], head + self._room + frm + to, nonce, bytes(key)
            )
        except CryptoError:
            self._keyring.said_falsely(frontier)
            raise self._refused("seal") from None
        finally:
            key[:] = bytes(len(key))
        end = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "big")
        if end > len(plain):
            raise self._refused("padding")
        message = bytes(plain[_LENGTH_BYTES:end])
        return Told(frm, message, self._keyring.is_private(frontier))

    def _hold(self, blob: bytes, frm: MemberId, to: MemberId, now: float) -> None:
        if len(self._held) >= HELD_MAX:
            self._held.popleft()
            self.counters["key"] += 1
        self._held.append((now, blob, frm, to))

    def _refused(self, why: str) -> RemoteError:
        self.counters[why] += 1
        return RemoteError(f"gossip: {why}")


def _tag_of(blob: bytes) -> int:
    return int.from_bytes(blob[:_TAG_BYTES], "big")
