"""A relay by TCP: where UDP gets nowhere, and back to UDP once that works."""

import asyncio
import time

from p2p.link.dial import Ways
from p2p.link.link import MediaLink
from p2p.link.streams import Streams
from p2p.node.relays.trusted import RelayPlaces, looked_up_again
from p2p.wire.addresses import Address
from p2p.wire.web_place import WebPlace

STREAM_AFTER_S = 0.9
STREAM_AFTER_TRIPS = 4.0
"""Where UDP got no further for so long, and so many round trips, TCP is tried beside it."""
UDP_AGAIN_S = 10.0
UDP_AGAIN_MAX_S = 120.0
MOVED_S = 2.0
"""What is under way by TCP may take so long when a link has moved to UDP."""


class RelayStreams:
    """The streams to one relay."""

    def __init__(self, streams: Streams, dh: bytes, webs: tuple[WebPlace, ...]) -> None:
        self._streams = streams
        self._dh = dh
        self._webs = webs

    async def open(self) -> list[Address]:
        """Dials every place at once; returns the streams that are there when the first is."""
        dials = [
            asyncio.ensure_future(self._streams.dialer.dial(each, self._dh)) for each in self._webs
        ]
        try:
            for done in asyncio.as_completed(dials):
                if (stream := await done) is not None:
                    return [stream]
            return []
        finally:
            for dial in dials:
                dial.cancel()

    def close(self) -> None:
        """Ends them."""
        for each in self._webs:
            self._streams.hang_up(self._streams.dialer.address_of(each))


async def fall_back(link: MediaLink, streams: RelayStreams, ways: Ways) -> None:
    """Tries TCP where UDP gets nowhere, and leaves UDP alone as long as it gets on."""
    while True:
        await _until_stuck(link)
        opened = await streams.open()
        if opened:
            break
        await asyncio.sleep(STREAM_AFTER_S)
    for stream in opened:
        ways.add(stream)
    await _until_stuck(link)
    for stream in opened:
        link.late_candidate(stream)


async def _until_stuck(link: MediaLink) -> None:
    while True:
        patience_s = max(STREAM_AFTER_S, STREAM_AFTER_TRIPS * (link.rtt_s or 0.0))
        left_s = link.setup.progressed_s + patience_s - time.monotonic()
        if left_s <= 0.0:
            return
        await asyncio.sleep(left_s)


async def back_to_udp(link: MediaLink, places: RelayPlaces, streams: RelayStreams) -> None:
    """UDP loses what is late instead of all that comes after: a link by TCP looks for it.

    The relay may have moved: the name by which the stream went stands for another address then.
    """
    await asyncio.sleep(wait_s := UDP_AGAIN_S)
    addresses = (await looked_up_again(places)).addresses
    while link.is_up and link.by_stream:
        wait_s = min(UDP_AGAIN_MAX_S, 2.0 * wait_s)
        for address in addresses:
            link.late_candidate(address)
        await asyncio.sleep(MOVED_S)
        if link.by_stream:
            await asyncio.sleep(wait_s)
    if link.is_up:
        await asyncio.sleep(MOVED_S)
    streams.close()
