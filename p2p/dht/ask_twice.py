"""One question to several nodes at once, and a second time where nothing was heard for a while."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

W = TypeVar("W")
A = TypeVar("A")


async def ask_twice(
    ask: Callable[[W], "asyncio.Future[A]"], whom: Iterable[W], again_s: float, more_s: float
) -> list[tuple[W, A]]:
    """Ask all; give who has answered what.

    Args:
        ask: Sends the question and gives what it comes to.
        whom: Each once.
        again_s: Seconds until whoever was silent is asked again.
        more_s: Seconds from then on.
    """
    comes = {ask(each): each for each in whom}
    if not comes:
        return []
    silent = (await asyncio.wait(comes, timeout=again_s))[1]
    again = {ask(comes[each]): comes[each] for each in silent}
    if again:
        await asyncio.wait(again, timeout=more_s)
    every = [*comes.items(), *again.items()]
    return [(each, future.result()) for future, each in every if future.done()]
