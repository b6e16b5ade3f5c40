"""Does a libopus conceal with a neural network? Asked of the library itself, once.

Since 1.5 libopus may be built with deep PLC: a lost frame is continued by a network and no longer
by repeating pitch periods. Versions do not tell, builds differ. So a short buzz is encoded, one
frame is left out, and what the decoder invents is compared between the complexity that allows
the network and the one that does not.
"""

import ctypes
import re

import numpy as np

from audio.pcm import FRAME_SAMPLES, RATE_HZ

DECODER_COMPLEXITY = 5
"""From here on a decoder uses its network, if it has one (opus_defines.h)."""
SET_COMPLEXITY = 4010
_VOIP = 2048
_SINCE = (1, 5)
_FRAMES = 10
_FRAME_BYTES = 200


def has_deep_plc(library: ctypes.CDLL) -> bool:
    """Return whether the library conceals in another way when it may use a network.

    Args:
        library: A libopus with the types of its functions set.
    """
    version = re.search(rb"(\d+)\.(\d+)", bytes(library.opus_get_version_string()))
    if version is None or tuple(int(part) for part in version.groups()) < _SINCE:
        return False
    frames = _encoded_buzz(library)
    plain, deep = (_continued(library, frames, level) for level in (0, DECODER_COMPLEXITY))
    return bool(frames) and None not in (plain, deep) and plain != deep


def _encoded_buzz(library: ctypes.CDLL) -> list[bytes]:
    status = ctypes.c_int(0)
    encoder = library.opus_encoder_create(RATE_HZ, 1, _VOIP, ctypes.byref(status))
    if not encoder:
        return []
    t = np.arange(_FRAMES * FRAME_SAMPLES) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 20)) * 6000
    out = ctypes.create_string_buffer(_FRAME_BYTES)
    frames = []
    for frame in np.asarray(buzz, dtype=np.int16).reshape(_FRAMES, FRAME_SAMPLES):
        size = library.opus_encode(encoder, frame.ctypes.data, FRAME_SAMPLES, out, _FRAME_BYTES)
        frames.append(out.raw[: max(0, size)])
    library.opus_encoder_destroy(encoder)
    return frames


def _continued(library: ctypes.CDLL, frames: list[bytes], complexity: int) -> bytes | None:
    """What the decoder invents after the frames; None if it refuses something."""
    status = ctypes.c_int(0)
    decoder = library.opus_decoder_create(RATE_HZ, 1, ctypes.byref(status))
    if not decoder:
        return None
    out = np.zeros(FRAME_SAMPLES, dtype=np.int16)
    fine = library.opus_decoder_ctl(decoder, SET_COMPLEXITY, ctypes.c_int32(complexity)) == 0
    for frame in (*frames, None):
        size = len(frame) if frame is not None else 0
        decoded = library.opus_decode(decoder, frame, size, out.ctypes.data, FRAME_SAMPLES, 0)
        fine = fine and decoded == FRAME_SAMPLES
    library.opus_decoder_destroy(decoder)
    return out.tobytes() if fine else None
