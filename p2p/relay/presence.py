"""Who is in a room at a relay and beyond it, told to its links by what has changed. Sans-IO."""

from crypto.ids import MemberId, RoomId
from p2p.relay.seating import Seating
from p2p.wire.codec import Message
from p2p.wire.relay_messages import MEMBERS_PER_MESSAGE, Present

PRESENCE_EVERY_S = 0.25
EMPTY_S = 30.0


class Presence:
    """What has been told of one room, and when something is due.

    Args:
        room: Its id.
        seating: Who is here.
        now: Monotonic seconds.
    """

    def __init__(self, room: RoomId, seating: Seating, now: float) -> None:
        self._room = room
        self._seating = seating
        self._told: set[MemberId] = set()
        self._due_s: float | None = None
        self._peopled_s = now

    def is_over(self, now: float) -> bool:
        """Whether no member has been here or at a relay joined to this one for a while."""
        return now - self._peopled_s > EMPTY_S

    def changed(self, now: float) -> None:
        """Somebody came or went."""
        self._due_s = self._due_s or now + PRESENCE_EVERY_S

    def on_timer(self, now: float) -> list[tuple[int, Message]]:
        """What is to be told now, each with its link."""
        seating = self._seating
        if seating.seats or any(bough.present for bough in seating.boughs.values()):
            self._peopled_s = now
        if self._due_s is None or now < self._due_s:
            return []
        self._due_s = None
        before, self._told = self._told, seating.members
        news = self.present(self._told - before, before - self._told)
        out: list[tuple[int, Message]] = [
            (link, message) for message in news for link in seating.seats
        ]
        for link, bough in seating.boughs.items():
            beyond = seating.beyond(link)
            changes = self.present(beyond - bough.told, bough.told - beyond)
            out += [(link, message) for message in changes]
            bough.told = beyond
        return out

    def present(self, here: set[MemberId], gone: set[MemberId]) -> list[Present]:
        """As many messages as this takes."""
        came, went, step = sorted(here), sorted(gone), MEMBERS_PER_MESSAGE
        return [
            Present(self._room, tuple(came[at : at + step]), tuple(went[at : at + step]))
            for at in range(0, max(len(came), len(went)), step)
        ]
