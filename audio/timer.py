"""Exact timers while sound runs. Windows rounds every wait up to its own step of 15.6 ms otherwise.

A block of sound lasts 10 ms, so it would come in heaps. Other systems are exact by themselves.
"""

import ctypes
import sys
from typing import Final

STEP_MS: Final = 1
_PROCESS_POWER_THROTTLING: Final = 4
_VERSION_1: Final = 1
_IGNORE_TIMER_RESOLUTION: Final = 4


class ExactTimer:
    """A wish of one thread for exact timers, for as long as it has something to do.

    They cost battery, so that a worker that rests takes the wish back.
    """

    def __init__(self) -> None:
        self._wanted = False

    def want(self, *, wanted: bool) -> None:
        """Have waits end within ``STEP_MS`` from now on, or whenever that costs least."""
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if sys.platform == "win32":
            library = ctypes.WinDLL("winmm")
            if wanted:
                _even_in_the_background()
                library.timeBeginPeriod(STEP_MS)
            else:
                library.timeEndPeriod(STEP_MS)


def _even_in_the_background() -> None:
    """Windows 11 forgets the wish of a program whose window is covered; not for this one."""
    if sys.platform == "win32":
        library = ctypes.windll.kernel32
        library.GetCurrentProcess.restype = ctypes.c_void_p
        process = ctypes.c_void_p(library.GetCurrentProcess())
        state = (ctypes.c_uint32 * 3)(_VERSION_1, _IGNORE_TIMER_RESOLUTION, 0)
        library.SetProcessInformation(
            process, _PROCESS_POWER_THROTTLING, state, ctypes.sizeof(state)
        )
