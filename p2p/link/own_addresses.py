"""Where this node can be reached, as far as it was told or can tell without asking anybody.

Peers say where they see us: in the answer to a question, and in the answer to every check of a
link, once a second. So a router that gives us another port is noticed within a second or two.
"""

import ipaddress
import time
from collections.abc import Callable

from p2p.link.candidates import ANYWHERE_V6, candidates_for, host_address_towards
from p2p.link.mux import Mux
from p2p.wire.addresses import Address, Scope, is_stream, known_scope
from p2p.wire.offers import Candidate

SEEN_MAX = 4
WITNESSES_MAX = 16
CONFIRMED_S = 2.5


class Whereabouts:
    """Own addresses of one socket.

    Args:
        mux: The socket.
        now: Monotonic seconds.

    Attributes:
        on_moved: Called when somebody who had seen us at one address sees us at another.
    """

    def __init__(self, mux: Mux, now: Callable[[], float] = time.monotonic) -> None:
        self.on_moved: Callable[[], None] = lambda: None
        self._mux = mux
        self._now = now
        self._reports: dict[str, tuple[Address, float]] = {}

    @property
    def seen(self) -> list[Address]:
        """Our addresses as peers saw them, the last confirmed first."""
        latest = sorted(self._reports.values(), key=lambda report: -report[1])
        return list(dict.fromkeys(address for address, _ in latest))[:SEEN_MAX]

    def saw(self, address: Address, witness: str) -> None:
        """A peer told us from where our datagram came. Only of public ones is there news.

        Args:
            address: What it said; foreign, but an IP literal.
            witness: The peer's IP address: each has one voice, the latest counts.
        """
        if not _one_public_host(address):
            return
        now = self._now()
        known, before = self.seen, self._reports.pop(witness, None)
        self._reports[witness] = address, now
        if len(self._reports) > WITNESSES_MAX:
            del self._reports[min(self._reports, key=lambda name: self._reports[name][1])]
        if before is not None and before[0] != address:
            self._forget_unconfirmed(address, now)
            if address not in known:
                self.on_moved()

    def offer(self, toward: Address | None) -> tuple[Candidate, ...]:
        """What may be said to a peer.

        Args:
            toward: The peer's address, or that of a carrier in the same scope; None: far away.
        """
        if self._mux.web_only or (toward is not None and is_stream(toward)):
            return ()  # who comes by the web alone is not to be looked for by UDP
        seen = self.seen
        others = seen if toward is None else [toward]
        if toward is None or known_scope(toward[0]) is Scope.GLOBAL:
            # An IPv6 address has no NAT before it: it is good even if nobody has seen it yet.
            others = [*others, ANYWHERE_V6]
        found = [self.host(address) for address in others]
        hosts = dict.fromkeys(host for host in found if host is not None)
        return candidates_for(toward, hosts, seen)

    def host(self, toward: Address) -> Address | None:
        """Our own address on the way to another, without any NAT between."""
        return host_address_towards(self._mux, toward)

    def _forget_unconfirmed(self, moved_to: Address, now: float) -> None:
        """A router that gave one new port has forgotten the others too."""
        six = ":" in moved_to[0]
        self._reports = {
            witness: (address, at_s)
            for witness, (address, at_s) in self._reports.items()
            if (":" in address[0]) is not six or now - at_s < CONFIRMED_S
        }


def _one_public_host(address: Address) -> bool:
    ip = ipaddress.ip_address(address[0])
    if ip.is_multicast or ip.is_unspecified or ip.is_reserved or not 0 < address[1] < 65536:
        return False
    return known_scope(address[0]) is Scope.GLOBAL and getattr(ip, "ipv4_mapped", None) is None
