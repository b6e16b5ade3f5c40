"""Binding a node's one UDP socket, and saying in plain words why it can not be bound."""

import contextlib
import errno
import ipaddress
import os
import socket

from p2p.errors import UserError
from p2p.link.windows_udp import ignore_refusals
from p2p.wire.addresses import Address, scope_of

SOCKET_BUFFER_BYTES = 1 << 20


def bound_socket(listen: Address | None) -> socket.socket:
    """Opens a UDP socket for both IP versions where the machine has them.

    Args:
        listen: IP literal and port (0: any), None: any port on every interface.

    Raises:
        UserError: It cannot be bound there.
    """
    if listen is None:
        with contextlib.suppress(OSError):
            return _bind(ipaddress.IPv6Address("::"), 0)
        listen = ("0.0.0.0", 0)  # noqa: S104  a node listens wherever the machine is
    try:
        ip = ipaddress.ip_address(listen[0])
    except ValueError as exc:
        raise UserError(
            "bad_listen",
            "The address to listen on is not an IP address.",
            "Write it as 192.0.2.1:4000 or [2001:db8::1]:4000.",
            exit_code=2,
        ) from exc
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if not ip.is_unspecified and scope_of(str(ip).partition("%")[0]) is None:
        raise _listen_error(OSError(errno.EADDRNOTAVAIL, ""), listen[1])
    try:
        return _bind(ip, listen[1])
    except (OSError, OverflowError) as exc:
        raise _listen_error(exc, listen[1]) from exc


def _bind(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> socket.socket:
    six = isinstance(ip, ipaddress.IPv6Address)
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM)
    address: tuple[str, int] | tuple[str, int, int, int] = (str(ip), port)
    try:
        if isinstance(ip, ipaddress.IPv6Address):
            only_six = not ip.is_unspecified
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(only_six))
            if ip.scope_id:  # a link-local address is one only together with its interface
                host = str(ip).partition("%")[0]
                address = (host, port, 0, socket.if_nametoindex(ip.scope_id))
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, SOCKET_BUFFER_BYTES)
        ignore_refusals(sock)
        sock.setblocking(False)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _listen_error(exc: Exception, port: int) -> UserError:
    if getattr(exc, "errno", None) == errno.EADDRINUSE:
        return UserError(
            "port_in_use",
            "Port {port} is in use.",
            "Choose another one with --listen, or leave it out.",
            exit_code=3,
            port=port,
        )
    reason = str(exc) if isinstance(exc, OSError) else "bad port"
    if isinstance(exc, OSError) and exc.errno:
        reason = os.strerror(exc.errno)
    return UserError(
        "cannot_listen",
        "Cannot listen on port {port}: {reason}.",
        "Choose an address and port of this machine with --listen.",
        exit_code=3,
        port=port,
        reason=reason,
    )
