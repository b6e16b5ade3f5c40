"""A node of the network as others know it: its address and the key that its answers prove."""

import base64
import binascii
import hashlib
import unicodedata
from dataclasses import dataclass, field

from crypto.errors import RemoteError
from crypto.ids import DhKey
from p2p.wire.addresses import NOWHERE, Address
from p2p.wire.web_place import WebPlace

NODE_KEY_BYTES = 32
NODE_ID_BYTES = 20
_KEY_TEXT_CHARS = 52
_CHECK_CHARS = 4
_CHECK_BYTES = 5
_CHECK_PERSON = b"teahouse line"
_MISREAD = str.maketrans("018", "olb")
"""Digits that base 32 does not have, and the letters that look like them."""


def node_id(key: DhKey) -> bytes:
    """Derive a node's place in the network from its key, so that nobody can take another's.

    Args:
        key: The node's public X25519 key, 32 bytes.

    Returns:
        20 bytes, uniform.
    """
    return hashlib.blake2b(key, digest_size=NODE_ID_BYTES, person=b"teahouse node id").digest()


@dataclass(frozen=True, slots=True)
class NodeContact:
    """How to reach a node.

    The text form is ``ip:port#key``, IPv6 in brackets, or with a name ``host:port#key`` or
    ``wss://host/path#key``; the key is 52 characters of base32 (RFC 4648, any case, no padding),
    then 4 characters of a checksum over address and key, which lines of older programs do not have.

    Attributes:
        address: IP literal and UDP port; the IP is ``NOWHERE`` while a name has not been looked up,
            and where only the web leads.
        key: The node's public X25519 key, 32 bytes; not secret, but whoever lacks it gets no
            answer from the node.
        web: The name by which it was named; None: it was none.
    """

    address: Address
    key: DhKey
    web: WebPlace | None = field(default=None, compare=False)

    @property
    def id(self) -> bytes:
        """The node's place in the network, 20 bytes."""
        return node_id(self.key)

    @classmethod
    def parse(cls, text: str) -> "NodeContact":
        """Read a line, in any of its forms.

        Args:
            text: One contact. Spaces are ignored, full-width signs read as plain ones.

        Returns:
            The contact. Its port may be any from 1 to 65535: a person chose it.

        Raises:
            RemoteError: What is wrong with the text; the text itself is not repeated.
        """
        plain = unicodedata.normalize("NFKC", text).replace("\u3002", ".")
        plain = "".join(c for c in plain if not c.isspace() and unicodedata.category(c) != "Cf")
        place, hash_mark, key_text = plain.partition("#")
        if not hash_mark:
            raise RemoteError("no #key after the address")
        key_text = key_text.lower().translate(_MISREAD)
        if len(key_text) not in (_KEY_TEXT_CHARS, _KEY_TEXT_CHARS + _CHECK_CHARS):
            raise RemoteError("the key has not 56 characters")
        web = WebPlace.parse(place)
        key = _parse_key(key_text[:_KEY_TEXT_CHARS])
        found = cls(web.address, key, web if web.address[0] == NOWHERE else None)
        if key_text[_KEY_TEXT_CHARS:] not in ("", found._checksum()):
            raise RemoteError("a character of it is wrong: its checksum does not fit")
        return found

    def __str__(self) -> str:
        key = base64.b32encode(self.key).decode().rstrip("=").lower()
        return f"{self._place()}#{key}{self._checksum()}"

    def _place(self) -> str:
        return str(self.web or WebPlace(*self.address))

    def _checksum(self) -> str:
        data = self.key + self._place().encode()
        hashed = hashlib.blake2b(data, digest_size=_CHECK_BYTES, person=_CHECK_PERSON).digest()
        return base64.b32encode(hashed).decode().lower()[:_CHECK_CHARS]


def _parse_key(text: str) -> DhKey:
    try:
        key = base64.b32decode(text.upper() + "====")
    except (binascii.Error, ValueError):
        raise RemoteError("the key is not base32") from None
    if base64.b32encode(key).decode().rstrip("=") != text.upper():
        raise RemoteError("the key is not base32")
    return DhKey(key)
