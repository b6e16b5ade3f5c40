"""What has happened outside of a room's session and waits for it: one queue of typed items.

Links, relays, doors and the socket put; the session takes (``p2p.node.session``) and does what
follows. So whoever reads where a message goes has one place to look.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crypto.contact import Contact
from crypto.ids import DhKey, EpochId, MemberId
from p2p.link.carried import CarriedLine
from p2p.link.line import Line
from p2p.wire.codec import Message
from p2p.wire.relay_messages import AskWrap

WAITING_MAX = 256
"""Items of others that wait; beyond them their lines have to wait."""
AT_ONCE = 16
"""Then sound and everything else get their turn."""


class ItemSource(Protocol):
    """Where an item of somebody else came from."""

    def breach(self, why: str) -> None:
        """It broke a rule; too many breaches end the line."""
        ...

    async def close(self) -> None:
        """Ends the line."""
        ...


@dataclass(frozen=True, slots=True)
class FromNeighbour:
    """A member said something over the link that we have with it."""

    member: MemberId
    message: Message
    source: Line


@dataclass(frozen=True, slots=True)
class NeighbourGone:
    """The line of a link has ended."""

    member: MemberId
    line: Line


@dataclass(frozen=True, slots=True)
class FromChannel:
    """A member said something over a private channel, which ends at us."""

    member: MemberId
    message: Message
    source: CarriedLine


@dataclass(frozen=True, slots=True)
class FloorCame:
    """A relay says floor operations, maybe new ones."""

    ops: Sequence[bytes]
    source: ItemSource


@dataclass(frozen=True, slots=True)
class GossipCame:
    """A relay brings what a member sealed to us or to all; names are as the relay has them."""

    frm: MemberId
    to: MemberId
    blob: bytes
    source: ItemSource


@dataclass(frozen=True, slots=True)
class WrapsCame:
    """A relay brings wraps of an epoch: ours, as the relay found it."""

    epoch: EpochId
    wraps: Sequence[bytes]
    source: ItemSource


@dataclass(frozen=True, slots=True)
class WrapAsked:
    """A relay brings the question of a member that lacks its wrap."""

    question: AskWrap
    source: ItemSource


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Other members are attached to our relays than before."""


@dataclass(frozen=True, slots=True)
class FirstRelayChanged:
    """Another relay carries our sound, or none does."""


@dataclass(frozen=True, slots=True)
class RelayUp:
    """A link to a relay is (again) there."""

    relay: Contact


@dataclass(frozen=True, slots=True)
class RelayMissed:
    """A relay of ours does not answer where we knew it to be."""

    relay: Contact


@dataclass(frozen=True, slots=True)
class RelayMoved:
    """A relay has said that it is at another address."""

    relay: Contact


@dataclass(frozen=True, slots=True)
class RelayDeaf:
    """A relay is there and answers no message: a firewall lets sound pass and nothing else."""

    relay: Contact


@dataclass(frozen=True, slots=True)
class LineUp:
    """Somebody dialled us and has proven the key; it wants to be let in."""

    line: Line
    dh: DhKey


@dataclass(frozen=True, slots=True)
class CarriedLineUp:
    """The same, over a line that a relay or a member carries."""

    line: CarriedLine
    dh: DhKey


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """Something in the room may have changed."""


@dataclass(frozen=True, slots=True)
class KeptOutside:
    """We wait outside until a moderator lets us in."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Our router gave us another address, or we are on another network."""


Foreign = FromNeighbour | FromChannel | FloorCame | GossipCame | WrapsCame | WrapAsked
Own = (
    NeighbourGone
    | PresenceChanged
    | FirstRelayChanged
    | RelayUp
    | RelayMissed
    | RelayMoved
    | RelayDeaf
    | LineUp
    | CarriedLineUp
    | RoomChanged
    | KeptOutside
    | Moved
)
Item = Foreign | Own


class Inbox:
    """See the module; what is put first is taken first."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._filled = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, item: Foreign) -> None:
        """Puts what somebody else said; while too much waits, its line waits."""
        while len(self._items) >= WAITING_MAX:
            self._taken.clear()
            await self._taken.wait()
        self._append(item)

    def post(self, item: Own) -> None:
        """Puts what our own program has noticed, which is bounded where it is noticed."""
        if not self._items or self._items[-1] != item:
            self._append(item)

    async def take(self) -> list[Item]:
        """Waits until something is there; then a part of it, the oldest first."""
        await self._filled.wait()
        items = [self._items.popleft() for _ in range(min(AT_ONCE, len(self._items)))]
        if not self._items:
            self._filled.clear()
        self._taken.set()
        return items

    def _append(self, item: Item) -> None:
        self._items.append(item)
        self._filled.set()
