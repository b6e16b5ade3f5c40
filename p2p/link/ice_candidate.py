"""Addresses as aioice has them."""

from p2p.link.transports import IceCandidate, candidate_foundation, candidate_priority
from p2p.wire.addresses import Address, is_stream


def ice_candidate(address: Address, kind: str) -> IceCandidate:
    """A candidate of the one component there is; IPv6 before IPv4 (RFC 8421), streams last.

    Args:
        address: Where.
        kind: ``host`` or ``srflx``.
    """
    local = (65535 if ":" in address[0] else 65534) - (1 << 15) * is_stream(address)
    return IceCandidate(
        foundation=candidate_foundation(kind, "udp", address[0]),
        component=1,
        transport="udp",
        priority=candidate_priority(1, "srflx" if is_stream(address) else kind, local),
        host=address[0],
        port=address[1],
        type=kind,
    )


def is_at(candidate: IceCandidate, address: Address) -> bool:
    """Whether a candidate is this address."""
    return (candidate.host, candidate.port) == address
