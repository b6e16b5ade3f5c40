"""Something for one member alone, sealed for its receive key.

::

    box    ephemeral 32 | ChaCha20-Poly1305 (RFC 8439), nonce zero: the key is used once
    key    HKDF(X25519(ephemeral, recv), "give/" | ephemeral | recv | member id)

Receive keys are replaced, identity keys live as long as a run: who copied the latter once, and
comes to ask with them, is given nothing that it can open.
"""

from collections.abc import Callable, Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.dh import DH_BYTES, KeyPair
from crypto.errors import RemoteError
from crypto.ids import DhKey, MemberId
from crypto.kdf import hkdf

BOX_OVERHEAD_BYTES = DH_BYTES + 16

_NONCE = bytes(12)


def seal_for(
    recv: DhKey, member_id: MemberId, plain: bytes, bound: bytes, rng: Callable[[int], bytes]
) -> bytes:
    """Seal something for a member.

    Args:
        recv: Its newest receive key, 32 bytes.
        member_id: Its id, 16 bytes.
        plain: Secret.
        bound: What must be the same where it is opened; not secret, and not in the box.
        rng: Source of the ephemeral key.

    Returns:
        ``BOX_OVERHEAD_BYTES`` more than ``plain``.

    Raises:
        RemoteError: ``recv`` is of no use: zeros, or a point of low order.
    """
    ephemeral = KeyPair.generate(rng)
    cipher = _cipher(ephemeral.exchange(recv), ephemeral.public, recv, member_id)
    return ephemeral.public + cipher.encrypt(_NONCE, plain, bound)


def open_box(box: bytes, recv: Iterable[KeyPair], member_id: MemberId, bound: bytes) -> bytes:
    """Open what was sealed for us.

    Args:
        box: Foreign bytes.
        recv: Our receive keys.
        member_id: Ours.
        bound: See ``seal_for``.

    Returns:
        What is in it, secret.

    Raises:
        RemoteError: It is not for one of these keys, or not whole.
    """
    if len(box) < BOX_OVERHEAD_BYTES:
        raise RemoteError("too short for a sealed box")
    ephemeral, sealed = DhKey(box[:DH_BYTES]), box[DH_BYTES:]
    for pair in recv:
        cipher = _cipher(pair.exchange(ephemeral), ephemeral, pair.public, member_id)
        try:
            return cipher.decrypt(_NONCE, sealed, bound)
        except InvalidTag:
            continue
    raise RemoteError("a sealed box for another key")


def _cipher(shared: bytes, ephemeral: DhKey, recv: DhKey, member_id: MemberId) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(hkdf(shared, b"give/" + ephemeral + recv + member_id))
