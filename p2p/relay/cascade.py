"""Where a relay stands in the tree of one room, and its links to other relays there. Sans-IO.

``p2p.mesh.tree`` says who hangs where; here its messages become those of the wire, and its nodes
links. Each relay hangs only under relays that the room names before it, so the tree has no loop as
long as all know the same order. A second parent's link carries operations and heartbeats, no sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crypto.ids import DhKey, RoomId
from p2p.mesh.tree.place import Place
from p2p.mesh.tree.row import Ask, Left, Row, Taken, Told, TreeMessage, Turned, Want
from p2p.rng import Rng
from p2p.wire.codec import Message
from p2p.wire.relay_messages import JoinTree, Standing

CHILDREN_MAX = 8
LINK_S = 6.0
"""So long another relay may take to answer a call and a question; a call alone may take five."""
WANTS: tuple[Want, ...] = ("sound", "warm", "look")
TOLD, TURNED = 0, 3
SAID: dict[int, Want] = {1: "sound", 2: "warm"}


@dataclass(frozen=True, slots=True)
class Say:
    """To be sent over a link."""

    link: int
    message: Message


@dataclass(frozen=True, slots=True)
class Reach:
    """A relay is to be called: there is no link to it yet."""

    dh: DhKey


@dataclass(frozen=True, slots=True)
class Part:
    """A link has to end."""

    link: int


Step = Say | Reach | Part


class Cascade:
    """One relay in the tree of one room.

    Args:
        room: Its id.
        own_dh: The relay's public key.
        rng: Source of random bytes.
        now: Monotonic seconds.

    Attributes:
        own_dh: The same key.
        links: To other relays of the room, by their keys.
    """

    def __init__(self, room: RoomId, own_dh: DhKey, rng: Rng, now: float) -> None:
        self.own_dh = own_dh
        self.links: dict[DhKey, int] = {}
        self._room = room
        self._place = Place(own_dh, CHILDREN_MAX, rng, now, LINK_S)
        self._order: tuple[DhKey, ...] = ()
        self._reaching: dict[DhKey, JoinTree] = {}

    @property
    def is_named(self) -> bool:
        """Whether the room names this relay."""
        return self.own_dh in self._order

    @property
    def parent(self) -> DhKey | None:
        """Key of the relay under which this one hangs; None: of none."""
        first = self._place.parents.first
        return None if first is None else first.node

    @property
    def second(self) -> DhKey | None:
        """Key of the relay that would take its place at once."""
        second = self._place.parents.second
        return None if second is None else second.node

    @property
    def depth(self) -> int:
        """How many relays sound crosses from the root to here."""
        return self._place.row.depth

    @property
    def children(self) -> int:
        """How many relays get sound from here."""
        return len(self._place.children.hearing)

    @property
    def joined(self) -> dict[DhKey, bool]:
        """Relays that we are joined to: whether sound goes over the link."""
        ours = dict.fromkeys(self._place.children.all, False)
        ours |= dict.fromkeys(self._place.children.hearing, True)
        ours |= {self.second: False} if self.second is not None else {}
        return ours | ({self.parent: True} if self.parent is not None else {})

    def set_order(self, order: Sequence[DhKey], now: float) -> None:
        """The room's relays, first the root; a relay not among them hangs under none."""
        keys = tuple(dict.fromkeys(order))
        if keys == self._order:
            return
        for gone in set(self._order) - set(keys):
            self.lost(gone, now)
        self._order = keys
        self._place.set_order(keys)

    def receive(self, message: JoinTree | Standing, dh: DhKey, now: float) -> None:
        """Takes what another relay says of itself in this room."""
        if not self.is_named or dh not in self._order:
            return
        if isinstance(message, JoinTree):
            self._place.receive(Ask(WANTS[message.want], CHILDREN_MAX), dh, now)
            return
        row = Row(dh, message.above, message.delay_ms, message.is_open, message.is_open)
        answer: TreeMessage = Told(row)
        if message.says == TURNED:
            answer = Turned(row if message.is_placed else None)
        elif message.says != TOLD:
            answer = Taken(SAID[message.says], row)
        self._place.receive(answer, dh, now)

    def linked(self, dh: DhKey, link: int) -> list[Step]:
        """A link to another relay is there; gives what is to be said over it at first."""
        self.links[dh] = link
        ask = self._reaching.pop(dh, None)
        return [] if ask is None else [Say(link, ask)]

    def lost(self, dh: DhKey, now: float) -> None:
        """A relay is gone, did not answer a call, or may not be called."""
        self.links.pop(dh, None)
        self._reaching.pop(dh, None)
        self._place.lost(dh, now)

    def refused(self, dh: DhKey, now: float) -> None:
        """A relay answered that it does not carry this room: as good as gone."""
        self._reaching.pop(dh, None)
        self._place.lost(dh, now)

    def leave(self) -> None:
        """This relay stops: others shall hang under it no longer."""
        self._place.leave()

    def on_timer(self, now: float) -> None:
        """Call now and then."""
        if self.is_named:
            self._place.on_timer(now)

    def next_steps(self) -> list[Step]:
        """What is to be done by now."""
        steps: list[Step] = []
        for dh, message in self._place.to_send():
            link = self.links.get(dh)
            said = self._said(message)
            if isinstance(message, Left):
                steps += [] if link is None else [Part(link)]
                self.links.pop(dh, None)
            elif link is not None and said is not None:
                steps.append(Say(link, said))
            elif isinstance(message, Ask):
                known = dh in self._reaching
                self._reaching[dh] = self._asking(message)
                steps += [] if known else [Reach(dh)]
        return steps

    def _said(self, message: TreeMessage) -> Message | None:
        """A message of the tree as it goes over a link."""
        match message:
            case Ask():
                return self._asking(message)
            case Taken(want=want, row=row):
                return self._standing(1 + WANTS.index(want), row)
            case Turned(row=there):
                return self._standing(TURNED, there)
            case Told(row=row):
                return self._standing(TOLD, row)
            case _:
                return None

    def _asking(self, ask: Ask) -> JoinTree:
        return JoinTree(self._room, WANTS.index(ask.want))

    def _standing(self, says: int, row: Row | None) -> Standing:
        at, is_placed = row or Row(self.own_dh), row is not None
        return Standing(self._room, says, is_placed, at.above, at.delay_ms, at.carrier)
