"""How much of the sound a relay brings, told from the counters of frames, without opening them.

Each speaker counts its frames without a gap, in the clear part of the SFrame header. What is
missing for some seconds was lost on the speaker's way, or dropped here; which of the two it was
shows when another relay is tried. Sans-IO.
"""

from collections import deque

from crypto.frame import HEADER_BYTES
from p2p.overlay.hop import HOP_BYTES, tree_slot

WINDOW_S = 3.0
ENOUGH_FRAMES = 25
_COUNTER_BYTES = 4
_SPEAKERS_MAX = 16
_FRAMES_MAX = 1024


class Quality:
    """The last seconds of one relay."""

    def __init__(self) -> None:
        self._slots: dict[int, deque[tuple[float, int]]] = {}

    def heard(self, frame: bytes, now: float) -> None:
        """Notes one frame as it came, hop byte in front."""
        slot = tree_slot(frame)
        if slot is None or (slot not in self._slots and len(self._slots) >= _SPEAKERS_MAX):
            return
        end = HOP_BYTES + HEADER_BYTES
        counter = int.from_bytes(frame[end - _COUNTER_BYTES : end], "big")
        self._slots.setdefault(slot, deque(maxlen=_FRAMES_MAX)).append((now, counter))

    def loss_pct(self, now: float) -> float | None:
        """Frames that are missing, in per cent of those that were sent.

        Returns:
            None while there are too few to tell.
        """
        sent = came = 0
        for frames in self._slots.values():
            while frames and now - frames[0][0] > WINDOW_S:
                frames.popleft()
            counters = {counter for _, counter in frames}
            if counters:
                # A jump of more than a window holds is a pause, or a lie.
                span = max(counters) - min(counters) + 1
                sent += span if span <= _FRAMES_MAX else len(counters)
                came += len(counters)
        self._slots = {slot: frames for slot, frames in self._slots.items() if frames}
        return None if sent < ENOUGH_FRAMES else 100.0 * (sent - came) / sent
