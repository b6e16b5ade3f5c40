"""How much delay to keep in reserve, because of what has gone wrong in the last 30 s.

The histogram of ``audio.playout.delay`` forgets within seconds, and so it should: most scatter
passes. Losses and stalls of radio do not. So while frames are being lost there is room
for their copies, with many losses also for the farthest one, and while the network stalls again
and again there is room for a part of a stall.
"""

from collections import deque
from typing import NamedTuple

from audio.codec.framer import PROFILES, TABLE, Profile
from audio.pcm import FRAME_S

MEMORY_S = 30.0
LONGEST_STALL_S = 0.106
"""Most that is kept in reserve for stalls; longer ones are heard."""
_MARGIN_S = 0.006
_MEMORY_FRAMES = round(MEMORY_S / FRAME_S)
_FEWEST_FRAMES = 40
"""A share of fewer frames would say nothing."""
_FEW_LOST, _MANY_LOST = 0.004, 0.015
_STALL_S = 0.06
_SEPARATE_S = 0.5
_STALLS = 2


class _Needs(NamedTuple):
    """What a profile needs: when a frame counts as stalled, and room for its copies, seconds."""

    stalled_s: float
    near_s: float
    far_s: float


_NEEDS = {
    profile.code: _Needs(
        _STALL_S + profile.reach_s(0),
        profile.reach_s(len(profile.offsets) - 1) + _MARGIN_S,
        profile.reach_s(len(profile.offsets)) + _MARGIN_S,
    )
    for profile in PROFILES.values()
}


class Caution:
    """Remembers the troubles of one speaker's stream."""

    def __init__(self) -> None:
        self._lost: deque[bool] = deque(maxlen=_MEMORY_FRAMES)
        self._lost_frames = 0
        self._needs = _NEEDS[TABLE.code]
        self._stalls: deque[tuple[float, float]] = deque(maxlen=64)

    @property
    def stalls(self) -> bool:
        """Whether there was a stall in the 30 s before ``reserve_s`` was last asked for."""
        return bool(self._stalls)

    def frame(self, profile: Profile, *, lost: bool) -> None:
        """Note that the content of a frame has come.

        Args:
            profile: Of the payload that it came in.
            lost: Whether it came as a copy, because the frame itself did not.
        """
        if len(self._lost) == _MEMORY_FRAMES:
            self._lost_frames -= self._lost[0]
        self._lost.append(lost)
        self._lost_frames += lost
        self._needs = _NEEDS[profile.code]

    def late(self, late_s: float, now: float) -> None:
        """Note how late a frame came by itself.

        Args:
            late_s: Compared with the quickest.
            now: Monotonic seconds.
        """
        if late_s < self._needs.stalled_s:
            return
        if self._stalls and now - self._stalls[-1][0] < _SEPARATE_S:
            self._stalls[-1] = (now, max(self._stalls[-1][1], late_s))
        else:
            self._stalls.append((now, late_s))

    def reserve_s(self, now: float) -> float:
        """Return the least delay to aim at.

        Args:
            now: Monotonic seconds.
        """
        if not self._stalls and not self._lost_frames:
            return 0.0
        while self._stalls and now - self._stalls[0][0] > MEMORY_S:
            self._stalls.popleft()
        stall_s = 0.0
        if len(self._stalls) >= _STALLS:
            stall_s = min(LONGEST_STALL_S, max(worst_s for _, worst_s in self._stalls))
        return max(stall_s, self._copies_s())

    def _copies_s(self) -> float:
        share = self._lost_frames / max(len(self._lost), _FEWEST_FRAMES)
        if share >= _MANY_LOST:
            return self._needs.far_s
        return self._needs.near_s if share >= _FEW_LOST else 0.0
