"""One sealed round trip between strangers: KNOCK and WELCOME, HELLO and HELLO-ACK.

``Noise_IKpsk1_25519_ChaChaPoly_BLAKE2s`` with a 16-byte ``mac1`` in front, as WireGuard has it:
who does not hold the pre-shared key gets silence, at the price of one keyed hash. There is no
clock in it. The responder remembers the ephemeral keys it accepted, so a datagram that is sent
again gets silence too: who hears no answer must knock with a new ``Caller``.

::

    question  type 1 | mac1 16 | mac2 16 | e 32 | sealed static 48 | sealed payload 399  = 512 bytes
    answer    type 1 | tag 8 (first bytes of the caller's e) | e 32 | sealed payload
              983 = 1,024 bytes to a KNOCK, 471 = 512 bytes to a HELLO
    payload   length 2, big-endian | body | zeros

A HELLO needs no secret, so its answer is not longer than itself: nobody is flooded by way of a
relay. ``mac2`` is for cookies (``crypto.cookie``), zeros without one.
"""

import hashlib
import hmac
from collections.abc import Callable

from crypto.cookie import MAC2_BYTES, NO_MAC2, cookie_tag, read_cookie, with_cookie
from crypto.dh import DH_BYTES, KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.ids import DhKey
from crypto.kdf import hkdf
from crypto.noise import PSK_BYTES, Handshake, Transport
from crypto.noise_state import TAG_BYTES
from crypto.questions import Questions

PROTOCOL_VERSION = 4
"""Raised when a member of the older version could misread what a newer one sends."""

NOISE_NAME = "Noise_IKpsk1_25519_ChaChaPoly_BLAKE2s"
KNOCK_BYTES = 512
WELCOME_BYTES = 1_024
HELLO_ACK_BYTES = 512
MAC_BYTES = 16
CALL_TAG_BYTES = 8

_TYPE_BYTES = 1
_LENGTH_BYTES = 2
_MAC1_END = _TYPE_BYTES + MAC_BYTES
_NOISE_AT = _MAC1_END + MAC2_BYTES
_QUESTION_PLAIN_BYTES = KNOCK_BYTES - _NOISE_AT - DH_BYTES - (DH_BYTES + TAG_BYTES) - TAG_BYTES
_ANSWER_OVERHEAD_BYTES = _TYPE_BYTES + CALL_TAG_BYTES + DH_BYTES + TAG_BYTES
MAX_QUESTION_BYTES = _QUESTION_PLAIN_BYTES - _LENGTH_BYTES
MAX_ANSWER_BYTES = WELCOME_BYTES - _ANSWER_OVERHEAD_BYTES - _LENGTH_BYTES
MAX_HELLO_ACK_BYTES = HELLO_ACK_BYTES - _ANSWER_OVERHEAD_BYTES - _LENGTH_BYTES


KNOCK = b"knock"  # asked of a member, under the room's pre-shared key
HELLO = b"hello"  # asked of a relay, which holds no room key, under NO_PSK
FIRST_BYTES = {KNOCK: (0xC0, 0xC1), HELLO: (0xC2, 0xC3)}
"""First byte of the question and of the answer, by purpose."""

ANSWER_BYTES = {FIRST_BYTES[KNOCK][1]: WELCOME_BYTES, FIRST_BYTES[HELLO][1]: HELLO_ACK_BYTES}
"""How long an answer is, by its first byte."""

NO_PSK = bytes(PSK_BYTES)


class Caller:
    """The side that asks.

    Attributes:
        datagram: The question, 512 bytes, ready to be sent. Sending it twice is harmless.
        tag: First 8 bytes of the answer's body, by which it finds its caller.
        cookie: What the responder gave us to prove our address; None: nothing so far.
    """

    def __init__(
        self,
        own_dh_secret: bytes | bytearray,
        responder_dh: DhKey,
        psk: bytes | bytearray,
        purpose: bytes,
        payload: bytes,
        rng: Callable[[int], bytes],
    ) -> None:
        """Make a question.

        Args:
            own_dh_secret: Own static X25519 secret, 32 bytes.
            responder_dh: Static public key of who is asked, 32 bytes.
            psk: 32 secret bytes; of the room for ``KNOCK``, ``NO_PSK`` for ``HELLO``.
            purpose: ``KNOCK`` or ``HELLO``.
            payload: At most 381 bytes.
            rng: Source of the ephemeral key.

        Raises:
            LocalError: A length is wrong, or the purpose is unknown.
            RemoteError: ``responder_dh`` is not a usable public key.
        """
        question, self._answer_byte = _first_bytes(purpose)
        self._noise = Handshake(
            NOISE_NAME,
            initiator=True,
            rng=rng,
            prologue=_prologue(purpose),
            static=KeyPair(own_dh_secret),
            remote_static=responder_dh,
            psks=[psk],
        )
        message = self._noise.write_message(_pad(payload, _QUESTION_PLAIN_BYTES))
        head = bytes((question,))
        mac1 = _mac1(_mac_key(psk, responder_dh), head + message)
        self.datagram = head + mac1 + NO_MAC2 + message
        self.tag = message[:CALL_TAG_BYTES]
        self._transport: Transport | None = None
        self.cookie: bytes | None = None

    def take_cookie(self, reply: bytes) -> None:
        """Put the proof of a cookie into ``datagram``, which is to be sent again.

        Raises:
            RemoteError: It is none, of another question, or not the first.
        """
        if cookie_tag(reply) != self.tag or self.cookie is not None:
            raise RemoteError("cookie for another question")
        self.prove(read_cookie(reply))

    def prove(self, cookie: bytes) -> None:
        """Put the proof of a cookie that an earlier question got into ``datagram``."""
        self.cookie = cookie
        self.datagram = with_cookie(self.datagram, cookie)

    def open_answer(self, datagram: bytes) -> bytes:
        """Open the answer and return its payload.

        A datagram that is refused changes nothing, so a forger can not spoil the round trip.

        Raises:
            RemoteError: This is not the answer to our question, or it was opened before.
        """
        check_shape(datagram, ANSWER_BYTES[self._answer_byte], self._answer_byte)
        if answer_tag(datagram) != self.tag or self._transport is not None:
            raise RemoteError("answer to another question")
        padded = self._noise.read_message(datagram[_TYPE_BYTES + CALL_TAG_BYTES :])
        self._transport = self._noise.split()
        return _unpad(padded)

    @property
    def transport(self) -> Transport:
        """The channel to the responder, after the answer.

        Raises:
            LocalError: No answer was opened.
        """
        if self._transport is None:
            raise LocalError("no answer yet")
        return self._transport


class Called:
    """A question that was accepted.

    Attributes:
        initiator_dh: Static public key of who asks; that it holds the secret half is proven.
        payload: What it asks.
        tag: 8 bytes that name the round trip.
    """

    def __init__(self, noise: Handshake, payload: bytes, tag: bytes, answer_byte: int) -> None:
        """Made by ``Responder.accept`` only."""
        self.initiator_dh = noise.peer_static()
        self.payload = payload
        self.tag = tag
        self._noise = noise
        self._answer_byte = answer_byte
        self._transport: Transport | None = None

    def answer(self, payload: bytes) -> bytes:
        """Make the answer datagram: 1,024 bytes, or 512 to a HELLO.

        Args:
            payload: At most 965 bytes, or 453.

        Raises:
            LocalError: ``payload`` is too long, or an answer was made before.
        """
        if self._transport is not None:
            raise LocalError("answered before")
        plain_bytes = ANSWER_BYTES[self._answer_byte] - _ANSWER_OVERHEAD_BYTES
        message = self._noise.write_message(_pad(payload, plain_bytes))
        self._transport = self._noise.split()
        return bytes((self._answer_byte,)) + self.tag + message

    @property
    def transport(self) -> Transport:
        """The channel to the caller, after ``answer``.

        Raises:
            LocalError: No answer was made.
        """
        if self._transport is None:
            raise LocalError("not answered yet")
        return self._transport


class Responder:
    """The side that is asked. One per key pair, pre-shared key and purpose, kept for the run.

    Attributes:
        questions: Those that were accepted; its owner says which callers count.
    """

    def __init__(
        self,
        own_dh_secret: bytes | bytearray,
        psk: bytes | bytearray,
        purpose: bytes,
        rng: Callable[[int], bytes],
    ) -> None:
        """Get ready.

        Args:
            own_dh_secret: Own static X25519 secret, 32 bytes.
            psk: 32 secret bytes, as for ``Caller``.
            purpose: ``KNOCK`` or ``HELLO``.
            rng: Source of the ephemeral keys.

        Raises:
            LocalError: A length is wrong, or the purpose is unknown.
        """
        self._question_byte, self._answer_byte = _first_bytes(purpose)
        self._prologue = _prologue(purpose)
        self._own = KeyPair(own_dh_secret)
        self._psk = psk
        self._rng = rng
        self._mac_key = _mac_key(psk, self._own.public)
        self.questions = Questions()

    def check(self, datagram: bytes) -> None:
        """Check what costs next to nothing: whoever passes this knows whom it asks.

        Raises:
            RemoteError: Wrong length or first byte, or wrong pre-shared key.
        """
        check_shape(datagram, KNOCK_BYTES, self._question_byte)
        mac = _mac1(self._mac_key, datagram[:_TYPE_BYTES] + datagram[_NOISE_AT:])
        if not hmac.compare_digest(mac, datagram[_TYPE_BYTES:_MAC1_END]):
            raise RemoteError("mac1 does not match")

    def accept(self, datagram: bytes) -> Called:
        """Check a question; the cheap checks come first.

        A refused datagram leaves no trace, and the caller of this must leave it unanswered.

        Raises:
            RemoteError: Wrong length or first byte, wrong pre-shared key, replayed, or not
                authentic.
        """
        self.check(datagram)
        message = datagram[_NOISE_AT:]
        ephemeral = DhKey(message[:DH_BYTES])
        if ephemeral in self.questions:
            raise RemoteError("question was seen before")
        noise = Handshake(
            NOISE_NAME,
            initiator=False,
            rng=self._rng,
            prologue=self._prologue,
            static=self._own,
            psks=[self._psk],
        )
        payload = _unpad(noise.read_message(message))
        self.questions.remember(ephemeral, noise.peer_static())
        return Called(noise, payload, ephemeral[:CALL_TAG_BYTES], self._answer_byte)


def answer_tag(datagram: bytes) -> bytes:
    """The 8 bytes of an answer by which it finds its caller; too few if it is too short."""
    return datagram[_TYPE_BYTES : _TYPE_BYTES + CALL_TAG_BYTES]


def check_shape(datagram: bytes, length: int, first_byte: int) -> None:
    """Check what costs nothing to check.

    Raises:
        RemoteError: The length or the first byte is wrong.
    """
    if len(datagram) != length:
        raise RemoteError("wrong datagram length")
    if datagram[0] != first_byte:
        raise RemoteError("wrong datagram type")


def _first_bytes(purpose: bytes) -> tuple[int, int]:
    if purpose not in FIRST_BYTES:
        raise LocalError("unknown purpose of a round trip")
    return FIRST_BYTES[purpose]


def _prologue(purpose: bytes) -> bytes:
    return b"teahouse" + bytes((PROTOCOL_VERSION,)) + purpose


def _mac_key(psk: bytes | bytearray, responder_dh: DhKey) -> bytes:
    return hkdf(psk, b"mac1" + responder_dh)


def _mac1(key: bytes, covered: bytes) -> bytes:
    return hashlib.blake2s(covered, key=key, digest_size=MAC_BYTES).digest()


def _pad(body: bytes, size: int) -> bytes:
    if len(body) > size - _LENGTH_BYTES:
        raise LocalError("payload is too long for its datagram")
    return (len(body).to_bytes(_LENGTH_BYTES, "big") + body).ljust(size, b"\0")


def _unpad(padded: bytes) -> bytes:
    end = _LENGTH_BYTES + int.from_bytes(padded[:_LENGTH_BYTES], "big")
    if end > len(padded) or any(padded[end:]):
        raise RemoteError("malformed padding")
    return padded[_LENGTH_BYTES:end]
