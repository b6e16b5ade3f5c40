"""Secrets of epochs that somebody handed over, and what sound says of them.

A wrap proves itself: the epoch's record commits to the fresh secret. Hashed forward it can not be
compared with the record any more, so a secret that is handed over later is as good as whoever gave
it. It is *on trial* until a frame opens under it whose speaker is not the giver. If frames fail to
open instead, for a second, it is *doubted*: others should be asked. Frames alone decide nothing
more, since anybody who can bring us frames can bring us false ones. Where nobody speaks, what
members tell each other casts doubt as well, at once, for it is rare. It proves nothing: who sits at
a relay need not be in the list.

Room time comes from the door as well, and is on trial in the same way. Who was told a time far from
the others' finds all that they seal *out of step*: of no step that its keys are for.
"""

from collections.abc import Iterable

from crypto.ids import EpochId, MemberId

DOUBT_S = 1.0
"""So long frames must have failed."""

FRESH_S = 2.0
"""So old the last one that failed may be."""

ODD_FRESH_S = 12.0
"""The same for what was out of step: where nobody speaks, only words come, every ten seconds."""


class Trial:
    """What was handed over and has not proved itself. Times are room time in seconds.

    Attributes:
        time_from: Who told us the room time, until anything of somebody else opens.
    """

    def __init__(self) -> None:
        self.time_from: MemberId | None = None
        self._odd: tuple[float, float] | None = None
        self._givers: dict[EpochId, MemberId] = {}
        self._failed: dict[EpochId, tuple[float, float]] = {}

    def begin(self, epoch_id: EpochId, giver: MemberId) -> None:
        """Put a secret on trial, or another one under the same id."""
        self._givers[epoch_id] = giver
        self._failed.pop(epoch_id, None)

    def end(self, epoch_id: EpochId) -> None:
        """It has proved itself, or is gone."""
        self._givers.pop(epoch_id, None)
        self._failed.pop(epoch_id, None)

    def giver(self, epoch_id: EpochId) -> MemberId | None:
        """Who gave a secret that is on trial; None if it is not."""
        return self._givers.get(epoch_id)

    def opened(self, epoch_ids: Iterable[EpochId], speaker: MemberId) -> None:
        """A frame of ``speaker`` has opened under these epochs."""
        if speaker != self.time_from:
            self.time_from = self._odd = None
        for epoch_id in epoch_ids:
            if self._givers.get(epoch_id, speaker) != speaker:
                self.end(epoch_id)

    def failed(self, epoch_ids: Iterable[EpochId], room_time_s: float) -> None:
        """A frame under these epochs was not authentic."""
        for epoch_id in epoch_ids:
            if epoch_id in self._givers:
                since_s, last_s = self._failed.get(epoch_id, (room_time_s, room_time_s))
                if not 0.0 <= room_time_s - last_s <= FRESH_S:
                    since_s = room_time_s
                self._failed[epoch_id] = (since_s, room_time_s)

    def said_falsely(self, epoch_ids: Iterable[EpochId], room_time_s: float) -> None:
        """What a member is said to have told us under these epochs was not authentic."""
        for epoch_id in epoch_ids:
            if epoch_id in self._givers:
                self._failed[epoch_id] = (room_time_s - DOUBT_S, room_time_s)

    def odd(self, room_time_s: float) -> None:
        """Something was sealed under a frontier that is known, at a step that is not live."""
        since_s, last_s = self._odd or (room_time_s, room_time_s)
        if not 0.0 <= room_time_s - last_s <= ODD_FRESH_S:
            since_s = room_time_s
        self._odd = (since_s, room_time_s)

    def is_out_of_step(self, room_time_s: float) -> bool:
        """Whether, for a second, all that came was of another step, and our time is on trial."""
        if self._odd is None or self.time_from is None:
            return False
        since_s, last_s = self._odd
        return last_s - since_s >= DOUBT_S and room_time_s - last_s <= ODD_FRESH_S

    def doubted(self, room_time_s: float) -> tuple[EpochId, ...]:
        """Epochs under which frames have failed for a second, and still do; ascending."""
        return tuple(
            sorted(
                epoch_id
                for epoch_id, (since_s, last_s) in self._failed.items()
                if last_s - since_s >= DOUBT_S and room_time_s - last_s <= FRESH_S
            )
        )
