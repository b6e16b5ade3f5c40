"""Tells systemd that the relay is ready, alive, or stopping (sd_notify(3)). Nothing elsewhere."""

import contextlib
import os
import socket
import sys
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"
ALIVE = "WATCHDOG=1"


class Notifier:
    """One service's line to its manager.

    Args:
        environ: Where the manager left the socket's name.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        # A name that begins with @ is in the abstract namespace, written with a zero byte.
        self._name = "\0" + name[1:] if name.startswith("@") else name
        watchdog_us = environ.get("WATCHDOG_USEC", "")
        self.alive_every_s: float | None = None
        if self._name and watchdog_us.isascii() and watchdog_us.isdigit():
            self.alive_every_s = max(0.5, int(watchdog_us[:15]) / 1e6 / 3)

    def say(self, state: str) -> None:
        """Sends one state; without a manager, or if it is gone, nothing happens."""
        if self._name and sys.platform != "win32":
            with (
                contextlib.suppress(OSError),
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line,
            ):
                line.connect(self._name)
                line.send(state.encode())
