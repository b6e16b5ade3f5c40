"""SFrame: one encrypted media frame (RFC 9605).

Nothing here knows rooms or speakers; ``frame`` does. A counter must never be used twice with one
key: that is the duty of whoever seals.
"""

from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crypto.errors import LocalError, RemoteError
from crypto.sframe_suites import AES_128_GCM_SHA256_128, NONCE_BYTES, Suite, aead_of, suite_of

MAX_VALUE = 2**64 - 1
MAX_HEADER_BYTES = 17

_LONG = 8  # X and Y flag of the config byte: the value stands outside of it (RFC 9605 §4.3)
_HASHES: dict[str, hashes.HashAlgorithm] = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}


class Header(NamedTuple):
    """What stands in front of a sealed frame, readable by all.

    Attributes:
        kid: Key id, 64 bit.
        ctr: Counter, 64 bit.
        length: Bytes that the header takes.
    """

    kid: int
    ctr: int
    length: int


def encode_header(kid: int, ctr: int) -> bytes:
    """Encode a header, 1 to 17 bytes, each value in as few bytes as it needs.

    Raises:
        LocalError: A value is not in 0 to 2^64 - 1.
    """
    if not (0 <= kid <= MAX_VALUE and 0 <= ctr <= MAX_VALUE):
        raise LocalError("SFrame header value is out of range")
    kid_nibble, kid_bytes = _encode_value(kid)
    ctr_nibble, ctr_bytes = _encode_value(ctr)
    return bytes((kid_nibble << 4 | ctr_nibble,)) + kid_bytes + ctr_bytes


def parse_header(frame: bytes) -> Header:
    """Read the header that a frame begins with.

    Raises:
        RemoteError: The frame is too short, or a value takes more bytes than it needs.
    """
    if not frame:
        raise RemoteError("empty SFrame frame")
    kid, after_kid = _decode_value(frame, 1, frame[0] >> 4)
    ctr, end = _decode_value(frame, after_kid, frame[0] & 15)
    return Header(kid, ctr, end)


class Key:
    """A frame key of one sender: AEAD key and salt, derived from its base key.

    Attributes:
        kid: The key id that goes into headers; bound into the key itself.
    """

    __slots__ = ("_aead", "_salt", "kid")

    def __init__(
        self, kid: int, base_key: bytes | bytearray, suite: int = AES_128_GCM_SHA256_128
    ) -> None:
        """Derive the key (RFC 9605 §4.4.2).

        Args:
            kid: 0 to 2^64 - 1.
            base_key: Secret; not kept, so a ``bytearray`` may be zeroed after.
            suite: Number of the cipher suite.

        Raises:
            LocalError: ``kid`` is out of range, or there is no such suite.
        """
        if not 0 <= kid <= MAX_VALUE:
            raise LocalError("SFrame key id is out of range")
        sizes = suite_of(suite)
        context = kid.to_bytes(8, "big") + suite.to_bytes(2, "big")
        key = _derive(base_key, sizes, b"key " + context, sizes.key_bytes)
        salt = _derive(base_key, sizes, b"salt " + context, NONCE_BYTES)
        self.kid = kid
        self._aead = aead_of(sizes, key)
        self._salt = int.from_bytes(salt, "big")

    def seal(self, ctr: int, plaintext: bytes, metadata: bytes = b"") -> bytes:
        """Seal a frame: header, ciphertext, tag.

        Args:
            ctr: 0 to 2^64 - 1; never twice with this key.
            plaintext: The media.
            metadata: Authenticated, not encrypted, not sent.

        Raises:
            LocalError: ``ctr`` is out of range.
        """
        header = encode_header(self.kid, ctr)
        return header + self._aead.encrypt(self._nonce(ctr), plaintext, header + metadata)

    def open(self, frame: bytes, header: Header, metadata: bytes = b"") -> bytes:
        """Open a frame whose header was parsed before, to choose this key.

        Raises:
            RemoteError: The frame is not authentic under this key.
        """
        if header.kid != self.kid:
            raise RemoteError("SFrame frame of another key")
        aad = frame[: header.length] + metadata
        try:
            return self._aead.decrypt(self._nonce(header.ctr), frame[header.length :], aad)
        except InvalidTag:
            raise RemoteError("SFrame frame is not authentic") from None

    def _nonce(self, ctr: int) -> bytes:
        return (self._salt ^ ctr).to_bytes(NONCE_BYTES, "big")


def _derive(base_key: bytes | bytearray, suite: Suite, label: bytes, length: int) -> bytes:
    info = b"SFrame 1.0 Secret " + label
    return HKDF(_HASHES[suite.hash_name], length, None, info).derive(base_key)


def _encode_value(value: int) -> tuple[int, bytes]:
    if value < _LONG:
        return value, b""
    size = (value.bit_length() + 7) // 8
    return _LONG | size - 1, value.to_bytes(size, "big")


def _decode_value(frame: bytes, start: int, nibble: int) -> tuple[int, int]:
    if nibble < _LONG:
        return nibble, start
    size = (nibble & 7) + 1
    value = int.from_bytes(frame[start : start + size], "big")
    if len(frame) < start + size or value < max(_LONG, 1 << 8 * (size - 1)):
        raise RemoteError("malformed SFrame header")
    return value, start + size
