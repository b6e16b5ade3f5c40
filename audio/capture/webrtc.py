"""Echo cancellation and noise reduction of WebRTC: the only place that loads ``livekit``.

Only the audio processing of that library is used; it opens no socket and no file by itself
(docs/decisions/0014). Loading takes 0.1 to 0.4 s and 28 MB, so it happens on first use.
"""

import ctypes
import importlib.util
import logging
from typing import Any

import numpy as np

from audio.errors import SoundError
from audio.pcm import BLOCK_SAMPLES, RATE_HZ, Pcm


class WebrtcMissingError(SoundError):
    """The library is not installed, or does not load on this machine."""


def is_installed() -> bool:
    """Whether the library is there; loads nothing."""
    try:
        return importlib.util.find_spec("livekit.rtc") is not None
    except (ImportError, ValueError):
        return False


class _Call:
    """One of the library's calls, with its message made once for a buffer that stays.

    The library's own way makes a message, an answer and four objects for each 10 ms, which costs
    as much as a third of the work.

    Args:
        module: Whose.
        name: Of the call.

    Raises:
        Exception: The library has other insides than those this was written for.
    """

    def __init__(self, module: Any, name: str) -> None:
        from livekit.rtc._ffi_client import FfiClient
        from livekit.rtc._proto.ffi_pb2 import FfiRequest, FfiResponse

        self.block = np.zeros(BLOCK_SAMPLES, np.int16)
        request, answer = FfiRequest(), FfiResponse()
        wanted = getattr(request, name)
        wanted.apm_handle = module._ffi_handle.handle  # noqa: SLF001  the version is pinned
        wanted.data_ptr, wanted.size = self.block.ctypes.data, self.block.nbytes
        wanted.sample_rate, wanted.num_channels = RATE_HZ, 1
        getattr(answer, name).SetInParent()
        self._good: bytes = answer.SerializeToString()
        self._library = FfiClient.instance._ffi_lib  # noqa: SLF001
        message = request.SerializeToString()
        self._message = (ctypes.c_ubyte * len(message)).from_buffer_copy(message)
        self._answer, self._bytes = ctypes.POINTER(ctypes.c_ubyte)(), ctypes.c_size_t()
        self._found = ctypes.byref(self._answer), ctypes.byref(self._bytes)

    def run(self) -> None:
        """Work on what is in the buffer.

        Raises:
            SoundError: The library refused.
        """
        handle = self._library.livekit_ffi_request(self._message, len(self._message), *self._found)
        good = handle and ctypes.string_at(self._answer, self._bytes.value) == self._good
        if handle:
            self._library.livekit_ffi_drop_handle(handle)
        if not good:
            raise SoundError("refused")


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
            from livekit.rtc import AudioProcessingModule

            self._module = AudioProcessingModule(
                echo_cancellation=echo, noise_suppression=noise, high_pass_filter=False
            )
            self._far = _Call(self._module, "apm_process_reverse_stream")
            self._near = _Call(self._module, "apm_process_stream")
        except Exception as error:
            raise WebrtcMissingError(type(error).__name__) from error

    def hear(self, block: Pcm) -> None:
        """Tell what the loudspeaker is about to play.

        Args:
            block: int16, 480 samples.
        """
        self._far.block[:] = _whole(block)
        self._far.run()

    def clean(self, block: Pcm) -> Pcm:
        """Return what the microphone heard, without echo and noise.

        Args:
            block: int16, 480 samples.
        """
        self._near.block[:] = _whole(block)
        self._near.run()
        return self._near.block.copy()


def _whole(block: Pcm) -> Pcm:
    # Anything but whole blocks of 10 ms would end the process inside the native library.
    if block.shape != (BLOCK_SAMPLES,) or block.dtype != np.int16:
        raise ValueError("a block is 480 samples of int16")
    return block
