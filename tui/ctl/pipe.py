"""The control socket on Windows: a named pipe that this user alone can open.

All pipes of a Windows stand in one list, which everybody may read and add to. So the kernel is told
who may open ours when it is made, and whoever asks looks whose a pipe is before it says a word.
"""

import asyncio
import contextlib
import ctypes
import hashlib
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from tui.ctl.listening import Serve
from tui.ctl.words import ANSWER_BYTES, LINE_BYTES

MEMBERS_MAX: Final = 8
LOOK_EVERY_S: Final = 0.02


def names(user: str) -> Iterator[str]:
    """Names of pipes that members of a user may have; in a list of pipes they say nothing.

    Args:
        user: Its SID, as text.
    """
    for place in range(MEMBERS_MAX):
        hashed = hashlib.sha256(f"teahouse ctl {user} {place}".encode()).hexdigest()
        yield rf"\\.\pipe\{hashed[:32]}"


if sys.platform == "win32":
    import _winapi
    from asyncio.windows_utils import PipeHandle

    from tui.ctl.pipe_owner import only_for, own_user, owner_of

    _OVERLAPPED, _FIRST, _BOTH_WAYS = 0x40000000, 0x00080000, 3
    _NOBODY_REMOTE, _INSTANCES_MAX = 8, 255
    _AS_NOBODY = 0x00100000
    """SECURITY_SQOS_PRESENT, SECURITY_ANONYMOUS: the other end can not act in our name."""
    _MISSING, _BUSY = 2, 231

    class Pipe:
        """Where a running member listens; one a member."""

        def __init__(self) -> None:
            self._name = ""
            self._rights = only_for(own_user())
            self._coming: asyncio.Future[Any] | None = None

        async def open(self, serve: Serve) -> None:
            """Begin to listen.

            Args:
                serve: Called with what comes from and goes to each program that asks.

            Raises:
                OSError: All places are taken, or Windows makes no pipe.
            """
            free = [name for name in names(own_user()) if not _is_there(name)]
            if not free:
                raise OSError(_BUSY, "too many members")
            self._name = free[0]
            self._wait(self._another(_FIRST), serve)

        def close(self) -> None:
            """End; Windows takes the name away with the last that has it open."""
            if self._coming is not None:
                self._coming.cancel()

        def _another(self, only_if_first: int = 0) -> PipeHandle:
            return PipeHandle(
                _winapi.CreateNamedPipe(
                    *(self._name, _BOTH_WAYS | _OVERLAPPED | only_if_first, _NOBODY_REMOTE),
                    *(_INSTANCES_MAX, ANSWER_BYTES, ANSWER_BYTES, 0),
                    ctypes.addressof(self._rights),
                )
            )

        def _wait(self, pipe: PipeHandle, serve: Serve) -> None:
            # asyncio's own start_serving_pipe lets everybody read, and takes no other wish.
            loop: Any = asyncio.get_running_loop()

            def came(coming: asyncio.Future[Any]) -> None:
                if coming.cancelled():
                    pipe.close()
                    return
                # The next is there before this one can end: nobody else finds the name free.
                self._wait(self._another(), serve)
                if coming.exception() is not None:  # it was gone at once
                    pipe.close()
                    return
                reader = asyncio.StreamReader(LINE_BYTES)
                protocol = asyncio.StreamReaderProtocol(reader, serve)
                loop._make_duplex_pipe_transport(pipe, protocol)  # noqa: SLF001

            self._coming = loop._proactor.accept_pipe(pipe)  # noqa: SLF001
            self._coming.add_done_callback(came)

    class PipeEnd:
        """What asks a member; it has of a socket what ``teahouse ctl`` needs.

        Args:
            handle: The open pipe.
            limit_s: How long an answer may take; None: for ever.
        """

        def __init__(self, handle: int, limit_s: float | None) -> None:
            self._handle = handle
            self._limit_s = limit_s

        def __enter__(self) -> "PipeEnd":
            return self

        def __exit__(self, *_: object) -> None:
            self.close()

        def settimeout(self, limit_s: float | None) -> None:
            """Say how long an answer may take from now on."""
            self._limit_s = limit_s

        def sendall(self, data: bytes) -> None:
            """Send; raises OSError when the member is gone."""
            _winapi.WriteFile(self._handle, data)

        def recv(self, most: int) -> bytes:
            """Wait for bytes; none when the member is gone.

            Raises:
                TimeoutError: Nothing came in time.
            """
            began_s = time.monotonic()
            try:
                while not _winapi.PeekNamedPipe(self._handle)[0]:
                    if self._limit_s is not None and time.monotonic() - began_s > self._limit_s:
                        raise TimeoutError
                    time.sleep(LOOK_EVERY_S)
                data, _ = _winapi.ReadFile(self._handle, most)
            except BrokenPipeError:
                return b""
            return bytes(data)

        def close(self) -> None:
            """Hang up."""
            if self._handle:
                _winapi.CloseHandle(self._handle)
                self._handle = 0

    def living(limit_s: float) -> list[PipeEnd]:
        """Connect to every member of this user that runs.

        Args:
            limit_s: How long an answer may take, and a pipe that is just being asked by others.
        """
        user = own_user()
        found = []
        for name in names(user):
            handle = _connected(name, limit_s)
            if handle is None:
                continue
            end = PipeEnd(handle, limit_s)
            with contextlib.suppress(OSError):
                if owner_of(handle) == user:
                    found.append(end)
                    continue
            end.close()
        return found

    def _connected(name: str, limit_s: float) -> int | None:
        for _ in range(2):
            try:
                rights = _winapi.GENERIC_READ | _winapi.GENERIC_WRITE
                return _winapi.CreateFile(name, rights, 0, 0, 3, _AS_NOBODY, 0)
            except OSError as error:
                if error.winerror != _BUSY:
                    return None
            with contextlib.suppress(OSError):
                _winapi.WaitNamedPipe(name, round(limit_s * 1000))
        return None

    def _is_there(name: str) -> bool:
        """Whether somebody has such a pipe; no rights are needed to know it."""
        try:
            _winapi.WaitNamedPipe(name, 1)
        except OSError as error:
            return error.winerror != _MISSING
        return True
