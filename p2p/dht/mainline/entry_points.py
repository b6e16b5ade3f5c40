"""Where the Mainline DHT is entered: machines that everybody's programs ask first.

They are named, not written down as addresses, because they move. Whoever runs the system's
resolver learns that such a name was looked up, as from any BitTorrent program.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Sequence

from crypto.errors import RemoteError, UserError
from p2p.wire.addresses import Address, Scope, normalise, scope_of
from p2p.wire.web_place import WebPlace

PUBLIC = (
    "dht.libtorrent.org:25401",
    "router.bittorrent.com:6881",
    "router.utorrent.com:6881",
    "dht.transmissionbt.com:6881",
)
ADDRESSES_MAX = 4
"""That count of what one name stands for."""
LIMIT_S = 3.0
GOOD_S = 60.0
_USAGE = 2


def parse(lines: Sequence[str]) -> tuple[WebPlace, ...]:
    """Read ``host:port`` lines that a person gave.

    Raises:
        UserError: One of them is none.
    """
    try:
        places = tuple(map(WebPlace.parse, lines))
        if any(place.path for place in places):
            raise RemoteError("a path")
    except RemoteError:
        raise UserError(
            "bad_mainline",
            "An entry point of BitTorrent's DHT is not written as host:port.",
            "Write it as host:port, or leave it out.",
            _USAGE,
        ) from None
    return places


class EntryPoints:
    """Knows the addresses of some entry points, once they have been looked up.

    Args:
        lines: ``PUBLIC``, or those of a network of its own, such as that of a laboratory.

    Raises:
        UserError: A line is none.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.are_public = tuple(lines) == PUBLIC
        self._places = parse(lines)
        self._found: list[Address] = []
        self._good_until_s: float | None = None
        self._turn = asyncio.Lock()

    async def addresses(self, now: float) -> list[Address]:
        """Give what was looked up in the last minute, or look it up, in 3 s.

        Of the public ones only public addresses count: a resolver that lies points at nobody here.

        Args:
            now: Monotonic seconds.
        """
        async with self._turn:
            if self._good_until_s is None or now >= self._good_until_s:
                answers = await asyncio.gather(*map(_addresses_of, self._places))
                found = dict.fromkeys(address for answer in answers for address in answer)
                self._found = [each for each in found if self._may_be(each)]
                self._good_until_s = now + GOOD_S
            return self._found

    def _may_be(self, address: Address) -> bool:
        scope = scope_of(address[0])
        return scope is Scope.GLOBAL or (scope is not None and not self.are_public)


async def _addresses_of(place: WebPlace) -> list[Address]:
    if not place.is_name:
        return [place.address]
    loop = asyncio.get_running_loop()
    comes: asyncio.Future[list[Address]] = loop.create_future()

    def tell(found: list[Address]) -> None:
        if not comes.done():
            comes.set_result(found)

    def look_up() -> None:
        found: list[Address] = []
        with contextlib.suppress(OSError):
            answers = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_DGRAM)
            found = list(dict.fromkeys(normalise((str(a[4][0]), int(a[4][1]))) for a in answers))
        with contextlib.suppress(RuntimeError):  # the program has ended meanwhile
            loop.call_soon_threadsafe(tell, found[:ADDRESSES_MAX])

    # A thread of its own: where no resolver answers, those of the loop would hold up the end.
    threading.Thread(target=look_up, daemon=True).start()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LIMIT_S):
            return await comes
    return []
