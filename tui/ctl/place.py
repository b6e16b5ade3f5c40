"""Where the Unix sockets of running members are, and whether that place is safe.

The folder for what lives as long as a login (``XDG_RUNTIME_DIR``) is in memory, not on a disk. Both
it and our own folder in it have to belong to this user alone; there is no second place.
"""

import contextlib
import os
import socket
import stat
import struct
import sys
from pathlib import Path

from p2p.errors import UserError
from tui.i18n import mark

FOLDER = "teahouse"
SUFFIX = ".ctl"
_UNREACHABLE = 1
_CREDENTIALS = struct.Struct("3i")
"""Process, user and group of a peer (``struct ucred``, unix(7))."""


def folder(runtime: str | None, *, make: bool) -> Path:
    """Return our folder.

    Args:
        runtime: The value of ``XDG_RUNTIME_DIR``.
        make: Whether to make it if it is not there.

    Raises:
        UserError: ``no_runtime_folder``: there is none; ``unsafe_folder``: others could get in.
    """
    if not runtime or not os.path.isabs(runtime):
        raise UserError(
            "no_runtime_folder",
            mark("There is no folder for the control socket: XDG_RUNTIME_DIR is not set."),
            mark(
                "It is set where one has logged in; in a container set it to a folder of mode 0700."
            ),
            _UNREACHABLE,
        )
    _require_own(Path(runtime))
    ours = Path(runtime) / FOLDER
    if make:
        with contextlib.suppress(FileExistsError, OSError):
            ours.mkdir(mode=0o700)
    if make or ours.exists():
        _require_own(ours)
    return ours


def _require_own(path: Path) -> None:
    try:
        found = path.lstat()
    except OSError:
        raise _unsafe() from None
    own = sys.platform == "linux" and found.st_uid == os.getuid()
    if not stat.S_ISDIR(found.st_mode) or not own or found.st_mode & 0o077:
        raise _unsafe()


def _unsafe() -> UserError:
    return UserError(
        "unsafe_folder",
        mark("The folder for the control socket is not safe: others may get in, or it is a link."),
        mark("XDG_RUNTIME_DIR and `teahouse` in it have to be yours alone, of mode 0700."),
        _UNREACHABLE,
    )


def is_ours(peer: socket.socket) -> bool:
    """Whether the process at the other end of a socket belongs to this user."""
    if sys.platform != "linux":
        return False
    data = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(data)
    return bool(uid == os.getuid())


def living(ours: Path, limit_s: float) -> list[socket.socket]:
    """Connect to every member that runs; what a crash has left is taken away.

    Args:
        ours: Our folder.
        limit_s: How long one may take.

    Returns:
        Connected sockets, each to a process of this user.
    """
    found: list[socket.socket] = []
    if sys.platform != "linux":
        return found
    for path in sorted(ours.glob(f"*{SUFFIX}")):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.settimeout(limit_s)
        try:
            peer.connect(str(path))
        except ConnectionRefusedError:
            peer.close()
            path.unlink(missing_ok=True)
        except OSError:
            peer.close()
        else:
            if is_ours(peer):
                found.append(peer)
            else:
                peer.close()
    return found
