"""Whether echo is to be cancelled: by choice, or by what the microphone hears of the speaker."""

from collections import deque
from enum import Enum

from audio.capture.coupling import DECOUPLED_DB, Coupling, loud
from audio.pcm import Pcm, silence

_HYSTERESIS_DB = 3.0
_AGREEING = 5
"""Measurements in a row, half a second of far sound each, before the mind is changed."""
_FAR_HANGOVER_BLOCKS = 25
_AHEAD_BLOCKS = 12
"""Most blocks that the loudspeaker is given in advance: the microphone is compared that much
later, so that an echo never seems to come before its cause."""


class EchoMode(Enum):
    """What a person chose.

    Attributes:
        ON: Loudspeakers: always cancel.
        OFF: Headphones: never; both sides can talk at once without a trace of processing.
        AUTO: Cancel until the measured coupling says headphones.
    """

    ON = "on"
    OFF = "off"
    AUTO = "auto"


class EchoSwitch:
    """Follows both streams and says whether to cancel.

    Args:
        mode: See ``EchoMode``.

    Attributes:
        mode: May be set at any time.
    """

    def __init__(self, mode: EchoMode = EchoMode.AUTO) -> None:
        self.mode = mode
        self._coupling = Coupling()
        self._far: deque[Pcm] = deque(maxlen=_AHEAD_BLOCKS)
        self._near = deque((silence() for _ in range(_AHEAD_BLOCKS)), maxlen=_AHEAD_BLOCKS)
        self._coupled = True
        self._against = 0
        self._far_heard_blocks = 0

    @property
    def wanted(self) -> bool:
        """Whether echo is to be cancelled now."""
        return self.mode is EchoMode.ON or (self.mode is EchoMode.AUTO and self._coupled)

    @property
    def coupling_db(self) -> float | None:
        """The last measured coupling; None before the first, or while it cannot be told."""
        return self._coupling.db

    @property
    def far_is_heard(self) -> bool:
        """Whether what the microphone hears may be the loudspeaker."""
        return self._far_heard_blocks > 0 and self._coupled and self.mode is not EchoMode.OFF

    def opened(self) -> None:
        """The microphone was opened: what either side heard before is forgotten."""
        self._far.clear()
        self._near.extend(silence() for _ in range(_AHEAD_BLOCKS))

    def hear(self, far: Pcm) -> None:
        """Take a block that was handed to the loudspeaker.

        Args:
            far: int16, 480 samples.
        """
        self._far.append(far)
        if loud(far):
            self._far_heard_blocks = _FAR_HANGOVER_BLOCKS

    def compare(self, near: Pcm) -> None:
        """Take a block of the microphone, before any processing.

        Args:
            near: int16, 480 samples.
        """
        self._far_heard_blocks = max(0, self._far_heard_blocks - 1)
        far = self._far.popleft() if self._far else silence()
        earlier = self._near.popleft()
        self._near.append(near)
        if self.mode is not EchoMode.AUTO or not self._coupling.add(far, earlier):
            return
        measured = self._coupling.db
        limit_db = DECOUPLED_DB if self._coupled else DECOUPLED_DB + _HYSTERESIS_DB
        if measured is None or (measured >= limit_db) == self._coupled:
            self._against = 0
            return
        self._against += 1
        if self._against >= _AGREEING:
            self._coupled, self._against = not self._coupled, 0
