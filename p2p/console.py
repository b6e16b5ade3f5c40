"""What Windows tells a program in a console: Ctrl+Break, a closed window, the end of the session.

It says so in a thread that it makes for it, and ends the program when that thread comes back or
takes too long (HandlerRoutine callback; SetConsoleCtrlHandler). Other systems send signals.
"""

import contextlib
import ctypes
import sys
import time
from collections.abc import Callable
from typing import Final

CTRL_C: Final = 0
CTRL_BREAK: Final = 1
CLOSED: Final = 2
LOGGED_OFF: Final = 5
SHUT_DOWN: Final = 6
ENDS: Final = (CTRL_BREAK, CLOSED, LOGGED_OFF, SHUT_DOWN)
TO_PART_S: Final = 4.5
"""Windows waits for 5 s after its window was closed, unless its owner has set another time."""

_told: list[object] = []
"""What Windows may call: it must not be thrown away."""


def on_console_end(
    stop: Callable[[], object], events: tuple[int, ...] = ENDS
) -> Callable[[], None]:
    """Has ``stop`` called when the console says that the program is to end.

    After a window was closed the program has ``TO_PART_S`` to end by itself.

    Args:
        stop: Called in a thread that is not ours, again for each event; must not block.
        events: Of which the program is told; the others do what they would without.

    Returns:
        What takes the wish back.
    """
    if sys.platform == "win32":

        def tell(event: int) -> int:
            if event not in events:
                return 0
            with contextlib.suppress(RuntimeError):  # its event loop has ended just now
                stop()
            if event not in (CTRL_C, CTRL_BREAK):
                time.sleep(TO_PART_S)  # the program ends meanwhile, and this thread with it
            return 1

        library = ctypes.windll.kernel32
        handler = ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint32)(tell)
        _told.append(handler)
        library.SetConsoleCtrlHandler(handler, 1)
        return lambda: library.SetConsoleCtrlHandler(handler, 0)
    return lambda: None
