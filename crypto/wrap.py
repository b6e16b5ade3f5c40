"""Handing a fresh epoch secret to many members at once: one ephemeral key, 52 bytes a member.

::

    ephemeral   the X25519 key whose secret half is HKDF(fresh secret, "ephemeral")
    wrap   tag 4 | sealed secret 32 | seal 16
    tag    first 4 of BLAKE2b-32, person "teahouse/wrap", over ephemeral | member id
    key    HKDF(X25519(ephemeral, recv) | members' secret, "wrap/" | ephemeral | recv | member id)
    seal   ChaCha20-Poly1305 (RFC 8439), nonce zero: the key is used once

The ephemeral key follows from the secret, so whoever was given the secret can wrap it for others,
and all who wrap it for one member make the same bytes: the randomness of a seal is a hash of what
is sealed (Fujisaki and Okamoto, CRYPTO 1999), which is 32 random bytes. Who does not hold the
secret can not compute the key, and who does has nothing left to open. It is forgotten with the
secret; who later seizes a receive key that was erased in the meantime finds nothing that opens a
wrap. The signed record of the epoch carries ``commitment(secret)``, so nobody can give two members
two secrets.

The members' secret is the same for the whole life of a room, and every member was given it under
ML-KEM (``crypto.kem``): who has broken X25519, and was never a member, opens no wrap.
"""

from collections.abc import Iterable
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.dh import KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.head import SECRET_BYTES
from crypto.ids import DhKey, MemberId
from crypto.kdf import hkdf

TAG_BYTES = 4
WRAP_BYTES = TAG_BYTES + SECRET_BYTES + 16
COMMITMENT_BYTES = 32

_NONCE = bytes(12)


def commitment(secret: bytes | bytearray) -> bytes:
    """Bind an author to a fresh secret without showing it: BLAKE2b-256, 32 bytes."""
    return blake2b(secret, digest_size=COMMITMENT_BYTES, person=b"teahouse/epoch").digest()


def ephemeral_of(fresh_secret: bytes | bytearray) -> KeyPair:
    """The key that a secret is wrapped under; its public half stands in the epoch's record.

    Args:
        fresh_secret: 32 secret bytes, not hashed forward yet.
    """
    return KeyPair(hkdf(fresh_secret, b"ephemeral"))


def wrap_tag(ephemeral: DhKey, member_id: MemberId) -> bytes:
    """The 4 bytes by which a member, or who passes wraps on, finds the one that is meant.

    Not secret: who knows the member ids of a room can tell whom an epoch was wrapped for.
    """
    digest = blake2b(ephemeral + member_id, digest_size=TAG_BYTES, person=b"teahouse/wrap")
    return digest.digest()


def wrap_all(
    secret: bytes | bytearray,
    receivers: Iterable[tuple[MemberId, DhKey]],
    ephemeral: KeyPair,
    members_secret: bytes,
) -> list[bytes]:
    """Wrap a fresh secret for every receiver.

    Args:
        secret: 32 secret bytes.
        receivers: Member id and receive key of each. One whose key nobody can use (zeros, a
            point of low order) is left out: it must not keep the others from their key.
        ephemeral: Of this epoch alone: see ``ephemeral_of``.
        members_secret: 32 secret bytes that all members hold.

    Returns:
        52 bytes for each, in the same order.

    Raises:
        LocalError: ``secret`` is not 32 bytes.
    """
    if len(secret) != SECRET_BYTES:
        raise LocalError("wrong length of an epoch secret")
    wraps = []
    for member_id, recv in receivers:
        try:
            shared = ephemeral.exchange(recv)
        except RemoteError:
            continue
        cipher = _cipher(shared + members_secret, ephemeral.public, recv, member_id)
        wraps.append(wrap_tag(ephemeral.public, member_id) + cipher.encrypt(_NONCE, secret, None))
    return wraps


def unwrap(
    wraps: Iterable[bytes],
    ephemeral: DhKey,
    member_id: MemberId,
    recv: KeyPair,
    commit: bytes,
    members_secret: bytes,
) -> bytearray:
    """Find one's own wrap and open it.

    Args:
        wraps: Foreign bytes, maybe those of all members.
        ephemeral: Public key from the epoch's signed record.
        member_id: Ours.
        recv: Our receive key.
        commit: What the record says the secret must hash to.
        members_secret: 32 secret bytes that all members hold.

    Returns:
        32 secret bytes, for the caller to zero.

    Raises:
        RemoteError: None of them is ours, or not for this receive key, or the author committed
            to another secret.
    """
    tag = wrap_tag(ephemeral, member_id)
    cipher: ChaCha20Poly1305 | None = None
    for wrap in wraps:
        if len(wrap) != WRAP_BYTES or wrap[:TAG_BYTES] != tag:
            continue
        if cipher is None:
            shared = recv.exchange(ephemeral) + members_secret
            cipher = _cipher(shared, ephemeral, recv.public, member_id)
        try:
            secret = bytearray(cipher.decrypt(_NONCE, wrap[TAG_BYTES:], None))
        except InvalidTag:
            continue  # four bytes can be another's too
        if commitment(secret) == commit:
            return secret
        secret[:] = bytes(SECRET_BYTES)
    raise RemoteError("no wrap that opens")


def _cipher(shared: bytes, ephemeral: DhKey, recv: DhKey, member_id: MemberId) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(hkdf(shared, b"wrap/" + ephemeral + recv + member_id))
