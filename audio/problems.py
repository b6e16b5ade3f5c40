"""What goes wrong with the sound while a room goes on, told without a flood."""

import traceback
from collections.abc import Callable
from pathlib import PurePath

from audio.device.device_errors import DeviceError

REPORT_EVERY_S = 5.0


class Problems:
    """Tells of problems; a failure of our own at most every 5 s.

    Args:
        tell: Takes each; must not block.
        clock: Monotonic seconds.

    Attributes:
        tell: Likewise.
        failures: How often a part of the sound has failed.
    """

    def __init__(self, tell: Callable[[DeviceError], None], clock: Callable[[], float]) -> None:
        self.tell = tell
        self.failures = 0
        self._clock = clock
        self._told_s: float | None = None

    def failed(self, error: Exception) -> None:
        """Count a failure, and tell of it by type and place."""
        self.failures += 1
        now = self._clock()
        if self._told_s is not None and now - self._told_s < REPORT_EVERY_S:
            return
        self._told_s = now
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        problem = DeviceError(
            "sound_failed",
            "a part of the sound has failed and was begun anew ({kind}, {where})",
            "the room goes on; if it happens again, please report this line",
            kind=type(error).__name__,
            where=where,
        )
        try:
            self.tell(problem)
        except Exception:
            self.failures += 1
