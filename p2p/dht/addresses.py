"""Where a node can be: which addresses exist for us, how far each reaches, who may hear of it.

An address has a scope: loopback, private, global. A contact of a narrower scope is of no use to
a node of a wider one (or points it at a machine of its own), so it is never handed over, and
never believed when it comes from there.
"""

import contextlib
import ipaddress
from enum import IntEnum
from functools import lru_cache

from crypto.errors import RemoteError

Address = tuple[str, int]
"""An IP address in its usual text form (no zone, no IPv4 mapped into IPv6) and a UDP port."""

_SHARED_V4 = ipaddress.ip_network("100.64.0.0/10")
_PRIVATE_NETS = tuple(
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
)
_PRIVATE_NETS_V6 = tuple(ipaddress.ip_network(net) for net in ("fc00::/7", "fe80::/10"))
_LOWEST_PORT = 1024
_HTTPS_PORT = 443
_REMEMBERED = 8192


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
        The one form in which addresses are compared in this package.
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
    if parsed in _SHARED_V4 or any(parsed in net for net in _PRIVATE_NETS):
        return Scope.PRIVATE
    return Scope.GLOBAL


def may_hand(ip: str, other_ip: str) -> bool:
    """Tell whether a contact at ``ip`` may pass between us and the node at ``other_ip``.

    The same rule holds in both directions: for what we tell it and for what it tells us.

    Args:
        ip: Where the contact is.
        other_ip: Where the node is that asks or answers, as seen from here.
    """
    scope, other_scope = scope_of(ip), scope_of(other_ip)
    return scope is not None and other_scope is not None and scope >= other_scope


def plausible_port(port: int) -> bool:
    """Tell whether a node may be told to send to this port.

    Ports of well-known services are refused (except that of HTTPS, where relays like to live):
    otherwise a forged contact would point a crowd at somebody's name server.
    """
    return _LOWEST_PORT <= port <= 65535 or port == _HTTPS_PORT


@lru_cache(_REMEMBERED)
def neighbourhood(ip: str) -> bytes | None:
    """Name the block that one owner usually has: /24 of IPv4, /48 of IPv6.

    Returns:
        The block's prefix, for counting; None on loopback and private nets, where nodes of one
        owner are the normal case and nothing is counted.
    """
    if scope_of(ip) is not Scope.GLOBAL:
        return None
    packed = ipaddress.ip_address(ip).packed
    return packed[:3] if len(packed) == 4 else packed[:6]


@lru_cache(_REMEMBERED)
def pack_ip(ip: str) -> bytes:
    """Give the 4 or 16 bytes of an IP literal without zone."""
    return ipaddress.ip_address(ip).packed


def unpack_ip(packed: bytes) -> str:
    """Give the text of a packed address.

    Raises:
        RemoteError: Not 4 or 16 bytes, or an address no node can have.
    """
    if len(packed) not in (4, 16):
        raise RemoteError("address of a wrong length")
    ip = str(ipaddress.ip_address(packed))
    if scope_of(ip) is None:
        raise RemoteError("not the address of a node")
    return ip
