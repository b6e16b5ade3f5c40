"""TCP in segments that fit everywhere, for lines where larger packets vanish without a word."""

import asyncio
import socket

SEGMENT_BYTES = 512
"""With the headers of IPv6 and TCP less than 576, which every line has to carry (RFC 791)."""
_ADDRESSES_MAX = 4
_MAXSEG = getattr(socket, "TCP_MAXSEG", None)  # Windows has it not


async def connected_small(host: str, port: int) -> socket.socket:
    """Connect; neither end will send more than ``SEGMENT_BYTES`` in a packet.

    Args:
        host: Name or IP literal; the first addresses of a name are tried in turn.
        port: TCP port.

    Raises:
        OSError: Nobody answers, or the system has no such sockets.
    """
    if _MAXSEG is None:
        raise OSError("segments have the size that the system likes")
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    problem = OSError("no address")
    for family, kind, protocol, _, address in found[:_ADDRESSES_MAX]:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            # Said in the first packet, so the other end heeds it too (RFC 9293 3.7.1).
            sock.setsockopt(socket.IPPROTO_TCP, _MAXSEG, SEGMENT_BYTES)
            await loop.sock_connect(sock, address)
        except OSError as exc:
            problem = exc
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise problem
