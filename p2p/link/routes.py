"""Which link a datagram belongs to: by ICE user fragment, transaction, SSRC or address. Sans-IO.

An address belongs to the link that proved last that its peer is there. Two links to one address
exist for a moment whenever a peer restarts or a link is replaced; then the newer one owns it and
the older one never takes it back, or else its last consent checks would steal the new link's
traffic. Taking an address over needs a round trip, so nobody can do it with a forged sender.
"""

from collections import deque
from typing import Protocol

from p2p.errors import LocalError
from p2p.link.standing import Standing
from p2p.wire.addresses import Address

MAX_ADDRESSES_EACH = 4
MAX_TRANSACTIONS = 8192


class LinkSession(Protocol):
    """What the socket knows of a link.

    Attributes:
        standing: Whether it counts more than another one.
    """

    standing: Standing

    def on_stun(self, data: bytes, address: Address) -> None:
        """A STUN message that names this link or answers one of its requests."""
        ...

    def on_dtls(self, data: bytes, address: Address) -> None:
        """A DTLS record from an address this link owns."""
        ...


class MediaSession(Protocol):
    """What the socket knows of a link's sound."""

    def take(self, packet: bytes, address: Address, arrival_s: float) -> None:
        """An SRTP packet with the SSRC of this link, from any address."""
        ...


class Routes:
    """The tables of one socket.

    Args:
        max_sessions: Links at a time.

    Attributes:
        outlet_changes: How often a link got or lost its keys or moved.
    """

    def __init__(self, max_sessions: int = 2048) -> None:
        self.outlet_changes = 0
        self._max_sessions = max_sessions
        self._ufrags: dict[bytes, LinkSession] = {}
        self._transactions: dict[bytes, LinkSession] = {}
        self._ssrcs: dict[int, MediaSession] = {}
        self._addresses: dict[Address, LinkSession] = {}
        self._held: dict[LinkSession, deque[Address]] = {}
        self._order = 0

    def add(self, ufrag: bytes, session: LinkSession) -> None:
        """Lets requests that name ``ufrag`` reach the link.

        Raises:
            LocalError: Too many links, or the fragment is taken.
        """
        if len(self._ufrags) >= self._max_sessions or ufrag in self._ufrags:
            raise LocalError("no room for another link")
        self._ufrags[ufrag] = session

    def start(self, session: LinkSession) -> None:
        """Marks the link as the newest."""
        self._order += 1
        session.standing.order = self._order

    def expect(self, transaction: bytes, session: LinkSession) -> None:
        """Lets the response to a request reach the link; the oldest is forgotten when full."""
        if len(self._transactions) >= MAX_TRANSACTIONS:
            del self._transactions[next(iter(self._transactions))]
        self._transactions[transaction] = session

    def expect_no_more(self, transaction: bytes) -> None:
        """The request is over: its late responses are strangers' from now on."""
        self._transactions.pop(transaction, None)

    def listen(self, ssrc: int, media: MediaSession) -> bool:
        """Lets media with this SSRC reach a link.

        Returns:
            False if another link has it: the newcomer may have chosen it on purpose.
        """
        return self._ssrcs.setdefault(ssrc, media) is media

    def claim(self, address: Address, session: LinkSession, *, proven: bool) -> bool:
        """Asks for an address.

        Args:
            address: Where a check came from, or was answered from.
            session: The link whose check it was.
            proven: A check of ours was answered from there. Without that only an address
                without owner is given.

        Returns:
            Whether the link owns the address now.
        """
        owner = self._addresses.get(address)
        if owner is session:
            return True
        if owner is not None:
            if not proven or not session.standing.outranks(owner.standing):
                return False
            self._held[owner].remove(address)
        held = self._held.setdefault(session, deque())
        if len(held) >= MAX_ADDRESSES_EACH:
            del self._addresses[held.popleft()]
        held.append(address)
        self._addresses[address] = session
        return True

    def remove(self, session: LinkSession, media: MediaSession) -> None:
        """Forgets a link and its media altogether."""
        for address in self._held.pop(session, ()):
            del self._addresses[address]
        self._ufrags = {k: s for k, s in self._ufrags.items() if s is not session}
        self._transactions = {k: s for k, s in self._transactions.items() if s is not session}
        self._ssrcs = {k: m for k, m in self._ssrcs.items() if m is not media}

    def of_ufrag(self, ufrag: bytes) -> LinkSession | None:
        """The link that is named by a user fragment."""
        return self._ufrags.get(ufrag)

    def of_transaction(self, transaction: bytes) -> LinkSession | None:
        """The link that sent a request."""
        return self._transactions.get(transaction)

    def of_ssrc(self, ssrc: int) -> MediaSession | None:
        """Who expects media with this SSRC."""
        return self._ssrcs.get(ssrc)

    def of_address(self, address: Address) -> LinkSession | None:
        """The link that owns an address."""
        return self._addresses.get(address)

    def sizes(self) -> dict[str, int]:
        """Entries in each table, for tests and metrics."""
        return {
            "ufrags": len(self._ufrags),
            "transactions": len(self._transactions),
            "ssrcs": len(self._ssrcs),
            "addresses": len(self._addresses),
        }
