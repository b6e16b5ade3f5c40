"""A place of this system at which a member listens, and programs that ask there."""

import asyncio
import sys

if sys.platform == "win32":
    from tui.ctl.pipe import Pipe
else:
    from tui.ctl.unix_socket import UnixSocket


def a_place(folder):
    """A place to listen at; elsewhere than on Windows in this folder."""
    return Pipe() if sys.platform == "win32" else UnixSocket(folder)


async def asking(place):
    """A program that has connected to an open place: what it reads from and writes to."""
    if sys.platform != "win32":
        return await asyncio.open_unix_connection(place._path)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.create_pipe_connection(lambda: protocol, place._name)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)
