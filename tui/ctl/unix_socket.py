"""The control socket where there are Unix sockets."""

import asyncio
import os
import sys
from pathlib import Path

from tui.ctl.listening import Serve
from tui.ctl.place import SUFFIX, is_ours, living
from tui.ctl.words import CLIENTS_MAX, LINE_BYTES


class UnixSocket:
    """Where a running member listens; one a member.

    Args:
        ours: The folder, checked.
    """

    def __init__(self, ours: Path) -> None:
        self._path = ours / f"{os.getpid()}{SUFFIX}"
        self._server: asyncio.Server | None = None

    async def open(self, serve: Serve) -> None:
        """Begin to listen; the socket is of mode 0600, in a folder that nobody else can enter.

        Args:
            serve: Called with what comes from and goes to each program of this user that asks.

        Raises:
            OSError: There is no place for it.
        """
        if sys.platform == "win32":
            return

        async def serve_ours(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if is_ours(writer.get_extra_info("socket")):
                await serve(reader, writer)
            else:
                writer.transport.abort()

        for left in living(self._path.parent, 1.0):
            left.close()
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(
            serve_ours, self._path, limit=LINE_BYTES, backlog=CLIENTS_MAX
        )
        self._path.chmod(0o600)

    def close(self) -> None:
        """End, and leave no file behind."""
        self._path.unlink(missing_ok=True)
        if self._server is not None:
            self._server.close()
