"""Which questions a door looks at, while somebody may be flooding it. Sans-IO."""

from crypto.cookie import CookieJar
from p2p.rng import Rng
from p2p.token_bucket import Allowance, Rate
from p2p.wire.addresses import Address

SOURCES_MAX = 1024
SOURCE_RATE = Rate(burst=40.0, per_s=8.0)
"""Questions of one address; a home or a mobile provider may hide many people behind one."""

UNPROVEN_RATE = Rate(burst=40.0, per_s=20.0)
"""HELLOs without a cookie that are answered, of all together: senders may be forged."""

COOKIE_RATE = Rate(burst=1000.0, per_s=5000.0)
"""Cookies given out; they are cheap, but not for nothing."""


class FloodGuard:
    """The guard of one door.

    Args:
        rng: Source of the secrets of cookies; None: no proof of addresses is asked for.
        now: Monotonic seconds.
    """

    def __init__(self, rng: Rng | None, now: float) -> None:
        self._jar = None if rng is None else CookieJar(rng, now)
        self._unproven = Allowance(UNPROVEN_RATE, now)
        self._cookies = Allowance(COOKIE_RATE, now)
        self._sources: dict[str, Allowance] = {}

    def is_proven(self, question: bytes, source: Address, now: float) -> bool:
        """Whether the question is from where it says, or there are so few that it may be."""
        if self._jar is None:
            return True
        return self._jar.proves(question, _place(source), now) or self._unproven.take(now)

    def cookie(self, question: bytes, source: Address, now: float) -> bytes | None:
        """What goes back instead of an answer, far shorter than the question; None: silence."""
        if self._jar is None or not self._cookies.take(now):
            return None
        return self._jar.reply(question, _place(source), now)

    def allows(self, ip: str, now: float) -> bool:
        """Whether an address may ask once more; called for every question that is from there."""
        allowance = self._sources.pop(ip, None) or Allowance(SOURCE_RATE, now)
        self._sources[ip] = allowance
        if len(self._sources) > SOURCES_MAX:
            del self._sources[next(iter(self._sources))]
        return allowance.take(now)


def _place(source: Address) -> bytes:
    return f"{source[0]} {source[1]}".encode()
