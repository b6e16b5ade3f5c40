"""Opus for profile ``table``, by libopus itself (protocol.md, section 8)."""

import ctypes
import importlib.util
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

RATE_HZ, SAMPLES, BYTES = 48_000, 960, 70
VOIP, VOICE, FULL_BAND = 2048, 3001, 1105
CONSTANT = {4002: 28_000, 4006: 0, 4016: 0, 4012: 0}
"""Bit rate, no VBR, no DTX, no FEC."""
KEPT = {4024: VOICE, 4008: FULL_BAND}
"""Signal and bandwidth: without them it drifts to frames that nobody takes."""
LEFT_TO_ITSELF: dict[int, int] = {}


class Encoder:
    def __init__(self, settings: Mapping[int, int] = KEPT) -> None:
        spec = importlib.util.find_spec("av")
        assert spec
        assert spec.origin
        (path,) = (Path(spec.origin).parents[1] / "av.libs").glob("libopus*")
        self._lib = ctypes.CDLL(str(path))
        self._lib.opus_encoder_create.restype = ctypes.c_void_p
        status = ctypes.c_int()
        made = self._lib.opus_encoder_create(RATE_HZ, 1, VOIP, ctypes.byref(status))
        self._state = ctypes.c_void_p(made)
        for request, value in {**CONSTANT, **settings}.items():
            assert self._lib.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)) == 0

    def encode(self, samples: Iterable[int]) -> bytes:
        """960 samples of 16 bits to 70 bytes."""
        out = ctypes.create_string_buffer(BYTES)
        pcm = (ctypes.c_int16 * SAMPLES)(*samples)
        assert self._lib.opus_encode(self._state, pcm, SAMPLES, out, BYTES) == BYTES
        return out.raw


class Voice:
    """A tone as payloads of profile ``table``, without copies."""

    def __init__(self, tone_hz: float, settings: Mapping[int, int] = KEPT) -> None:
        self._encoder, self._tone_hz, self.said = Encoder(settings), tone_hz, 0

    def payload(self) -> bytes:
        first = self.said * SAMPLES
        turn = 2 * math.pi * self._tone_hz / RATE_HZ
        pcm = (int(8000 * math.sin(turn * (first + n))) for n in range(SAMPLES))
        head = bytes((1, 0b1000)) + self.said.to_bytes(4, "big")
        self.said += 1
        return head + self._encoder.encode(pcm) + bytes(120)
