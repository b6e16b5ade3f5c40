"""Addresses, the one way to write them, and how far each reaches.

An address has a scope: loopback, private, global. One of a narrower scope is of no use to a node
of a wider one (or points it at a machine of its own), so it is never handed over, and never
believed when it comes from there.
"""

import contextlib
import ipaddress
from enum import IntEnum
from functools import lru_cache

Address = tuple[str, int]
"""An IP address in its usual text form (no zone, no IPv4 mapped into IPv6) and a UDP port.

A TCP stream has an address as well: its IP and its port + 65,536, which no UDP port can be. So one
host's UDP and its stream are two ways, and never one in place of the other.
"""

_STREAM_PORTS = 1 << 16

NOWHERE = "100::1"
"""Stands where a relay is known by its name alone: of RFC 6666, to which no host answers."""

SocketAddress = tuple[str, int] | tuple[str, int, int, int]
"""An address as a socket takes it. IPv6 has four items: on Windows asyncio sends to no fewer."""

_PRIVATE_NETS = tuple(
    ipaddress.IPv4Network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
)
_PRIVATE_NETS_V6 = tuple(ipaddress.IPv6Network(net) for net in ("fc00::/7", "fe80::/10"))
_REMEMBERED = 8192


def family_of(address: Address) -> int:
    """Tell the version of IP: 4 or 6."""
    return 6 if ":" in address[0] else 4


def stream_address(address: Address) -> Address:
    """The address of a stream to, or from, an IP and a TCP port."""
    return address[0], address[1] | _STREAM_PORTS


def is_stream(address: Address) -> bool:
    """Whether an address is that of a TCP stream."""
    return address[1] >= _STREAM_PORTS


def on_the_wire(address: Address) -> Address:
    """IP and port as TCP or UDP has them, and as they are told to others."""
    return address[0], address[1] & (_STREAM_PORTS - 1)


def is_nowhere(address: Address) -> bool:
    """Whether no host is there: the place is known by its name alone."""
    return address[0] == NOWHERE


class Scope(IntEnum):
    """How far an address reaches; wider compares greater."""

    LOOPBACK = 0
    PRIVATE = 1
    GLOBAL = 2


def normalise(address: tuple[str, int]) -> Address:
    """Take the zone and the IPv4-in-IPv6 prefix off a socket's address.

    Args:
        address: As a socket names a sender; anything after the port is ignored.

    Returns:
        The one form in which addresses are compared.
    """
    ip = address[0].partition("%")[0]
    if ip.lower().startswith("::ffff:"):
        with contextlib.suppress(ValueError):
            ip = str(ipaddress.IPv6Address(ip).ipv4_mapped or ip)
    return ip, address[1]


@lru_cache(_REMEMBERED)
def scope_of(ip: str) -> Scope | None:
    """Tell how far an address reaches.

    Addresses for documentation (RFC 5737) count as global: laboratories use them in that role.

    Args:
        ip: IP literal without zone.

    Returns:
        The scope; None for what no single node can have: no address at all, unspecified,
        multicast, broadcast, reserved, or IPv4 mapped into IPv6.
    """
    try:
        parsed = ipaddress.ip_address(ip)
    except ValueError:
        return None
    if parsed.is_loopback:
        return Scope.LOOPBACK
    if parsed.is_unspecified or parsed.is_multicast:
        return None
    if isinstance(parsed, ipaddress.IPv4Address):
        return _scope_of_v4(parsed)
    if parsed.ipv4_mapped is not None:
        return None
    return Scope.PRIVATE if any(parsed in net for net in _PRIVATE_NETS_V6) else Scope.GLOBAL


def _scope_of_v4(parsed: ipaddress.IPv4Address) -> Scope | None:
    if parsed.is_reserved or parsed.packed[0] == 0:
        return None
    if any(parsed in net for net in _PRIVATE_NETS):
        return Scope.PRIVATE
    return Scope.GLOBAL


def known_scope(ip: str) -> Scope:
    """Tell how far an address reaches that a socket or a checked message gave us.

    Raises:
        ValueError: No node can have it.
    """
    scope = scope_of(ip)
    if scope is None:
        raise ValueError("not the address of a node")
    return scope
