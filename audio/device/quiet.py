"""Keeps what C sound libraries print off the screen.

ALSA, JACK and PortAudio write to C's ``stderr`` from threads of their own, at any time while a
stream lives, and a terminal screen that Python draws through the same descriptor is torn by it.
Descriptor 2 itself must therefore stay as it is: only the C library's own stream is led away.
"""

import ctypes
import os
import platform
import sys

_moved = False


def quiet_c_stderr() -> bool:
    """Point C's ``stderr`` stream at the null device, once, for the rest of the process.

    Python's ``sys.stderr`` writes to the descriptor and is not touched, nor are child processes.

    Returns:
        True if it is quiet now; False on systems where that stream cannot be replaced (only
        glibc documents ``stderr`` as a variable that a program may assign).
    """
    global _moved
    if not _moved and sys.platform == "linux" and platform.libc_ver()[0] == "glibc":
        _moved = _lead_away()
    return _moved


def _lead_away() -> bool:
    everything = ctypes.CDLL(None)
    everything.fopen.restype = ctypes.c_void_p
    everything.fopen.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
    null_stream = everything.fopen(os.devnull.encode(), b"w")
    if not null_stream:
        return False
    # Looked up through the program: it may hold the copy of the variable that all libraries use.
    ctypes.c_void_p.in_dll(everything, "stderr").value = null_stream
    return True
