"""Where a member stands in the room, and every way from one place to another, as one table.

``room.Room`` lets a command through only if the table has it; ``state.evaluate`` reaches the same
place from the operations alone (a test walks every row). No place is a dead end: a hand can be
lowered, an invitation lapses, a stage can be left, and whatever is gone stays gone.
"""

from collections.abc import Mapping
from enum import StrEnum


class Stage(StrEnum):
    """A member's place."""

    HOST = "host"
    LISTENING = "listening"
    HAND_UP = "hand_up"
    INVITED = "invited"
    SPEAKING = "speaking"
    MUTED = "muted"
    LEFT = "left"
    REMOVED = "removed"
    OUTSIDE = "outside"


class Act(StrEnum):
    """What moves a member: its own acts first, then those of the host towards it."""

    RAISE = "raise"
    LOWER = "lower"
    TAKE = "take"
    DECLINE = "decline"
    AUDIENCE = "audience"
    LEAVE = "leave"
    ACCEPT = "accept"
    LAPSE = "lapse"
    MUTE = "mute"
    UNMUTE = "unmute"
    DOWN = "down"
    REMOVE = "remove"


NEXT: Mapping[tuple[Stage, Act], Stage] = {
    (Stage.LISTENING, Act.RAISE): Stage.HAND_UP,
    (Stage.LISTENING, Act.ACCEPT): Stage.INVITED,
    (Stage.LISTENING, Act.LEAVE): Stage.LEFT,
    (Stage.LISTENING, Act.REMOVE): Stage.REMOVED,
    (Stage.HAND_UP, Act.LOWER): Stage.LISTENING,
    (Stage.HAND_UP, Act.ACCEPT): Stage.INVITED,
    (Stage.HAND_UP, Act.DOWN): Stage.LISTENING,
    (Stage.HAND_UP, Act.LEAVE): Stage.LEFT,
    (Stage.HAND_UP, Act.REMOVE): Stage.REMOVED,
    (Stage.INVITED, Act.TAKE): Stage.SPEAKING,
    (Stage.INVITED, Act.LOWER): Stage.LISTENING,
    (Stage.INVITED, Act.DECLINE): Stage.LISTENING,
    (Stage.INVITED, Act.LAPSE): Stage.LISTENING,
    (Stage.INVITED, Act.DOWN): Stage.LISTENING,
    (Stage.INVITED, Act.LEAVE): Stage.LEFT,
    (Stage.INVITED, Act.REMOVE): Stage.REMOVED,
    (Stage.SPEAKING, Act.AUDIENCE): Stage.LISTENING,
    (Stage.SPEAKING, Act.MUTE): Stage.MUTED,
    (Stage.SPEAKING, Act.DOWN): Stage.LISTENING,
    (Stage.SPEAKING, Act.LEAVE): Stage.LEFT,
    (Stage.SPEAKING, Act.REMOVE): Stage.REMOVED,
    (Stage.MUTED, Act.RAISE): Stage.HAND_UP,
    (Stage.MUTED, Act.AUDIENCE): Stage.LISTENING,
    (Stage.MUTED, Act.UNMUTE): Stage.SPEAKING,
    (Stage.MUTED, Act.DOWN): Stage.LISTENING,
    (Stage.MUTED, Act.LEAVE): Stage.LEFT,
    (Stage.MUTED, Act.REMOVE): Stage.REMOVED,
    (Stage.LEFT, Act.REMOVE): Stage.REMOVED,
    (Stage.HOST, Act.LEAVE): Stage.LEFT,
}

ON_STAGE = frozenset({Stage.HOST, Stage.SPEAKING, Stage.MUTED})
GONE = frozenset({Stage.LEFT, Stage.REMOVED})
NOT_HERE = GONE | {Stage.OUTSIDE}
"""``OUTSIDE`` is nobody's place in a state: only how we see ourselves until a door lets us in."""


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram, for the documents."""
    rows = [f"    {start} --> {end}: {act}" for (start, act), end in NEXT.items()]
    first = [f"    [*] --> {stage}" for stage in (Stage.LISTENING, Stage.HOST)]
    return "\n".join(["stateDiagram-v2", *first, *rows])
