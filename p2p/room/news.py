"""What has changed in the room, each change told once."""

from collections import deque

from p2p.room.diff import changes
from p2p.room.events import Event
from p2p.room.state.model import RoomState


class News:
    """Changes that are told one by one, and the state up to which all is known."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._told: RoomState | None = None

    @property
    def is_told(self) -> bool:
        """No change that was observed is left to be told."""
        return not self._events

    def observe(self, state: RoomState) -> None:
        """Take note of the room as it is now."""
        if state is not self._told:
            self._events.extend(changes(self._told, state))
            self._told = state

    def next(self) -> Event | None:
        """Give the next change; None when all is told."""
        return self._events.popleft() if self._events else None
