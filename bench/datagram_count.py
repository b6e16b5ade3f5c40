"""Counting what arrives on many sockets without being woken for each datagram.

A listener of a bench is to cost next to nothing: its datagrams wait in the kernel and are counted
a few times a second.
"""

import asyncio
import socket
from collections.abc import Callable

EVERY_S = 0.1
_MAX_BYTES = 2048


class Count:
    """Counts datagrams of sockets that the event loop does not watch (any more).

    Attributes:
        counted: Datagrams that ``is_sound``.
    """

    def __init__(self) -> None:
        self.counted = 0
        self._socks: list[tuple[socket.socket, Callable, Callable | None, Callable]] = []
        self._task: asyncio.Task | None = None

    def add(
        self,
        sock: socket.socket,
        is_sound: Callable[[bytes], bool],
        other: Callable[[bytes, tuple], None] | None = None,
        heard: Callable[[], None] = lambda: None,
    ) -> None:
        """From now on counts here.

        Args:
            sock: Non-blocking.
            is_sound: Tells by a datagram's bytes whether it counts.
            other: Takes what does not count, with its sender.
            heard: Called when something was counted here.
        """
        self._socks.append((sock, is_sound, other, heard))
        if self._task is None:
            self._task = asyncio.ensure_future(self._sweep_for_ever())

    def sweep(self) -> int:
        """Counts what is there now; returns ``counted``."""
        for sock, is_sound, other, heard in self._socks:
            before = self.counted
            while True:
                try:
                    data, sender = sock.recvfrom(_MAX_BYTES)
                except BlockingIOError:
                    break
                if is_sound(data):
                    self.counted += 1
                elif other is not None:
                    other(data, sender)
            if self.counted > before:
                heard()
        return self.counted

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            self.sweep()
