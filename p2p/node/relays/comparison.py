"""Whether the first relay brings sound well: judged alone, and beside the reserve.

Twice a minute the reserve brings the sound as well, for a second: what the first drops or delays
shows beside it. Frames that come twice, out of order or changed are seen without the reserve.
"""

from typing import NamedTuple

from p2p.mesh.relay_quality import Fault, Quality
from p2p.node.relays.relay_session import RelaySession
from p2p.wire.hop import for_tree

LISTEN_EVERY_S = 30.0
LISTEN_S = 1.0
LATEST_S = 0.5
"""What has not come by the first relay so much later than by the reserve is missing."""
STAY_S = 10.0
"""After a change for better sound the next one waits; the loss may be the speaker's."""
JUDGED_EVERY_S = 0.5
OVERLAP_S = 1.0
"""After a change both relays bring the sound for so long."""


class _Listening(NamedTuple):
    """The reserve brings sound since then."""

    reserve: RelaySession
    since_s: float


class Comparison:
    """The judge of one member's first relay.

    Args:
        now: Monotonic seconds.

    Attributes:
        changed_s: When another relay became the first.
        paused: The first brings a portion alone, as we asked it to: that is no fault of its.
    """

    def __init__(self, now: float) -> None:
        self.changed_s = now - STAY_S
        self.paused = False
        self._judged_s = now - JUDGED_EVERY_S
        self._listening: _Listening | None = None
        self._listened_s = now
        self._said = Quality()

    def said(self, frame: bytes, now: float) -> None:
        """We have sent this frame of our own."""
        self._said.heard(for_tree(frame), now)

    def changed(self, now: float) -> None:
        """Another relay is the first."""
        self.changed_s = self._listened_s = now
        self._listening = None

    def judge(self, first: RelaySession, now: float) -> Fault | None:
        """What is wrong with the sound that the first relay brings, if it is time to ask."""
        if (
            self.paused
            or now - max(self.changed_s + STAY_S, self._judged_s + JUDGED_EVERY_S) <= 0.0
        ):
            return None
        self._judged_s = now  # it counts through all frames of three seconds
        return first.quality.fault(now)

    def listen(self, seats: list[RelaySession], own_slot: int | None, now: float) -> Fault | None:
        """Now and then has the reserve bring sound too, and holds the first against it.

        Args:
            seats: The first relay and the reserve.
            own_slot: Ours; None: we do not speak.
            now: Monotonic seconds.

        Returns:
            Why the reserve is to be the first.
        """
        reserves = seats[1:2]
        if self._listening is None:
            quiet_s = max(LISTEN_EVERY_S, OVERLAP_S)  # after a change both bring sound for a while
            if reserves and not self.paused and now - self._listened_s > quiet_s:
                self._listening = _Listening(reserves[0], now)
                reserves[0].tune(on=True)
            return None
        reserve, since_s = self._listening
        if reserves == [reserve] and now - since_s < LISTEN_S + LATEST_S:
            return None
        self._listening, self._listened_s = None, now
        if reserves != [reserve]:
            return None
        if self.paused:
            reserve.tune(on=False)
            return None
        fault = self._compared(seats[0].quality, reserve.quality, since_s, own_slot or 0)
        if fault is None:
            reserve.tune(on=False)
        return fault

    def _compared(self, first: Quality, reserve: Quality, since_s: float, own: int) -> Fault | None:
        """What the first relay does to others' sound, or to ours on its way to the reserve.

        Of ours it is to blame only if the reserve brings all the rest.
        """
        until_s = since_s + LISTEN_S
        found = first.beside(reserve, since_s, until_s, but=own)
        others = reserve.beside(first, since_s, until_s, but=own)
        if own and found == others == "good":
            found = reserve.beside(self._said, since_s, until_s, only=own)
        return None if found == "good" else found
