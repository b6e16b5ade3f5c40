"""Somebody who recorded every line, and later breaks every curve: what does it read?

It is given what stood inside DTLS, SRTP and Noise, at members and at relays, in order, and every
X25519 secret that anybody ever had. It reads by the document alone: nothing of ours is imported.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.exceptions import CryptoError

from tests.second import records as r
from tests.second.frames import GroupKeys
from tests.second.gossip import Gossip
from tests.second.kit import hkdf
from tests.second.ops import EPOCH, JOIN, Known, body_of
from tests.second.records import unpack
from tests.second.wraps import open_heads, unwrap

KEY_BYTES, CIPHERTEXT_BYTES, STEPS_MAX = 1184, 1088, 60
FAILED = (CryptoError, InvalidTag, ValueError, KeyError, TypeError, IndexError)


class Found(NamedTuple):
    """What came to light."""

    names: set[str]
    epochs: set[bytes]
    frames: int


class Recorder:
    """What was recorded, and what was broken.

    Attributes:
        lines: What each end of each line said, by the line's tie, and whether this end had asked.
        frames: With their hop byte.
        x25519: Every secret.
        kem: Seeds of encapsulation keys, by their keys; empty as long as ML-KEM holds.
    """

    def __init__(self) -> None:
        self.lines: dict[tuple[bytes, bool], list[bytes]] = {}
        self.frames: list[bytes] = []
        self.x25519: list[bytes] = []
        self.kem: dict[bytes, bytes] = {}

    def heard(self, tie: bytes, asked_for: bool, data: bytes) -> None:
        self.lines.setdefault((tie, asked_for), []).append(data)

    def read(self) -> Found:
        """Opens all that opens."""
        return _Reading(self._messages(), self.frames, self.x25519).found()

    def _messages(self) -> list[Any]:
        found = []
        for (tie, asked_for), said in self.lines.items():
            other = self.lines.get((tie, not asked_for), [])
            for data in [*said, *self._unsealed(said, other, tie, asked=asked_for)]:
                with contextlib.suppress(ValueError, msgspec.DecodeError):
                    if isinstance(record := unpack(data), list) and record:
                        found.append(record)
        return found

    def _unsealed(
        self, said: list[bytes], other: list[bytes], tie: bytes, *, asked: bool
    ) -> Iterator[bytes]:
        """What one end said under a second seal whose key was broken."""
        key, first = (other, said) if asked else (said, other)
        if not key or not first or (seed := self.kem.get(key[0])) is None:
            return
        secret = MLKEM768PrivateKey.from_seed_bytes(seed)
        ciphertext, sealed = first[0][:CIPHERTEXT_BYTES], [*said]
        bound = tie + key[0] + ciphertext
        if asked:
            sealed[0] = sealed[0][CIPHERTEXT_BYTES:]
        else:
            del sealed[0]
        label = b"line/ask/" if asked else b"line/answer/"
        cipher = ChaCha20Poly1305(hkdf(secret.decapsulate(ciphertext), label + bound))
        for number, data in enumerate(sealed):
            yield cipher.decrypt(number.to_bytes(12, "big"), data, None)


class _Reading:
    """One attempt, from messages to names, keys and frames."""

    def __init__(self, messages: list[Any], frames: list[bytes], x25519: list[bytes]) -> None:
        self._frames, self._x25519 = frames, list(dict.fromkeys(x25519))
        self._known, self._shared = Known(), {b""}
        self._secrets: dict[bytes, tuple[int, bytes]] = {}
        self._messages = messages
        self._wraps: dict[bytes, set[bytes]] = {}
        self._sealed: list[tuple[bytes, int]] = []
        self._gossip: list[tuple[bytes, bytes, bytes, bytes]] = []

    def found(self) -> Found:
        for message in self._messages:
            with contextlib.suppress(*FAILED):
                self._take(message)
        self._take_keys()
        for room, to, frm, blob in self._gossip:
            for keys in self._rings():
                with contextlib.suppress(*FAILED):
                    self._take(Gossip(keys, room).open(blob, frm, to))
        self._take_keys()
        names = set(self._known.members().values())
        return Found(names, set(self._secrets), sum(map(self._opens, self._frames)))

    def _take(self, message: list[Any]) -> None:
        match message:
            case [r.JOIN, op, _]:
                self._take_ops([op])
            case [r.ADMIT, _, _, step, sealed, *rest]:
                self._sealed.append((sealed, step))
                self._shared |= {each for each in rest if isinstance(each, bytes)}
                self._take_ops(next(each for each in rest if isinstance(each, list)))
            case [r.GIVE_KEYS, step, sealed]:
                self._sealed.append((sealed, step))
            case [r.OPS, ops] | [r.FLOOR, _, ops] | [r.OPEN, _, ops]:
                self._take_ops(ops)
            case [r.WRAPS, epoch, wraps] | [r.RELAY_WRAPS, _, epoch, wraps]:
                self._wraps.setdefault(epoch, set()).update(wraps)
            case [r.GOSSIP, room, to, frm, blob]:
                self._gossip.append((room, to, frm, blob))

    def _take_ops(self, ops: Iterable[bytes]) -> None:
        self._known.take([op for op in ops if body_of(op)[6] in range(JOIN, 64)])

    def _authors(self) -> set[bytes]:
        return (
            {bytes(body_of(op)[2]) for op in self._known.ops.values()}
            | {bytes(member) for member in self._known.members()}
            | {frm for _, _, frm, _ in self._gossip}
        )

    def _take_keys(self) -> None:
        authors = self._authors()
        for sealed, step in self._sealed:
            for giver in authors:
                for member in authors:
                    for recv in self._x25519:
                        with contextlib.suppress(*FAILED):
                            for epoch, secret, _ in open_heads(sealed, step, giver, member, recv):
                                self._secrets.setdefault(epoch, (step, secret))
        for epoch, wraps in self._wraps.items():
            if epoch not in self._known.ops or body_of(self._known.ops[epoch])[6] != EPOCH:
                continue
            fields = self._known.epoch(epoch)
            for shared in self._shared:
                for member in authors:
                    for recv in self._x25519:
                        args = fields.ephemeral, fields.commit, member, recv, shared
                        if (secret := _unwrapped(wraps, *args)) is not None:
                            self._secrets[epoch] = fields.step, secret

    def _rings(self) -> Iterator[GroupKeys]:
        for epoch, (step, secret) in self._secrets.items():
            keys = GroupKeys()
            keys.put(epoch, step, secret, b"")
            keys.turn((epoch,))
            yield keys

    def _opens(self, frame: bytes) -> bool:
        hosts = self._authors()
        for keys in self._rings():
            for step in range(STEPS_MAX):
                for member in hosts:
                    with contextlib.suppress(*FAILED):
                        keys.open(frame[1:], step, dict.fromkeys(range(1, 64), member))
                        return True
        return False


def _unwrapped(
    wraps: set[bytes], ephemeral: bytes, commit: bytes, member: bytes, recv: bytes, shared: bytes
) -> bytes | None:
    with contextlib.suppress(*FAILED):
        return unwrap(wraps, ephemeral, commit, member, recv, shared)
    return None
