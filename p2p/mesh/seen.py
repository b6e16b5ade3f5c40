"""Messages that come by two ways are taken once."""

import hashlib
from collections import OrderedDict

SEEN_MAX = 1024


class Seen:
    """Remembers the last messages, so that two relays with different orders make no circle."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[bytes, None] = OrderedDict()

    def is_new(self, *parts: bytes) -> bool:
        """Whether just this was not seen lately; it is from now on."""
        key = hashlib.blake2b(b"".join(parts), digest_size=16).digest()
        if key in self._hashes:
            return False
        self._hashes[key] = None
        if len(self._hashes) > SEEN_MAX:
            self._hashes.popitem(last=False)
        return True
