"""What the type of an event's field says to whoever writes the event down for a script."""

from dataclasses import dataclass
from typing import Annotated

from p2p.room.text.names import NAME_CELLS

LINE_CELLS = 400


@dataclass(frozen=True, slots=True)
class Named:
    """The field has another name there.

    Attributes:
        name: The name.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Quoted:
    """Another person, or a machine, has written this text: it is made harmless, and cut.

    Attributes:
        cells: Most terminal cells that it takes.
    """

    cells: int


@dataclass(frozen=True, slots=True)
class Inside:
    """Only the screens need it: a script is not told."""


PersonName = Annotated[str, Quoted(NAME_CELLS)]
QuotedLine = Annotated[str, Quoted(LINE_CELLS)]
