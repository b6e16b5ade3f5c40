"""Where this node can be reached, as far as it was told or can tell without asking anybody."""

from p2p.link.candidates import Scope, candidates_for, host_address_towards, scope_of
from p2p.link.mux import Mux
from p2p.link.routes import Address
from p2p.wire.offers import Candidate

SEEN_MAX = 4


class Whereabouts:
    """Own addresses of one socket.

    Args:
        mux: The socket.
    """

    def __init__(self, mux: Mux) -> None:
        self._mux = mux
        self._seen: list[Address] = []

    @property
    def seen(self) -> list[Address]:
        """Our addresses as peers saw them, newest first."""
        return list(self._seen)

    def saw(self, address: Address) -> None:
        """A peer told us from where our datagram came. Only of public ones is there news."""
        if scope_of(address[0]) is not Scope.GLOBAL:
            return
        if address in self._seen:
            self._seen.remove(address)
        self._seen.insert(0, address)
        del self._seen[SEEN_MAX:]

    def forget(self) -> None:
        """The network changed: what others saw is no longer true."""
        self._seen.clear()

    def offer(self, toward: Address | None) -> tuple[Candidate, ...]:
        """What may be said to a peer.

        Args:
            toward: The peer's address, or that of a carrier in the same scope; None: far away.
        """
        hosts = [] if toward is None else [host_address_towards(self._mux, toward)]
        if toward is None:
            hosts = [self.host(seen) for seen in self._seen]
        return candidates_for(toward, [host for host in hosts if host is not None], self._seen)

    def host(self, toward: Address) -> Address | None:
        """Our own address on the way to another, without any NAT between."""
        return host_address_towards(self._mux, toward)
