"""From the words alone to a door: a relay looks the room's record up (protocol.md, 5 and 9)."""

import asyncio
import os
import time

from cryptography.exceptions import InvalidSignature
from nacl.exceptions import CryptoError

from tests.second import records as r
from tests.second.invite import Contact, Invite
from tests.second.link import Link, Peer
from tests.second.question import HELLO
from tests.second.record import SLOTS, Slot
from tests.second.relay_line import RelayLine
from tests.second.wire import Wire
from tests.second.words import RoomKey

AGAIN_S, LIMIT_S = 4.0, 30.0
HOUR_S = 3600


async def find(words: str, relay: str) -> Invite:
    """What an invite would say; TimeoutError if no record comes."""
    key, line = RoomKey.of_words(words), RelayLine.parse(relay)
    secret = os.urandom(32)
    wire = await Wire.open("127.0.0.1", secret, line.dh)
    peer = Peer(line.address, line.dh, HELLO, bytes(32))
    link = await Link.dial(wire, peer, secret)
    try:
        async with asyncio.timeout(LIMIT_S):
            while not (contacts := await _look_up(link, key)):  # noqa: ASYNC110
                await asyncio.sleep(AGAIN_S)
    finally:
        await link.close()
        wire.close()
    return Invite(key, contacts, b"")


async def _look_up(link: Link, key: RoomKey) -> list[Contact]:
    slots = [Slot(key, int(time.time()) // HOUR_S, number) for number in range(SLOTS)]
    waiting = {slot.target: slot for slot in slots}
    for target in waiting:
        link.send(r.RESOLVE, target)
    found: list[Contact] = []
    while waiting:
        match await link.receive():
            case [r.RESOLVED, target, items] if target in waiting:
                slot = waiting.pop(target)
                found += [door for item in items for door in _doors(slot, item)]
    return found


def _doors(slot: Slot, item: bytes) -> list[Contact]:
    try:
        return slot.doors(item)
    except (ValueError, InvalidSignature, CryptoError):
        return []  # somebody else may store there, too
