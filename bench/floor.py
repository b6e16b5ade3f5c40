"""The work that a member's sound cannot do without: bare native calls, and nothing around them.

Two Opus encoders as ``audio.codec.opus`` sets them up, one decoder for each speaker, and the two
calls of the audio processing, on buffers whose addresses are known. What the same machine needs
for it in the same run is what everything else is measured against.
"""

import time

import numpy as np
from livekit.rtc import AudioFrame

from audio.capture.sources import source_from
from audio.capture.webrtc import Webrtc
from audio.codec import libopus
from audio.codec.framer import unpack
from audio.codec.opus import LOW_RATE_BPS, PRIMARY_BPS, Decoder, Encoder
from audio.pcm import BLOCK_SAMPLES, FRAME_S, FRAME_SAMPLES, RATE_HZ, Pcm

_CLIP_FRAMES = 500


def _frame(block: Pcm) -> AudioFrame:
    return AudioFrame(bytearray(block.tobytes()), RATE_HZ, 1, BLOCK_SAMPLES)


class Floor:
    """The bare calls for so many speakers.

    Args:
        speakers: How many are decoded.
        streams: Payloads of a framer, each stream for every second speaker.
    """

    def __init__(self, speakers: int, streams: list[list[bytes]]) -> None:
        self._library = libopus.load()
        self._encoders = [Encoder(PRIMARY_BPS), Encoder(LOW_RATE_BPS)]
        self._decoders = [Decoder() for _ in range(speakers)]
        self._frames = [[unpack(one).frames[0] for one in stream] for stream in streams]
        source = source_from("clip:english")
        assert source is not None
        blocks = [source.read() for _ in range(2 * _CLIP_FRAMES)]
        self._sound = np.concatenate(blocks)
        webrtc = Webrtc(echo=True, noise=True)
        self._module = webrtc._module
        self._near = [_frame(block) for block in blocks]
        self._far = [_frame(block) for block in blocks[BLOCK_SAMPLES:]]
        self._decoded = np.empty(FRAME_SAMPLES, np.int16)
        self._done = 0

    def run(self, seconds: float) -> float:
        """Go on for so long in virtual time; returns the CPU used, in seconds."""
        before_s = time.process_time()
        for _ in range(round(seconds / FRAME_S)):
            self._frame()
        return time.process_time() - before_s

    def _frame(self) -> None:
        at, self._done = self._done, self._done + 1
        out = self._encoders[0]._out
        decoded = self._decoded.ctypes.data
        sound = self._sound.ctypes.data + 2 * FRAME_SAMPLES * (at % _CLIP_FRAMES)
        for encoder in self._encoders:
            self._library.opus_encode(
                encoder._state, sound, FRAME_SAMPLES, out, encoder.frame_bytes
            )
        for speaker, decoder in enumerate(self._decoders):
            stream = self._frames[speaker % len(self._frames)]
            frame = stream[at % len(stream)]
            self._library.opus_decode(decoder._state, frame, len(frame), decoded, FRAME_SAMPLES, 0)
        for block in (2 * at, 2 * at + 1):
            self._module.process_reverse_stream(self._far[block % len(self._far)])
            self._module.process_stream(self._near[block % len(self._near)])
