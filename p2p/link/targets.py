"""Where a socket can send to: addresses in the form that the system wants.

Only IP literals pass: a name would be looked up by the C library, in the open.
"""

import ipaddress
import socket

from p2p.wire.addresses import Address, SocketAddress, is_nowhere

KNOWN_MAX = 4096


class Targets(dict[Address, SocketAddress | None]):
    """The targets of one socket by address, each worked out when it is first asked for.

    An address to which the socket cannot get has None: a name, that of a stream or of several
    hosts, one of an IP version that the socket lacks. A look-up of what is known is the dict's own.

    Args:
        sock: The socket, IPv4 or IPv6.
        by_udp: False: it sends nowhere at all.

    Attributes:
        families: IP versions that the socket has: 4, 6 or both.
    """

    def __init__(self, sock: socket.socket, *, by_udp: bool = True) -> None:
        super().__init__()
        self.families: tuple[int, ...] = (4,)
        if sock.family == socket.AF_INET6:
            alone = sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
            self.families = (6,) if alone else (6, 4)
        self._by_udp = by_udp

    def __missing__(self, address: Address) -> SocketAddress | None:
        """Works it out; all are forgotten when there are too many."""
        if len(self) >= KNOWN_MAX:
            self.clear()
        self[address] = target = self._find(address)
        return target

    def _find(self, address: Address) -> SocketAddress | None:
        try:
            ip = ipaddress.ip_address(address[0])
        except ValueError:
            return None
        if not self._by_udp or is_nowhere(address):
            return None
        if ip.is_multicast or ip.is_unspecified or not 0 < address[1] < 65536:
            return None
        if ip.version not in self.families:
            return None
        if 6 not in self.families:
            return str(ip), address[1]
        return (f"::ffff:{ip}" if ip.version == 4 else str(ip)), address[1], 0, 0
