"""What a node of the DHT may be told about where other nodes are."""

import ipaddress
from functools import lru_cache

from crypto.errors import RemoteError
from p2p.wire.addresses import Scope, scope_of

_LOWEST_PORT = 1024
_HTTPS_PORT = 443
_REMEMBERED = 8192


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
