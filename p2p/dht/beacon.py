"""The bytes of the beacon on the local net: a question and its answer, both sealed.

::

    question   nonce 24 | version 1, port 2, number 16, asker's address 16, zeros, tag 16    = 168
    answer     nonce 24 | version 1, number 16, door's key 32, zeros, tag 16                 = 168

Both look random to everybody without the room key, and are equally long, so that a forged
source gains nothing. Group and port come from the room key too: no clock is needed.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as _decrypt,
)
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_encrypt as _encrypt,
)
from nacl.exceptions import CryptoError

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.kdf import hkdf
from crypto.record import Door
from crypto.roomkey import RoomKey
from crypto.veil import first_nonce
from p2p.wire.addresses import Address, normalise, scope_of

BEACON_BYTES = 168
NUMBER_BYTES = 16

_VERSION = 1
_NONCE_BYTES = 24
_PLAIN_BYTES = 128
_QUESTION_FIELDS_END = 1 + 2 + NUMBER_BYTES + 16
_ANSWER_FIELDS_END = 1 + NUMBER_BYTES + 32
_LOWEST_PORT, _PORTS = 20_000, 40_000
_REMEMBERED = 1024
_ANSWERS_PER_S = 20.0

Rng = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, repr=False)
class BeaconKeys:
    """What a room's beacon is made with.

    Attributes:
        group: IPv4 multicast group, administratively scoped (RFC 2365), and UDP port.
        ask: Key of questions, secret.
        answer: Key of answers, secret.
    """

    group: Address
    ask: bytes
    answer: bytes

    @classmethod
    def of(cls, key: RoomKey) -> "BeaconKeys":
        """Derive everything from the room key."""
        lan_key = key.lan_key()
        place = hkdf(lan_key, b"group", 4)
        port = _LOWEST_PORT + int.from_bytes(place[2:], "big") % _PORTS
        group = f"239.255.{place[0]}.{place[1]}"
        return cls((group, port), hkdf(lan_key, b"ask"), hkdf(lan_key, b"answer"))


@dataclass(frozen=True, slots=True)
class Question:
    """Who is in this room? Answers go to the address that asks, at ``port``.

    Attributes:
        port: The asker's main UDP port.
        number: 16 random bytes that the answer repeats.
        asker: The address asked from, if the asker knows it: a question that was recorded on
            one net is of no use on another.
    """

    port: int
    number: bytes
    asker: str | None


def seal_question(keys: BeaconKeys, question: Question, rng: Rng) -> bytes:
    """Give the 168 bytes of a question."""
    asker = b"" if question.asker is None else ipaddress.ip_address(question.asker).packed
    plain = bytes((_VERSION,)) + question.port.to_bytes(2, "big") + question.number
    plain += asker.ljust(16, b"\0")
    nonce = first_nonce(rng)
    return nonce + _encrypt(plain.ljust(_PLAIN_BYTES, b"\0"), None, nonce, keys.ask)


def open_question(keys: BeaconKeys, data: bytes) -> Question:
    """Read a question.

    Raises:
        RemoteError: Not one of this room, or not well-formed.
    """
    if len(data) != BEACON_BYTES:
        raise RemoteError("length of no beacon")
    plain = _open(data, keys.ask, _QUESTION_FIELDS_END)
    port = int.from_bytes(plain[1:3], "big")
    packed = plain[3 + NUMBER_BYTES :]
    if packed[4:].strip(b"\0"):
        raise RemoteError("asker of no known family")
    asker = str(ipaddress.IPv4Address(packed[:4])) if packed.strip(b"\0") else None
    if port == 0:
        raise RemoteError("port of nobody")
    return Question(port, plain[3 : 3 + NUMBER_BYTES], asker)


def seal_answer(keys: BeaconKeys, number: bytes, door_key: DhKey, rng: Rng) -> bytes:
    """Give the 168 bytes of an answer."""
    plain = bytes((_VERSION,)) + number + door_key
    nonce = first_nonce(rng)
    return nonce + _encrypt(plain.ljust(_PLAIN_BYTES, b"\0"), None, nonce, keys.answer)


def open_answer(keys: BeaconKeys, data: bytes, number: bytes, source: Address) -> Door:
    """Read an answer.

    Args:
        keys: Of the room.
        data: Any bytes.
        number: Of our question.
        source: Where the answer came from, which is where the door is.

    Raises:
        RemoteError: Not an answer to this question.
    """
    if len(data) != BEACON_BYTES:
        raise RemoteError("no answer to a beacon")
    plain = _open(data, keys.answer, _ANSWER_FIELDS_END)
    if plain[1 : 1 + NUMBER_BYTES] != number:
        raise RemoteError("answer to another question")
    return Door(DhKey(plain[1 + NUMBER_BYTES :]), normalise(source), "door")


def _open(data: bytes, key: bytes, fields_end: int) -> bytes:
    nonce, sealed = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
    try:
        plain = _decrypt(sealed, None, nonce, key)
    except CryptoError:
        raise RemoteError("beacon of another room") from None
    if plain[0] != _VERSION or plain[fields_end:].strip(b"\0"):
        raise RemoteError("beacon of another version")
    return plain[:fields_end]


class Doorkeeper:
    """Decides what a door answers to what it hears on the local net.

    Args:
        key: The room key.
        door_key: The door's X25519 public key, 32 bytes.
        rng: Source of nonces.
    """

    def __init__(self, key: RoomKey, door_key: DhKey, rng: Rng) -> None:
        self.keys = BeaconKeys.of(key)
        self._door_key = door_key
        self._rng = rng
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._credit = _ANSWERS_PER_S
        self._counted_s = 0.0

    def hear(self, data: bytes, source: tuple[str, int], now: float) -> tuple[bytes, Address]:
        """Take one datagram from the group.

        Returns:
            The answer and where to send it.

        Raises:
            RemoteError: Silence is the answer: foreign, repeated, from elsewhere, or too fast.
        """
        question = open_question(self.keys, data)
        ip = normalise(source)[0]
        if scope_of(ip) is None or question.asker not in (None, ip):
            raise RemoteError("question from elsewhere")
        if question.number + data[:_NONCE_BYTES] in self._seen:
            raise RemoteError("question heard before")
        self._credit = min(_ANSWERS_PER_S, self._credit + (now - self._counted_s) * _ANSWERS_PER_S)
        self._counted_s = now
        if self._credit < 1:
            raise RemoteError("too many questions")
        self._credit -= 1
        self._seen[question.number + data[:_NONCE_BYTES]] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        answer = seal_answer(self.keys, question.number, self._door_key, self._rng)
        return answer, (ip, question.port)
