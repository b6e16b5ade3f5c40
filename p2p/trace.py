"""What a run does, one line an event, for whoever looks for a fault. Off unless asked for.

A line is an event's name and its fields: ``link_up way=direct ms=212``. The names are those of
``Event`` and stay; docs/debugging.md says what each means. A field is a number, a switch or a word
of the program: no key, address, name or text of a person. What is neither becomes ``[text]``, and
every line passes the scrubber of ``p2p.log``.

Cores do no I/O: they count, and ``CounterTrace`` tells what was counted since its last look.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Final, Literal

LOG = logging.getLogger("teahouse.trace")

Event = Literal[
    # a member's way in and out
    "join_began",
    "door_found",
    "door_answered",
    "door_refused",
    "door_failed",
    "joined",
    "left",
    # what a member's front end is told
    "member",
    "waiting",
    "hand",
    "mic",
    "lock",
    "setting",
    "key",
    "words",
    "speaking",
    "first_sound",
    "device",
    "notice",
    "error",
    # a member's inbox and its relays
    "item",
    "relay_up",
    "relay_failed",
    "relay_down",
    "relay_first",
    "seat_taken",
    "seat_refused",
    "seat_lost",
    "line_shape",
    # links of members and relays
    "link_up",
    "link_failed",
    "link_down",
    # a relay
    "served_up",
    "served_down",
    "served_message",
    "served_call",
    "served_rooms",
    "draining",
    # everywhere
    "counted",
]
Field = int | float | str | None

NOTED: Final[frozenset[Event]] = frozenset(
    {"join_began", "joined", "left", "mic", "key", "relay_first", "notice", "error"}
)
"""Few in an evening, and a member's own: shown from level ``info`` on, all else from ``debug``."""
LOOK_EVERY_S = 1.0

_WORD = re.compile(r"[A-Za-z0-9_./:+-]{1,40}")


def trace(event: Event, /, **fields: Field) -> None:
    """Says what happened, if somebody asked for it.

    Args:
        event: Its name.
        fields: Numbers, switches and words of the program; nothing secret and nobody's text.
    """
    level = logging.INFO if event in NOTED else logging.DEBUG
    if LOG.isEnabledFor(level):
        said = [f"{name}={_said(value)}" for name, value in fields.items()]
        LOG.log(level, "%s", " ".join([event, *said]))


def word(text: str) -> str:
    """Makes one word of the few with which the program counts something."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text)


def _said(value: Field) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, int):
        return "none" if value is None else str(value)
    return value if isinstance(value, str) and _WORD.fullmatch(value) else "[text]"


class CounterTrace:
    """Tells what was counted since the last look, once a second, a line for each place.

    Args:
        read: Gives all counts by place and reason.
    """

    def __init__(self, read: Callable[[], Mapping[str, Mapping[str, int]]]) -> None:
        self._read = read
        self._before: dict[str, dict[str, int]] = {}
        self._look_s = 0.0

    def tick(self, now: float) -> None:
        """Looks if it is time; ``now`` is in monotonic seconds."""
        if now < self._look_s or not LOG.isEnabledFor(logging.DEBUG):
            return
        self._look_s = now + LOOK_EVERY_S
        for place, counts in self._read().items():
            before = self._before.get(place, {})
            new = {name: count - before.get(name, 0) for name, count in counts.items()}
            if more := {name: count for name, count in new.items() if count > 0}:
                fields: dict[str, Field] = {"place": place, **more}
                trace("counted", **fields)
            self._before[place] = dict(counts)
