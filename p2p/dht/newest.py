"""The items of a walk, when one need not wait for its end."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Protocol, TypeVar


class _Numbered(Protocol):
    @property
    def seq(self) -> int:
        """A higher one replaces a lower one."""


T = TypeVar("T", bound=_Numbered)


async def newest_first(
    items: AsyncGenerator[T, None], deadline_s: float, grace_s: float
) -> list[T]:
    """Gather what a walk finds, highest number first.

    Args:
        items: As they come; closed in the end.
        deadline_s: Seconds that all of it may take.
        grace_s: Seconds after the first item in which others count.
    """
    found: list[T] = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline_s) as limit, contextlib.aclosing(items):
            async for item in items:
                found.append(item)
                if len(found) == 1:
                    limit.reschedule(asyncio.get_running_loop().time() + grace_s)
    return sorted(found, key=lambda item: -item.seq)
