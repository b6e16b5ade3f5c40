"""Secrets of epochs that somebody handed over, and what sound says of them.

A wrap proves itself: the epoch's record commits to the fresh secret. Hashed forward it can not be
compared with the record any more, so a secret that is handed over later is as good as whoever gave
it. It is *on trial* until a frame opens under it whose speaker is not the giver. If frames fail to
open instead, for a second, it is *doubted*: others should be asked. Frames alone decide nothing
more, since anybody who can bring us frames can bring us false ones.
"""

from collections.abc import Iterable

DOUBT_S = 1.0
"""So long frames must have failed."""

FRESH_S = 2.0
"""So old the last one that failed may be."""


class Trial:
    """What was handed over and has not proved itself. Times are room time in seconds."""

    def __init__(self) -> None:
        self._givers: dict[bytes, bytes] = {}
        self._failed: dict[bytes, tuple[float, float]] = {}

    def begin(self, epoch_id: bytes, giver: bytes) -> None:
        """Put a secret on trial, or another one under the same id."""
        self._givers[epoch_id] = giver
        self._failed.pop(epoch_id, None)

    def end(self, epoch_id: bytes) -> None:
        """It has proved itself, or is gone."""
        self._givers.pop(epoch_id, None)
        self._failed.pop(epoch_id, None)

    def giver(self, epoch_id: bytes) -> bytes | None:
        """Who gave a secret that is on trial; None if it is not."""
        return self._givers.get(epoch_id)

    def opened(self, epoch_ids: Iterable[bytes], speaker: bytes) -> None:
        """A frame of ``speaker`` has opened under these epochs."""
        if not self._givers:
            return
        for epoch_id in epoch_ids:
            if self._givers.get(epoch_id, speaker) != speaker:
                self.end(epoch_id)

    def failed(self, epoch_ids: Iterable[bytes], room_time_s: float) -> None:
        """A frame under these epochs was not authentic."""
        for epoch_id in epoch_ids:
            if epoch_id in self._givers:
                since_s, last_s = self._failed.get(epoch_id, (room_time_s, room_time_s))
                if room_time_s - last_s > FRESH_S:
                    since_s = room_time_s
                self._failed[epoch_id] = (since_s, room_time_s)

    def doubted(self, room_time_s: float) -> tuple[bytes, ...]:
        """Epochs under which frames have failed for a second, and still do; ascending."""
        return tuple(
            sorted(
                epoch_id
                for epoch_id, (since_s, last_s) in self._failed.items()
                if last_s - since_s >= DOUBT_S and room_time_s - last_s <= FRESH_S
            )
        )
