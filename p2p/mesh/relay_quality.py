"""What a relay does to the sound it brings, told from the counters of frames, without opening them.

Each speaker counts its frames without a gap, in the clear part of the SFrame header. What is
missing for some seconds was lost on the speaker's way, or dropped here; what comes twice or in
disorder was made so. Delay shows only beside another relay that brings the same sound. Sans-IO.
"""

import statistics
from collections import deque
from typing import Literal, NamedTuple

from p2p.wire.hop import counter_of, tree_slot

Fault = Literal["loss", "doubles", "disorder", "unopened", "late"]

WINDOW_S = 3.0
ENOUGH_FRAMES = 25
BAD_PCT = 20.0
LATE_S = 0.15
_SPEAKERS_MAX = 16
_FRAMES_MAX = 1024


class _Tally(NamedTuple):
    """Of the frames in the window: sent, came, came again, came behind a later one."""

    sent: int
    came: int
    doubles: int
    disorder: int


class Quality:
    """The last seconds of one relay."""

    def __init__(self) -> None:
        self._slots: dict[int, deque[tuple[float, int]]] = {}
        self._unopened: deque[float] = deque(maxlen=_FRAMES_MAX)

    def heard(self, frame: bytes, now: float) -> int | None:
        """Notes one frame as it came, hop byte in front; gives the slot that it claims, if any."""
        slot = tree_slot(frame)
        if slot is None or (slot not in self._slots and len(self._slots) >= _SPEAKERS_MAX):
            return slot
        frames = self._slots.setdefault(slot, deque(maxlen=_FRAMES_MAX))
        frames.append((now, counter_of(frame)))
        return slot

    def unopened(self, now: float) -> None:
        """Notes that the frame that was heard last is not what its speaker sealed."""
        self._unopened.append(now)

    def fault(self, now: float) -> Fault | None:
        """What is wrong with more than a fifth of the frames, if there are enough to tell."""
        tally = self._tally(now)
        if tally.sent < ENOUGH_FRAMES:
            return None
        unopened = sum(now - at_s <= WINDOW_S for at_s in self._unopened)
        bad: dict[Fault, float] = {
            "loss": (tally.sent - tally.came) / tally.sent,
            "doubles": tally.doubles / (tally.came + tally.doubles),
            "disorder": tally.disorder / tally.came,
            "unopened": unopened / (tally.came + tally.doubles),
        }
        return next((fault for fault, share in bad.items() if 100.0 * share > BAD_PCT), None)

    def beside(
        self, other: "Quality", since_s: float, until_s: float, *, only: int = 0, but: int = 0
    ) -> Fault | Literal["good"] | None:
        """What is wrong here with frames that came elsewhere too.

        Args:
            other: Where they came; well after ``until_s``, so that late ones have come here.
            since_s: Of their arrival there, monotonic seconds.
            until_s: Likewise.
            only: Frames in this slot alone.
            but: Frames in this slot not.

        Returns:
            ``loss``: more than a fifth did not come; ``late``: half of them came much later;
            ``good``: neither. None: too few came there to tell.
        """
        missing, late_s = 0, []
        for slot, frames in other._slots.items():  # noqa: SLF001  one of us
            if slot == but or only not in (0, slot):
                continue
            came = {counter: at_s for at_s, counter in reversed(self._slots.get(slot, ()))}
            for at_s, counter in frames:
                if since_s <= at_s <= until_s:
                    missing += counter not in came
                    late_s += [came[counter] - at_s] if counter in came else []
        if missing + len(late_s) < ENOUGH_FRAMES:
            return None
        if 100.0 * missing > BAD_PCT * (missing + len(late_s)):
            return "loss"
        return "late" if statistics.median(late_s) > LATE_S else "good"

    def _tally(self, now: float) -> _Tally:
        sent = came = doubles = disorder = 0
        for frames in self._slots.values():
            while frames and now - frames[0][0] > WINDOW_S:
                frames.popleft()
            counters: set[int] = set()
            before = 0
            for _, counter in frames:
                doubles += counter in counters
                disorder += counter < before and counter not in counters
                counters.add(counter)
                before = counter
            if counters:
                # A jump of more than a window holds is a pause, or a lie.
                span = max(counters) - min(counters) + 1
                sent += span if span <= _FRAMES_MAX else len(counters)
                came += len(counters)
        self._slots = {slot: frames for slot, frames in self._slots.items() if frames}
        return _Tally(sent, came, doubles, disorder)
