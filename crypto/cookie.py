"""Cookies: proof that a question comes from the address it names, when there are too many of them.

A responder under flood answers a question with a cookie only, 87 bytes at most, which it does not
have to remember: a keyed hash of the address, under a secret that changes every two minutes. Who
really is at that address asks again with a hash over its question that is keyed with the cookie.
(After an idea of WireGuard's; there the cookie is also encrypted, which helps only where others
read the line, and they can spoil a handshake anyway.)

::

    question  type 1 | mac1 16 | mac2 16, zeros without a cookie | Noise message
    cookie    tag 8, as in an answer | cookie 16 | 0 to 63 random bytes

It has no type and no veil (`crypto.veil`): who asks is not known yet, and all of it is random.
"""

import hashlib
import hmac
from collections.abc import Callable

from crypto.errors import RemoteError

COOKIE_BYTES = 16
MAC2_AT = 17
MAC2_BYTES = 16
NO_MAC2 = bytes(MAC2_BYTES)
SECRET_KEPT_S = 120.0

_TAG_AT = MAC2_AT + MAC2_BYTES
_TAG_BYTES = 8
COOKIE_REPLY_BYTES = _TAG_BYTES + COOKIE_BYTES
"""Without the random bytes behind."""
_FILLED_MAX = 64


class CookieJar:
    """The side that is asked too much.

    Args:
        rng: Source of secrets.
        now: Monotonic seconds.
    """

    def __init__(self, rng: Callable[[int], bytes], now: float) -> None:
        self._rng = rng
        self._secrets = (rng(32), rng(32))
        self._until_s = now + SECRET_KEPT_S

    def reply(self, question: bytes, source: bytes, now: float) -> bytes:
        """Make the datagram that carries a cookie.

        Args:
            question: 512 bytes whose mac1 was checked.
            source: Where it came from: address and port as bytes.
            now: Monotonic seconds.
        """
        self._turn(now)
        tag = question[_TAG_AT : _TAG_AT + _TAG_BYTES]
        filler = self._rng(_FILLED_MAX)[: self._rng(1)[0] % _FILLED_MAX]
        return tag + _cookie(self._secrets[0], source) + filler

    def proves(self, question: bytes, source: bytes, now: float) -> bool:
        """Tell whether the question holds a hash keyed with a cookie of its address."""
        mac2 = question[MAC2_AT:_TAG_AT]
        if mac2 == NO_MAC2:
            return False
        self._turn(now)
        expected = [_mac2(_cookie(secret, source), question) for secret in self._secrets]
        return any(hmac.compare_digest(mac2, each) for each in expected)

    def _turn(self, now: float) -> None:
        if now >= self._until_s:
            stale = now >= self._until_s + SECRET_KEPT_S
            before = self._rng(32) if stale else self._secrets[0]
            self._secrets = (self._rng(32), before)
            self._until_s = now + SECRET_KEPT_S


def read_cookie(reply: bytes) -> bytes:
    """Take the cookie out of a reply; raises RemoteError if that is none."""
    if not COOKIE_REPLY_BYTES <= len(reply) < COOKIE_REPLY_BYTES + _FILLED_MAX:
        raise RemoteError("no cookie")
    return reply[_TAG_BYTES:COOKIE_REPLY_BYTES]


def cookie_tag(reply: bytes) -> bytes:
    """The 8 bytes of a reply by which it finds its question."""
    return reply[:_TAG_BYTES]


def with_cookie(question: bytes, cookie: bytes) -> bytes:
    """Put the proof into a question."""
    return question[:MAC2_AT] + _mac2(cookie, question) + question[_TAG_AT:]


def _cookie(secret: bytes, source: bytes) -> bytes:
    return hashlib.blake2s(source, key=secret, digest_size=COOKIE_BYTES).digest()


def _mac2(cookie: bytes, question: bytes) -> bytes:
    covered = question[:MAC2_AT] + question[_TAG_AT:]
    return hashlib.blake2s(covered, key=cookie, digest_size=MAC2_BYTES).digest()
