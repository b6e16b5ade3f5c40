"""Which sound tells our own ear of an event, if any."""

from audio.choices import Cue
from p2p.api import events
from p2p.node.member_numbers import ME

LISTENER = "listener"
SETTLED_S = 5.0
"""Who was there before us is told one by one at first, and has not come in."""
FEW = 16
"""In a larger room somebody comes in all the time, and that is no news."""
_RUNS_ROOM = frozenset(("host", "co-host", "moderator"))


class CueChoice:
    """Remembers what was heard of whom, so that nothing is heard twice."""

    def __init__(self) -> None:
        self._mic_on = False
        self._roles: dict[int, str] = {}
        self._away: set[int] = set()
        self._hands: set[int] = set()
        self._joined_s: float | None = None

    def of(self, event: events.Event, now: float) -> Cue | None:
        """Return the cue of an event that is about to be told.

        Args:
            event: What is told.
            now: Monotonic seconds.
        """
        match event:
            case events.Joined(n=n, role=role):
                self._joined_s = now
                self._roles[n] = role
            case events.MicChanged():
                return self._mic(event)
            case events.MemberChanged():
                return self._member(event, now)
            case events.HandChanged():
                return self._hand(event)
            case events.Waiting(on=True):
                return "knock" if self._runs_room() else None
        return None

    def _mic(self, event: events.MicChanged) -> Cue | None:
        before, self._mic_on = self._mic_on, event.on
        if event.on:
            return None if before else "live"
        if event.why == "granted":
            return "granted"
        return "muted" if before else None

    def _member(self, event: events.MemberChanged, now: float) -> Cue | None:
        before, self._roles[event.n] = self._roles.get(event.n), event.role
        if event.state != "here":
            self._away.add(event.n)
            return None
        self._away.discard(event.n)
        if event.n == ME:
            return None
        if before is None:
            return "join" if self._is_settled(now) and self._here() <= FEW else None
        return "stage" if before == LISTENER != event.role else None

    def _hand(self, event: events.HandChanged) -> Cue | None:
        """Only whoever may accept a hand has to hear of it, and once."""
        if event.place is None:
            self._hands.discard(event.n)
            return None
        is_new = event.n not in self._hands
        self._hands.add(event.n)
        return "hand" if is_new and event.n != ME and self._runs_room() else None

    def _runs_room(self) -> bool:
        return self._roles.get(ME) in _RUNS_ROOM

    def _is_settled(self, now: float) -> bool:
        return self._joined_s is not None and now - self._joined_s > SETTLED_S

    def _here(self) -> int:
        return len(self._roles.keys() - self._away)
