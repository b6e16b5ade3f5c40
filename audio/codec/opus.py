"""Opus (RFC 6716) at a constant bit rate: 20 ms mono frames of one exact size.

Variable rate and DTX would let packet sizes tell what is said (RFC 6562), so both are off.
The decoder takes only the two kinds of frame that the encoder writes. Opus itself decodes
almost any bytes into loud noise, so everything else has to be refused here.
"""

import ctypes
import weakref

import numpy as np

from audio.codec import libopus
from audio.codec.neural_concealment import DECODER_COMPLEXITY, SET_COMPLEXITY
from audio.errors import OpusError
from audio.pcm import FRAME_SAMPLES, RATE_HZ, Pcm

PRIMARY_BPS = 28_000
PRIMARY_BYTES = 70
LOW_RATE_BPS = 16_000
LOW_RATE_BYTES = 40
THIN_BPS = 10_400
"""The least at which speech is still understood without effort."""
THIN_BYTES = 26
_FRAMES_PER_S = RATE_HZ // FRAME_SAMPLES
_MAX_FRAME_BYTES = 250

# Constants of opus_defines.h.
_APPLICATION_VOIP = 2048
_SET_BITRATE = 4002
_SET_VBR = 4006
_SET_BANDWIDTH = 4008
_SET_INBAND_FEC = 4012
_SET_DTX = 4016
_SET_SIGNAL = 4024
_SIGNAL_VOICE = 3001
_BANDWIDTH_WIDE = 1103
_BANDWIDTH_FULL = 1105
_FULL_BAND_FROM_BPS = 20_000

# RFC 6716 §3.1: config (5 bits) | stereo (1) | code (2). Configs: SILK wide band, hybrid super
# wide and full band, each 20 ms. Mono. Code 0, or code 3, which is how the encoder pads a short
# SILK frame to the constant size; with more than one frame in it, 960 samples are too few.
_CONFIGS, _CODES = (9, 13, 15), (0, 3)
_FIRST_BYTES = frozenset(config << 3 | code for config in _CONFIGS for code in _CODES)


class Encoder:
    """One stream of frames of ``frame_bytes`` each. Not for two threads at once."""

    def __init__(self, bitrate_bps: int = PRIMARY_BPS, complexity: int = 8) -> None:
        """Open an encoder.

        Args:
            bitrate_bps: Constant rate, 8,000 to 100,000; the frame size is a 400th of it.
            complexity: 0 (cheap) to 10 (best).

        Raises:
            OpusError: libopus refused a setting.
            OpusMissingError: There is no libopus.
        """
        self.frame_bytes = bitrate_bps // (8 * _FRAMES_PER_S)
        self._library = libopus.load()
        status = ctypes.c_int(0)
        self._state = self._library.opus_encoder_create(
            RATE_HZ, 1, _APPLICATION_VOIP, ctypes.byref(status)
        )
        if status.value != 0 or not self._state:
            raise OpusError(f"encoder: code {status.value}")
        weakref.finalize(self, self._library.opus_encoder_destroy, self._state)
        wide = _BANDWIDTH_FULL if bitrate_bps >= _FULL_BAND_FROM_BPS else _BANDWIDTH_WIDE
        for request, value in (
            (_SET_BITRATE, bitrate_bps),
            (_SET_VBR, 0),
            (_SET_DTX, 0),
            (_SET_INBAND_FEC, 0),
            (_SET_SIGNAL, _SIGNAL_VOICE),
            (_SET_BANDWIDTH, wide),
            (SET_COMPLEXITY, complexity),
        ):
            code = self._library.opus_encoder_ctl(self._state, request, ctypes.c_int32(value))
            if code != 0:
                raise OpusError(f"encoder setting {request}: code {code}")
        self._out = ctypes.create_string_buffer(self.frame_bytes)
        self._in = np.zeros(FRAME_SAMPLES, np.int16)
        self._in_address = self._in.ctypes.data

    def encode(self, pcm: Pcm) -> bytes:
        """Encode one frame.

        Args:
            pcm: int16, exactly 960 samples.

        Returns:
            Exactly ``frame_bytes`` bytes, whatever the sound is.

        Raises:
            ValueError: Wrong type or length: a bug of the caller.
            OpusError: libopus failed or gave another size.
        """
        if pcm.dtype != np.int16 or pcm.shape != (FRAME_SAMPLES,):
            raise ValueError("a frame is 960 samples of int16")
        self._in[:] = pcm
        written = self._library.opus_encode(
            self._state, self._in_address, FRAME_SAMPLES, self._out, self.frame_bytes
        )
        if written != self.frame_bytes:
            raise OpusError(f"encoding gave {written}")
        return self._out.raw


class Decoder:
    """The receiving end of one speaker's stream. Not for two threads at once."""

    def __init__(self) -> None:
        """Open a decoder.

        Raises:
            OpusError: libopus refused.
            OpusMissingError: There is no libopus.
        """
        self._library = libopus.load()
        self._out = np.empty(FRAME_SAMPLES, dtype=np.int16)
        self._out_address = self._out.ctypes.data
        status = ctypes.c_int(0)
        self._state = self._library.opus_decoder_create(RATE_HZ, 1, ctypes.byref(status))
        if status.value != 0 or not self._state:
            raise OpusError(f"decoder: code {status.value}")
        weakref.finalize(self, self._library.opus_decoder_destroy, self._state)
        # Old libraries know no such setting and conceal as they do.
        self._library.opus_decoder_ctl(
            self._state, SET_COMPLEXITY, ctypes.c_int32(DECODER_COMPLEXITY)
        )

    def decode(self, frame: bytes) -> Pcm:
        """Decode one frame.

        Args:
            frame: What an ``Encoder`` wrote, of any rate; foreign bytes are refused.

        Returns:
            int16, 960 samples.

        Raises:
            OpusError: Not such a frame. The state is as before the call.
        """
        size = len(frame)
        if not 2 <= size <= _MAX_FRAME_BYTES or frame[0] not in _FIRST_BYTES:
            raise OpusError("not a 20 ms mono frame")
        return self._run(frame, size, FRAME_SAMPLES)

    def conceal(self, samples: int = FRAME_SAMPLES) -> Pcm:
        """Invent what a lost frame may have held, fading out when asked again and again.

        Args:
            samples: A multiple of 120 (2.5 ms), at most 960.

        Returns:
            int16, that many samples.

        Raises:
            OpusError: libopus refused the length.
        """
        return self._run(None, 0, samples)

    def _run(self, frame: bytes | None, size: int, samples: int) -> Pcm:
        if samples > FRAME_SAMPLES:
            raise OpusError(f"{samples} samples are more than a frame")
        decoded = self._library.opus_decode(self._state, frame, size, self._out_address, samples, 0)
        if decoded != samples:
            raise OpusError(f"decoding gave {decoded}")
        return self._out.copy() if samples == FRAME_SAMPLES else self._out[:samples].copy()
