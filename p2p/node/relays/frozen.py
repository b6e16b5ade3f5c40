"""A flow that somebody stops in the middle: the link moves to a fresh one by TCP, with its keys.

Some networks let each flow pass for some kilobytes and then swallow all of it. The relay is there,
and so is the link; what is missing is a way that has not been used yet.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from p2p.clock import to_beat
from p2p.wire.addresses import Address

FROZEN_S = 0.7
"""A relay where we sit is heard every 0.15 s; four in a row are rarely lost."""
LOOK_EVERY_S = 0.1
AGAIN_S = 3.0


class Flow(Protocol):
    """What is needed of a link to a relay."""

    @property
    def is_up(self) -> bool:
        """Whether it has not ended."""

    @property
    def by_stream(self) -> bool:
        """Whether it runs over TCP now."""

    @property
    def last_heard_s(self) -> float:
        """Monotonic seconds when the relay proved that it is there."""

    def late_candidate(self, address: Address) -> None:
        """Moves it to an address if that works."""


class Dials(Protocol):
    """Streams to the same relay."""

    async def open(self) -> list[Address]:
        """Dials; returns the streams that are open."""

    def close(self) -> None:
        """Ends them."""


def _is_stopped(link: Flow) -> bool:
    return not link.by_stream and time.monotonic() - link.last_heard_s >= FROZEN_S


async def move_when_frozen(
    link: Flow, streams: Dials, is_seated: Callable[[], bool], on_moved: Callable[[], None]
) -> None:
    """Watches a link by UDP until it has ended.

    Args:
        link: To a relay.
        streams: To the same relay.
        is_seated: Whether we sit there, so that it says something all the time.
        on_moved: Called when the link runs over a stream.
    """
    while link.is_up:
        heard_s = link.last_heard_s
        if not is_seated() or not _is_stopped(link):
            await asyncio.sleep(to_beat(time.monotonic(), LOOK_EVERY_S))
            continue
        opened = await streams.open()
        if link.last_heard_s > heard_s:  # it was a hole, and no more
            streams.close()
            continue
        for address in opened:
            link.late_candidate(address)
        await asyncio.sleep(AGAIN_S)
        if link.by_stream:
            on_moved()
