"""Whether our voice is held back, and whether our person speaks all the same. Sans-IO."""

from collections.abc import Collection

from crypto.ids import EpochId
from p2p.rekey.events import HeldWhy, VoiceFreed, VoiceHeld
from p2p.rekey.exposure import Exposure

TOLD_S = 1.0
"""So long nothing is said of it: most keys come sooner."""


class MicGate:
    """Closed while there is a reason; opened by our person, until the reasons have gone.

    Attributes:
        exposure: Who was removed and still holds what we would seal under.
        unchecked: No moderator's word has come for long: see ``fresh_words``.
    """

    def __init__(self) -> None:
        self.exposure = Exposure()
        self.unchecked = False
        self._why: HeldWhy | None = None
        self._anyway = False
        self._since_s = 0.0
        self._told: VoiceHeld | VoiceFreed = VoiceFreed(anyway=False)

    def observe(self, sealing: Collection[EpochId], now: float) -> None:
        """Look whether there is a reason now, and since when.

        Args:
            sealing: The epochs that we seal under.
            now: Monotonic seconds.
        """
        why: HeldWhy | None = "unchecked" if self.unchecked else None
        why = "removed" if self.exposure.exposes(sealing) else why
        if why is None:
            self._anyway = False
        elif self._why is None:
            self._since_s = now
        self._why = why

    @property
    def why(self) -> HeldWhy | None:
        """Why nothing may be sealed; None: it may."""
        return None if self._anyway else self._why

    def speak_anyway(self) -> bool:
        """Our person wants to be heard; False if nothing holds its voice back."""
        if self._why is None:
            return False
        self._anyway = True
        return True

    def next_timer(self) -> float:
        """When there is something to tell, monotonic seconds; infinity for never."""
        return self._since_s + TOLD_S if self._told != self._now_so() else float("inf")

    def news(self, now: float) -> VoiceHeld | VoiceFreed | None:
        """What is to be told now, once each."""
        so = self._now_so()
        if so == self._told or (self.why is not None and now < self._since_s + TOLD_S):
            return None
        self._told = so
        return so

    def _now_so(self) -> VoiceHeld | VoiceFreed:
        why = self.why
        return VoiceFreed(self._anyway) if why is None else VoiceHeld(why)
