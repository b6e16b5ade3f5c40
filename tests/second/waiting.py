"""Waiting for what has no event."""

import asyncio
from collections.abc import Callable

LIMIT_S = 20.0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
