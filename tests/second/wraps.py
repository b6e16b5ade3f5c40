"""Secrets that come for our receive key: wraps and heads (protocol.md, section 7)."""

from collections.abc import Iterable
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from tests.second.kit import blake, dh, dh_public, hkdf
from tests.second.records import unpack


def unwrap(
    wraps: Iterable[bytes],
    ephemeral: bytes,
    commit: bytes,
    member: bytes,
    recv: bytes,
    members_secret: bytes,
) -> bytes | None:
    """The secret, if one of the wraps is ours; ``recv`` is the secret half of our receive key."""
    tag = blake(ephemeral + member, 32, b"teahouse/wrap")
    label = b"wrap/" + ephemeral + dh_public(recv) + member
    cipher = ChaCha20Poly1305(hkdf(dh(recv, ephemeral) + members_secret, label))
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


def open_heads(sealed: bytes, step: int, giver: bytes, member: bytes, recv: bytes) -> Any:
    """The heads that an Admit hands over: ``[epoch_id, secret, pass_key]`` of each."""
    ephemeral = sealed[:32]
    label = b"give/" + ephemeral + dh_public(recv) + member
    cipher = ChaCha20Poly1305(hkdf(dh(recv, ephemeral), label))
    return unpack(cipher.decrypt(bytes(12), sealed[32:], step.to_bytes(4, "big") + giver))
