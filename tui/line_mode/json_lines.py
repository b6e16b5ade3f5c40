"""Events as JSON objects, one a line: the contract with scripts.

Name and fields follow from the class of the event and the types of its fields.
"""

import dataclasses
import json
import math
import re
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from p2p.api.events import Event, Notice
from p2p.api.fields import Inside, Named, Quoted
from tui.texts.peer_text import peer_text

SCHEMA = 1
_VERB = re.compile("(Changed|Listed|Raised|Shown)$")
_WORD_BEGINS = re.compile("(?<=[a-z])(?=[A-Z])")


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    """How one field is written.

    Attributes:
        attribute: Its name in the class.
        name: Its name in the line.
        cells: To how many terminal cells its text is cut; None: it is no text of others.
        if_any: Left out while it is empty.
    """

    attribute: str
    name: str
    cells: int | None
    if_any: bool


def json_line(event: Event, t_ms: int) -> str | None:
    """Return ``event`` as one line of JSON, or None when it is talk and no event (``Notice``).

    Args:
        event: What happened.
        t_ms: Milliseconds since the program started.
    """
    if isinstance(event, Notice):
        return None
    whole = {"schema": SCHEMA, "event": event_name(type(event)), "t_ms": t_ms}
    for field in _FIELDS[type(event)]:
        value = getattr(event, field.attribute)
        if value or not field.if_any:
            whole[field.name] = _finite(_harmless(value, field.cells))
    return json.dumps(whole, ensure_ascii=False, allow_nan=False, default=str)


def event_name(event: type[Event]) -> str:
    """Return what a line calls an event: ``room_key`` for ``RoomKeyChanged``."""
    return _WORD_BEGINS.sub("_", _VERB.sub("", event.__name__)).lower()


def _fields(event: type[Any]) -> list[_Field]:
    found = []
    hints = get_type_hints(event, include_extras=True)
    for field in dataclasses.fields(event):
        marks = _marks(hints[field.name])
        if any(isinstance(mark, Inside) for mark in marks):
            continue
        name = next((mark.name for mark in marks if isinstance(mark, Named)), field.name)
        cells = next((mark.cells for mark in marks if isinstance(mark, Quoted)), None)
        found.append(_Field(field.name, name, cells, field.default_factory is dict))
    return found


def _marks(hint: Any) -> list[object]:
    """Return what the type of a field, or of what it holds many of, was marked with."""
    if get_origin(hint) is Annotated:
        return list(hint.__metadata__)
    return [mark for inner in get_args(hint) for mark in _marks(inner)]


def _harmless(value: Any, cells: int | None) -> Any:
    """Return ``value`` as it is, or as harmless text if somebody else has written it."""
    if cells is None:
        return value
    if isinstance(value, tuple):
        return [peer_text(item, cells) for item in value]
    return peer_text(value, cells)


_FIELDS = {event: _fields(event) for event in get_args(Event)}


def _finite(value: Any) -> Any:
    """Return ``value`` without infinities and NaN, which JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
