"""Keeps what this process has in its memory from the disk, and from others on the machine.

A crash must not leave a file with the room's words in it. On Linux a process that is not *dumpable*
leaves none, whoever collects them, and no other process of the same user can read its memory or
attach to it (prctl(2), core(5)). Elsewhere the limit on the size of such files is all there is.

Memory is locked, so that it does not get into the swap, only where that can not fail later:
an ordinary user may lock so little that the next allocation would fail (mlockall(2)).
"""

import ctypes
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

Leak = Literal["core", "swap"]

_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4
_LOCK_WHAT_IS_AND_COMES_ONCE_TOUCHED: Final = 1 | 2 | 4
"""MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT: stacks of threads take no more memory than they need."""
_CAP_IPC_LOCK: Final = 14


def shut_memory() -> tuple[Leak, ...]:
    """Keep the memory of this process from the disk, for good.

    Returns:
        Where it can get all the same: into a ``core`` file, into the ``swap``.
    """
    leaks: list[tuple[Leak, Callable[[], bool]]] = [
        ("core", _leaves_no_core),
        ("swap", lambda: not _swaps() or _locks_memory()),
    ]
    return tuple(leak for leak, is_shut in leaks if not is_shut())


def _leaves_no_core() -> bool:
    if sys.platform == "win32":
        return False
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return True
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return bool(libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 0)


def _swaps() -> bool:
    """Tell whether this machine writes memory to a disk, as far as it says so."""
    try:
        return len(Path("/proc/swaps").read_bytes().splitlines()) > 1
    except OSError:
        return True


def _locks_memory() -> bool:
    if sys.platform != "linux" or not _may_lock_all():
        return False
    return bool(ctypes.CDLL(None).mlockall(_LOCK_WHAT_IS_AND_COMES_ONCE_TOUCHED) == 0)


def _may_lock_all() -> bool:
    """Tell whether memory that comes later can be locked as well, however much."""
    if sys.platform != "linux":
        return False
    import resource

    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY:
        return True
    try:
        status = Path("/proc/self/status").read_bytes().splitlines()
    except OSError:  # no /proc here: nobody says that we may
        return False
    capable = next((line.split()[1] for line in status if line.startswith(b"CapEff:")), b"0")
    return bool(int(capable, 16) >> _CAP_IPC_LOCK & 1)
