"""Tasks of one owner: they end with it, and one that fails takes nobody along."""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from types import TracebackType
from typing import Any

LOG = logging.getLogger("teahouse.work")
CANCEL_AGAIN_S = 1.0


class Work:
    """A task group whose children may fail.

    A peer must not be able to end a room by tripping a bug in the handling of its link: a child's
    unexpected error is counted and logged by type, and its siblings go on. Leaving the context
    cancels all children and waits for them.
    """

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self._group = asyncio.TaskGroup()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Work":
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            # More than once: what is cancelled just as it gets a result may go on with that.
            while pending := [task for task in self._tasks if not task.done()]:
                for task in pending:
                    task.cancel()
                await asyncio.wait(pending, timeout=CANCEL_AGAIN_S)
        finally:
            # Children never fail here, so the owner's own error passes on as it is.
            await self._group.__aexit__(None, None, None)

    def create_task(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Starts a child."""
        task = self._group.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # if it ended before it began
        return task

    async def _guard(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as exc:
            self.note_failure(exc)

    def note_failure(self, exc: Exception) -> None:
        """Counts and logs an error that nobody expected, and after which the owner goes on."""
        # Only the type: messages of libraries may hold addresses.
        self.failures[type(exc).__name__] += 1
        LOG.warning("a task failed: %s", type(exc).__name__)
        LOG.debug("its trace", exc_info=exc)
