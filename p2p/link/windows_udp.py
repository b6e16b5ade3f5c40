"""What a UDP socket needs on Windows so that nobody can end its reading from outside.

There a refusal by one host (ICMP "port unreachable") is an error of the next read, whoever that
would have been from, and asyncio's Proactor loop begins no new read after an error.
"""

import asyncio
import ctypes
import socket
import sys
from typing import Any

RESETS = (0x9800000C, 0x9800000F)
"""SIO_UDP_CONNRESET, SIO_UDP_NETRESET: whether refusals are told as errors of the socket."""
AGAIN_AFTER_S = 0.1
"""So that an error that stays, as without any network, costs nothing worth speaking of."""


def ignore_refusals(sock: socket.socket) -> None:
    """Has Windows keep refusals to itself; elsewhere a socket is not told of them anyway.

    A system that does not know one of the switches has nothing to switch off.
    """
    if sys.platform == "win32":
        library = ctypes.WinDLL("ws2_32")
        call = library.WSAIoctl
        call.argtypes = (
            *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32),
            *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p),
        )
        off, returned = ctypes.c_int(0), ctypes.c_uint32(0)
        for switch in RESETS:
            call(
                *(sock.fileno(), switch, ctypes.byref(off), ctypes.sizeof(off)),
                *(None, 0, ctypes.byref(returned), None, None),
            )


def read_again(transport: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Begins the read that the Proactor loop left out after an error.

    Args:
        transport: A datagram transport of that loop; of any other nothing is touched.
        loop: The loop.
    """
    loop.call_later(AGAIN_AFTER_S, _begin, transport)


def _begin(transport: Any) -> None:
    # asyncio has no public way to do this, up to Python 3.14.
    if getattr(transport, "_read_fut", transport) is None and not transport.is_closing():
        transport._loop_reading()  # noqa: SLF001
