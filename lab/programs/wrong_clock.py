"""The program on a machine whose clock is wrong: ``wrong_clock.py AHEAD_S ARGUMENT ...``."""

import runpy
import sys
import time

_right = time.time


def main() -> None:
    """Runs the program with a clock that is that many seconds ahead."""
    ahead_s = float(sys.argv.pop(1))
    time.time = lambda: _right() + ahead_s
    runpy.run_module("tui", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
