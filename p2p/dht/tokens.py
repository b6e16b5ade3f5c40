"""Write tokens: a store is taken only from the address that asked here a moment ago.

As in BitTorrent (BEP 5): stateless, bound to source, key and target, and good for five to ten
minutes. It keeps a forged source address from filling anybody's storage.
"""

import hashlib
import hmac
from collections.abc import Callable

from crypto.ids import DhKey
from p2p.dht.messages import TOKEN_BYTES
from p2p.wire.addresses import Address

_TURN_S = 300.0
_PERSON = b"teahouse token"


class Tokens:
    """Gives and checks tokens.

    Args:
        rng: Source of random bytes, for the secrets, which nobody else ever holds.
        now: Monotonic seconds.
    """

    def __init__(self, rng: Callable[[int], bytes], now: float) -> None:
        self._rng = rng
        self._secrets = (rng(32), rng(32))
        self._turned_s = now

    def give(self, address: Address, key: DhKey, target: bytes, now: float) -> bytes:
        """Make the token for one asker and one target, 8 bytes."""
        self._turn(now)
        return _token(self._secrets[0], address, key, target)

    def good(self, token: bytes, address: Address, key: DhKey, target: bytes, now: float) -> bool:
        """Tell whether we gave this token to this asker for this target, lately."""
        self._turn(now)
        newer, older = (_token(secret, address, key, target) for secret in self._secrets)
        return hmac.compare_digest(token, newer) | hmac.compare_digest(token, older)

    def _turn(self, now: float) -> None:
        turns = int((now - self._turned_s) // _TURN_S)
        if turns <= 0:
            return
        newer = self._rng(32)
        older = self._secrets[0] if turns == 1 else self._rng(32)
        self._secrets = (newer, older)
        self._turned_s += turns * _TURN_S


def _token(secret: bytes, address: Address, key: DhKey, target: bytes) -> bytes:
    data = key + target + f"{address[0]} {address[1]}".encode()
    return hashlib.blake2b(data, key=secret, digest_size=TOKEN_BYTES, person=_PERSON).digest()
