"""What the nodes of a tree say to each other of their places. Sans-IO.

A node is a relay, or a member: some carry, which means that they pass sound on to others, most
are listeners. Each has one parent that it hears, and a second one, warm, that it does not. Nothing
here is signed: a row is its sender's word, and no rule that keeps the tree free of loops needs it
to be true of any node but the honest ones.
"""

from typing import Literal, NamedTuple

from crypto.ids import DhKey
from p2p.wire.relay_messages import DELAY_MAX_MS, DEPTH_MAX

ROWS_MAX = 8
OPEN_MAX = 3
"""So many nodes that have a place a child names to its parent, of each kind."""

Want = Literal["sound", "warm", "look"]


class Row(NamedTuple):
    """A node's place.

    Attributes:
        node: Its key.
        above: Keys of the nodes above it, the root's first; as many as it is deep.
        delay_ms: How old sound is when it has it, counted from the root.
        leaf: Whether it has a place for a listener.
        carrier: Whether it has one for a node that carries, which takes a listener's place as well.
    """

    node: DhKey
    above: tuple[DhKey, ...] = ()
    delay_ms: int = 0
    leaf: bool = False
    carrier: bool = False

    @property
    def depth(self) -> int:
        """Hops from the root."""
        return len(self.above)

    def has_place(self, *, carries: bool) -> bool:
        """Whether it has a place for a node that carries, or for one that does not."""
        return self.carrier if carries else self.leaf

    def is_sane(self, own: DhKey) -> bool:
        """Whether somebody could stand there that does not stand below ``own``."""
        node, above = self.node, self.above
        return (
            len(above) <= DEPTH_MAX
            and node != own
            and own not in above
            and node not in above
            and len(set(above)) == len(above)
            and 0 <= self.delay_ms <= DELAY_MAX_MS
        )


class Ask(NamedTuple):
    """To a node: be my parent, or my second one, or only tell me where there are places.

    Attributes:
        want: Which of these.
        slots: To how many children the asker passes sound on; 0: it is a listener.
    """

    want: Want
    slots: int


class Taken(NamedTuple):
    """The answer: I am.

    Attributes:
        want: What was asked for.
        row: Where it stands.
    """

    want: Want
    row: Row


class Turned(NamedTuple):
    """The answer: I have no place. Unasked, from a parent: find another one.

    Attributes:
        row: Where it stands; None: nowhere.
        rows: Nodes below it that have one, or might know of one.
    """

    row: Row | None
    rows: tuple[Row, ...] = ()


class Told(NamedTuple):
    """To parents and children: where I stand has changed.

    Attributes:
        row: There.
        open: To a parent: nodes of my branch that have places.
    """

    row: Row
    open: tuple[Row, ...] = ()


class Left(NamedTuple):
    """To a parent, or to all who were linked: I am not your child, or nobody's parent, any more."""


TreeMessage = Ask | Taken | Turned | Told | Left
