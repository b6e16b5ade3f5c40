"""Short codes that two people compare by voice: do we hold the same keys?

One commits to a random nonce, the other names its own, then the first reveals. Whoever stands
between them has to choose its nonces before it knows theirs, so it meets the right code once in a
billion tries, and there are few (the way of ZRTP, RFC 6189 §4.4.1).

::

    commit   BLAKE2b-256, person "teahouse/sas", over nonce 32
    code     HKDF(authenticator, "sas code/" | room id | first's id, sign, dh | second's | nonces)
             30 bits as six characters of base 32; 33 bits as three words of a BIP39 list

The first is the one who committed. ``authenticator`` is that of the epochs that we seal under, at
the step that the commit names (``Keyring.authenticator``): who was handed false keys by the door
it came in through gets another code.
"""

import hmac
from hashlib import blake2b
from typing import NamedTuple

from crypto import base32
from crypto.errors import LocalError
from crypto.identity import KEY_BYTES, MEMBER_ID_BYTES
from crypto.ids import DhKey, MemberId, RoomId, SignKey
from crypto.kdf import hkdf

NONCE_BYTES = 32
COMMIT_BYTES = 32
CODE_CHARACTERS = 6

_ROOM_ID_BYTES = 32
_WORD_BITS = 11
_OUTPUT_BITS = 40


class Party(NamedTuple):
    """One of the two: its member id and the two public keys that are to be believed."""

    member_id: MemberId
    sign: SignKey
    dh: DhKey


class Code(NamedTuple):
    """What both see.

    Attributes:
        text: Six characters of Crockford's base 32.
        words: Numbers of three words in a BIP39 list (``wordlist.words_of``), 0 to 2,047.
    """

    text: str
    words: tuple[int, int, int]


def commit_to(nonce: bytes) -> bytes:
    """Bind oneself to a nonce without showing it: 32 bytes."""
    return blake2b(nonce, digest_size=COMMIT_BYTES, person=b"teahouse/sas").digest()


def is_committed(commit: bytes, nonce: bytes) -> bool:
    """Whether a revealed nonce is the one committed to."""
    return hmac.compare_digest(commit, commit_to(nonce))


def code_of(
    first: Party,
    second: Party,
    nonces: tuple[bytes, bytes],
    room_id: RoomId,
    authenticator: bytes | bytearray,
) -> Code:
    """Compute the code.

    Args:
        first: Who committed.
        second: Who answered.
        nonces: 32 bytes of each, in the same order.
        room_id: 32 bytes.
        authenticator: 32 secret bytes of the keys that we hold.

    Raises:
        LocalError: Something has another length, so that two inputs could look like one.
    """
    parts = [room_id, *first, *second, *nonces]
    lengths = [_ROOM_ID_BYTES, *[MEMBER_ID_BYTES, KEY_BYTES, KEY_BYTES] * 2, *[NONCE_BYTES] * 2]
    if [len(part) for part in parts] != lengths:
        raise LocalError("a part of the code has another length")
    output = hkdf(authenticator, b"sas code/" + b"".join(parts), _OUTPUT_BITS // 8)
    number = int.from_bytes(output, "big")
    symbols = [_part(number, place, base32.BITS) for place in range(CODE_CHARACTERS)]
    words = (
        _part(number, 0, _WORD_BITS),
        _part(number, 1, _WORD_BITS),
        _part(number, 2, _WORD_BITS),
    )
    return Code(base32.text_of(symbols), words)


def _part(number: int, place: int, bits: int) -> int:
    """Cut so many bits out of the output, the first place at its front."""
    return number >> _OUTPUT_BITS - (place + 1) * bits & (1 << bits) - 1
