"""Where we can be reached, and which of it is said to whom.

There is no list of interfaces and no STUN server: an address of ours is known because a peer saw
it, or because the kernel would use it towards that peer.
"""

import contextlib
import ipaddress
import socket
from collections.abc import Iterable

from p2p.link.mux import Mux
from p2p.wire.addresses import Address, Scope, family_of, known_scope, normalise, on_the_wire
from p2p.wire.offers import CANDIDATES_MAX, Candidate, CandidateKind

ANYWHERE_V4: Address = ("192.0.2.1", 9)
ANYWHERE_V6: Address = ("2001:db8::1", 9)
"""RFC 5737, RFC 3849: asked of the kernel's routing table only, nothing is ever sent there."""


def own_address_towards(address: Address) -> str | None:
    """Asks the kernel which address of ours it would use towards another, sending nothing.

    Args:
        address: Whom we would send to; an IP literal, or else ValueError: a name would be
            looked up, in the open.

    Returns:
        IP literal, None if there is no way there.
    """
    ipaddress.ip_address(address[0])
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect(on_the_wire(address))
        ip: str = normalise(probe.getsockname())[0]
        return None if ipaddress.ip_address(ip).is_unspecified else ip
    return None


def host_address_towards(mux: Mux, address: Address) -> Address | None:
    """Our own address and port on the way to another, without any NAT between.

    Args:
        mux: The socket in use.
        address: Whom we would send to.
    """
    version = family_of(address)
    if version not in mux.families:
        return None
    ip = own_address_towards(address) if mux.wildcard else mux.local_ip
    return None if ip is None else (ip, mux.local_port)


def candidates_for(
    peer: Address | None, hosts: Iterable[Address], seen: Iterable[Address]
) -> tuple[Candidate, ...]:
    """Chooses what may be said to a peer about where we are.

    An address of a narrower scope than the peer's is kept back: it is of no use there, and
    tells about our home. The exception is a peer behind the same public address as we: that is
    the same home.

    Args:
        peer: Where the peer is as we or a common neighbour see it; None: unknown, taken as far.
        hosts: Our own addresses without NAT, see ``host_address_towards``.
        seen: Our addresses as peers saw them, newest first.

    Returns:
        At most eight, each address once, host addresses first.
    """
    seen = list(seen)
    peer_scope = Scope.GLOBAL if peer is None else known_scope(peer[0])
    same_home = peer is not None and any(ip == peer[0] for ip, _ in seen)
    found: dict[Address, CandidateKind] = {}
    for address in hosts:
        scope = known_scope(address[0])
        if scope >= peer_scope or (same_home and scope is Scope.PRIVATE):
            found.setdefault(address, CandidateKind.HOST)
    for address in seen:
        if known_scope(address[0]) >= peer_scope:
            found.setdefault(address, CandidateKind.SRFLX)
    chosen = list(found.items())[:CANDIDATES_MAX]
    return tuple(Candidate.of(address, kind) for address, kind in chosen)


def believable(
    candidates: Iterable[Candidate], peer: Address | None, own_seen: Iterable[Address] = ()
) -> tuple[Candidate, ...]:
    """Drops candidates that a peer has no business to name.

    The same rule as ``candidates_for``, from the other side: who is far away may not make us
    send to our own machine or home.

    Args:
        candidates: As the peer's offer has them.
        peer: Where the offer came from; None: from afar, through somebody else.
        own_seen: Our addresses as peers saw them.
    """
    peer_scope = Scope.GLOBAL if peer is None else known_scope(peer[0])
    homes = {ip for ip, _ in own_seen}
    offered = [(candidate, candidate.address) for candidate in candidates]
    same_home = any(address[0] in homes for _, address in offered) or (
        peer is not None and peer[0] in homes
    )
    kept: dict[Address, Candidate] = {}
    for candidate, address in offered:
        scope = known_scope(address[0])
        if scope >= peer_scope or (same_home and scope is Scope.PRIVATE):
            kept.setdefault(address, candidate)
    return tuple(kept.values())[:CANDIDATES_MAX]


def path_name(remote_ip: str) -> str:
    """Names the kind of way to a peer: ``loopback``, ``lan``, ``ipv6`` or ``direct``."""
    scope = known_scope(remote_ip)
    if scope is Scope.LOOPBACK:
        return "loopback"
    if scope is Scope.PRIVATE:
        return "lan"
    return "ipv6" if ":" in remote_ip else "direct"
