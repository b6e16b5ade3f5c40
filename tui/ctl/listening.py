"""Where a member listens on this system, and how its members are reached."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, Self

from p2p.errors import UserError
from tui.i18n import mark

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listening(Protocol):
    """A place of a running member that other programs of its user reach, and nobody else."""

    async def open(self, serve: Serve) -> None:
        """Begin to listen; raises OSError if there is no place."""
        ...

    def close(self) -> None:
        """End, and leave nothing behind."""
        ...


class Reached(Protocol):
    """A running member of this user, as ``teahouse ctl`` has it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def settimeout(self, limit_s: float | None, /) -> None:
        """Say how long an answer may take; None: for ever."""
        ...

    def sendall(self, data: bytes, /) -> None:
        """Send; raises OSError when the member is gone."""
        ...

    def recv(self, most: int, /) -> bytes:
        """Wait for bytes; none when the member is gone."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


def a_place() -> Listening:
    """Return where a member of this process is going to listen.

    Raises:
        UserError: There is no place that is this user's alone.
    """
    if sys.platform == "win32":
        from tui.ctl.pipe import Pipe

        return Pipe()
    if sys.platform == "linux":
        from tui.ctl.place import folder
        from tui.ctl.unix_socket import UnixSocket

        return UnixSocket(folder(os.environ.get("XDG_RUNTIME_DIR"), make=True))
    raise _none_here()


def reached(limit_s: float) -> Sequence[Reached]:
    """Connect to every member of this user that listens here.

    Args:
        limit_s: How long one may take.

    Raises:
        UserError: There is no place that is this user's alone.
    """
    if sys.platform == "win32":
        from tui.ctl import pipe

        return pipe.living(limit_s)
    if sys.platform == "linux":
        from tui.ctl import place

        return place.living(place.folder(os.environ.get("XDG_RUNTIME_DIR"), make=False), limit_s)
    raise _none_here()


def _none_here() -> UserError:
    return UserError(
        "no_ctl_here",
        mark("`teahouse ctl` does not work on this system yet."),
        mark("Leave --ctl out, and use the keys of the screen."),
        1,
    )
