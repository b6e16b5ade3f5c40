"""An event loop whose time is virtual: a wait costs nothing and comes out the same every run."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

Result = TypeVar("Result")


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting it says how far to jump."""

    waited_s = 0.0

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("everything waits for something that never comes")
        self.waited_s += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Jumps from timer to timer."""

    def __init__(self) -> None:
        self._jumps = _JumpingSelector()
        super().__init__(self._jumps)

    def time(self) -> float:
        return self._jumps.waited_s


def run(main: Coroutine[None, None, Result]) -> Result:
    """Run ``main`` in virtual time, and fail if it leaves tasks behind."""
    loop = VirtualLoop()
    try:
        result = loop.run_until_complete(main)
        left = asyncio.all_tasks(loop)
        assert not left, f"tasks left behind: {left}"
        return result
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
