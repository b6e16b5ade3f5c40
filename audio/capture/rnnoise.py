"""RNNoise by ctypes: takes noise away and tells how likely a block holds a voice.

The library comes with the wheel ``pyrnnoise``. Its Python part would load a plotting library and
more, so it is not imported: only the shared library in its folder is opened.
"""

import ctypes
import importlib.util
import sys
from pathlib import Path

import numpy as np

from audio.capture.highpass import Samples
from audio.errors import SoundError
from audio.pcm import BLOCK_SAMPLES

_FILES = {"win32": "rnnoise.dll", "darwin": "librnnoise.dylib"}
_FloatP = ctypes.POINTER(ctypes.c_float)


class RnnoiseMissingError(SoundError):
    """The library is not installed, does not load, or is not what is expected."""


def library_path() -> Path | None:
    """Where the shared library lies; None when the wheel is not installed. Loads nothing."""
    try:
        found = importlib.util.find_spec("pyrnnoise")
    except (ImportError, ValueError):
        return None
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder) / _FILES.get(sys.platform, "librnnoise.so")
        if path.is_file():
            return path
    return None


class Rnnoise:
    """The denoiser of one stream; adds 10 ms of delay.

    Raises:
        RnnoiseMissingError: See there.
    """

    def __init__(self) -> None:
        self._state: int | None = None
        path = library_path()
        if path is None:
            raise RnnoiseMissingError("not installed")
        try:
            self._library = ctypes.CDLL(str(path))
            self._declare()
        except (OSError, AttributeError) as error:
            raise RnnoiseMissingError(type(error).__name__) from error
        if self._library.rnnoise_get_frame_size() != BLOCK_SAMPLES:
            raise RnnoiseMissingError("frame size")
        self._state = self._library.rnnoise_create(None)
        if not self._state:
            raise RnnoiseMissingError("no state")

    def clean(self, samples: Samples) -> tuple[Samples, float]:
        """Denoise the next block.

        Args:
            samples: float32 in the range of int16, 480 samples, finite.

        Returns:
            The cleaned block, and the probability that there is a voice in it, 0 to 1.
        """
        if samples.shape != (BLOCK_SAMPLES,):
            raise ValueError("a block is 480 samples")
        block = np.ascontiguousarray(samples, dtype=np.float32)
        out = np.empty_like(block)
        probability = self._library.rnnoise_process_frame(
            self._state, out.ctypes.data_as(_FloatP), block.ctypes.data_as(_FloatP)
        )
        return out, float(probability)

    def close(self) -> None:
        """Free the state; ``clean`` must not be called any more. May be repeated."""
        state, self._state = self._state, None
        if state:
            self._library.rnnoise_destroy(state)

    def __del__(self) -> None:
        self.close()

    def _declare(self) -> None:
        library = self._library
        library.rnnoise_get_frame_size.restype = ctypes.c_int
        library.rnnoise_create.argtypes = (ctypes.c_void_p,)
        library.rnnoise_create.restype = ctypes.c_void_p
        library.rnnoise_destroy.argtypes = (ctypes.c_void_p,)
        library.rnnoise_destroy.restype = None
        library.rnnoise_process_frame.argtypes = (ctypes.c_void_p, _FloatP, _FloatP)
        library.rnnoise_process_frame.restype = ctypes.c_float
