"""Binding a node's one UDP socket, and saying in plain words why it can not be bound."""

import contextlib
import errno
import ipaddress
import os
import socket

from p2p.errors import UserError
from p2p.link.windows_udp import ignore_refusals
from p2p.wire.addresses import Address

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
            return _bind(socket.AF_INET6, ("::", 0), dual=True)
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
    family = socket.AF_INET6 if ip.version == 6 else socket.AF_INET
    try:
        return _bind(family, (str(ip), listen[1]), dual=ip.is_unspecified)
    except (OSError, OverflowError) as exc:
        raise _listen_error(exc, listen[1]) from exc


def _bind(family: int, address: Address, *, dual: bool) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if dual else 1)
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
    reason = os.strerror(exc.errno) if isinstance(exc, OSError) and exc.errno else "bad port"
    return UserError(
        "cannot_listen",
        "Cannot listen on port {port}: {reason}.",
        "Choose an address and port of this machine with --listen.",
        exit_code=3,
        port=port,
        reason=reason,
    )
