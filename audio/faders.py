"""How loud each speaker is for this ear alone: a volume and a switch for each of them.

Nothing of it is ever sent: nobody learns that they were turned down.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from audio.choices import HIGHEST_DB, LOWEST_DB
from audio.pcm import BLOCK_SAMPLES

Gains: TypeAlias = npt.NDArray[np.float32] | float
"""One factor for a block, or one for each of its samples, shape ``(480,)``."""


_RISE = np.linspace(0.0, 1.0, BLOCK_SAMPLES, dtype=np.float32)


def ramp(before: float, after: float) -> npt.NDArray[np.float32]:
    """Return factors for one block that go evenly from one to another."""
    # NumPy's own takes several times as long for so few.
    return _RISE * np.float32(after - before) + np.float32(before)


class Faders:
    """Volume and mute by speaker. Setters are for any thread, ``gains`` for the worker."""

    def __init__(self) -> None:
        self._volumes_db: dict[int, float] = {}
        self._muted: set[int] = set()
        self._applied: dict[int, float] = {}

    def set_volume(self, speaker: int, db: float) -> float:
        """Make a speaker louder or softer.

        Args:
            speaker: Number of the speaker, also of one who has not spoken yet.
            db: Wanted change; beyond -30 to +12 dB the limit is taken.

        Returns:
            The volume in dB that counts now.
        """
        held = min(HIGHEST_DB, max(LOWEST_DB, db)) if db == db else 0.0
        self._volumes_db[speaker] = held
        return held

    def set_muted(self, speaker: int, muted: bool) -> None:
        """Silence a speaker for us, or give the voice back at the volume it had."""
        if muted:
            self._muted = self._muted | {speaker}
        else:
            self._muted = self._muted - {speaker}

    def volume_db(self, speaker: int) -> float:
        """The volume of a speaker in dB, -30 to +12; 0 when it was never changed."""
        return self._volumes_db.get(speaker, 0.0)

    def is_muted(self, speaker: int) -> bool:
        """Whether we have silenced this speaker."""
        return speaker in self._muted

    @property
    def touched(self) -> bool:
        """Whether anybody is, or was, not heard as sent."""
        return bool(self._volumes_db or self._muted or self._applied)

    def gains(self, speaker: int) -> Gains | None:
        """Factors for the next block; a change is a ramp of one block, so that it does not click.

        Returns:
            None for a speaker who is heard as sent.
        """
        if speaker not in self._volumes_db and speaker not in self._muted | self._applied.keys():
            return None
        wanted = 0.0 if speaker in self._muted else 10.0 ** (self.volume_db(speaker) / 20.0)
        before = self._applied.get(speaker, 1.0)
        if wanted == before == 1.0:
            return None
        self._applied[speaker] = wanted
        if wanted == before:
            return wanted
        return ramp(before, wanted)
