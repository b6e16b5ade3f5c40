"""Echo cancellation and noise reduction of WebRTC: the only place that loads ``livekit``.

Only the audio processing of that library is used; it opens no socket and no file by itself
(docs/decisions/0014). Loading takes 0.1 to 0.4 s and 28 MB, so it happens on first use.
"""

import importlib.util
import logging
from typing import TYPE_CHECKING

import numpy as np

from audio.errors import SoundError
from audio.pcm import BLOCK_SAMPLES, RATE_HZ, Pcm

if TYPE_CHECKING:
    from livekit.rtc import AudioFrame


class WebrtcMissingError(SoundError):
    """The library is not installed, or does not load on this machine."""


def is_installed() -> bool:
    """Whether the library is there; loads nothing."""
    try:
        return importlib.util.find_spec("livekit.rtc") is not None
    except (ImportError, ValueError):
        return False


class Webrtc:
    """One capture stream and the sound of the loudspeaker that leaks into it.

    Args:
        echo: Take away what ``hear`` was given from what ``clean`` is given.
        noise: Take away steady noise.

    Raises:
        WebrtcMissingError: See there.
    """

    def __init__(self, *, echo: bool, noise: bool) -> None:
        # The native library reports through this logger; a screen is no place for it.
        log = logging.getLogger("livekit")
        log.propagate = False
        if not log.handlers:
            log.addHandler(logging.NullHandler())
        try:
            from livekit.rtc import AudioFrame, AudioProcessingModule

            self._frame_of: type[AudioFrame] = AudioFrame
            self._module = AudioProcessingModule(
                echo_cancellation=echo, noise_suppression=noise, high_pass_filter=False
            )
        except Exception as error:
            raise WebrtcMissingError(type(error).__name__) from error

    def hear(self, block: Pcm) -> None:
        """Tell what the loudspeaker is about to play.

        Args:
            block: int16, 480 samples.
        """
        self._module.process_reverse_stream(self._frame(block))

    def clean(self, block: Pcm) -> Pcm:
        """Return what the microphone heard, without echo and noise.

        Args:
            block: int16, 480 samples.
        """
        frame = self._frame(block)
        self._module.process_stream(frame)
        return np.frombuffer(frame.data, np.int16)

    def _frame(self, block: Pcm) -> "AudioFrame":
        # Anything but whole blocks of 10 ms would end the process inside the native library.
        if block.shape != (BLOCK_SAMPLES,) or block.dtype != np.int16:
            raise ValueError("a block is 480 samples of int16")
        return self._frame_of(bytearray(block.tobytes()), RATE_HZ, 1, BLOCK_SAMPLES)
