"""Notices an open microphone that hears nothing at all: switched off at the device, or not allowed.

A real microphone in a quiet room is never below -80 dBFS; zeros come from a switch on the
headset, a volume at zero, or a system that does not let this program listen.
"""

from audio.device.device_errors import DeviceError
from audio.device.mic_privacy import ALLOW_IT, is_mic_denied
from audio.level import power, power_dbfs
from audio.pcm import BLOCK_S, Pcm

DEAD_DBFS = -90.0
DEAD_LIMIT_S = 5.0


class SilentMic:
    """Counts dead blocks while the microphone is on. Says so once per opening."""

    def __init__(self) -> None:
        self._dead_blocks = 0
        self._told = False

    def opened(self) -> None:
        """The microphone, or another one, was opened."""
        self._dead_blocks = 0
        self._told = False

    def update(self, block: Pcm) -> bool:
        """Take the next block of an open microphone in.

        Args:
            block: int16, 10 ms, as the device delivered it.

        Returns:
            True once, when nothing has been heard for 5 s.
        """
        if self._told:
            return False
        dead = power_dbfs(power(block)) < DEAD_DBFS
        self._dead_blocks = self._dead_blocks + 1 if dead else 0
        self._told = self._dead_blocks * BLOCK_S >= DEAD_LIMIT_S
        return self._told


def mic_silent(name: str) -> DeviceError:
    """The problem ``mic_silent`` of the microphone of that name."""
    hint = "look for a switch on the headset and for the volume of the microphone"
    return DeviceError(
        "mic_silent",
        "the microphone {name} is on but delivers pure silence",
        ALLOW_IT if is_mic_denied() else hint,
        name=name,
    )
