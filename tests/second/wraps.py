"""A new epoch's secret, wrapped for us (protocol.md, section 7, "Wraps")."""

from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tests.second.kit import blake, dh, dh_public, hkdf


def unwrap(
    wraps: Iterable[bytes], ephemeral: bytes, commit: bytes, member: bytes, recv: bytes
) -> bytes | None:
    """The secret, if one of the wraps is ours; ``recv`` is the secret half of our receive key."""
    tag = blake(ephemeral + member, 32, b"teahouse/wrap")
    label = b"wrap/" + ephemeral + dh_public(recv) + member
    cipher = ChaCha20Poly1305(hkdf(dh(recv, ephemeral), label))
    for wrap in wraps:
        if wrap[:4] != tag:
            continue
        try:
            secret = cipher.decrypt(bytes(12), wrap[4:], None)
        except InvalidTag:
            continue
        if blake(secret, 256, b"teahouse/epoch") == commit:
            return secret
    return None
