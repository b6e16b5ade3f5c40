"""Two other ways to carry the same speech over the same model network, to compare with.

Neither runs the other program; both are models of what decides about sound. ``mumble`` has
Mumble's codec settings (Opus, 40 kbit/s CBR, 20 ms, no copies, no in-band FEC) and the
decoder's concealment behind a fixed buffer of 100 ms, which is kinder than its own adaptive one.
``aiortc`` runs aiortc's own encoder settings (96 kbit/s VBR stereo), its own jitter buffer and
its own decoder, which leaves out what is missing; frames then play as they come, and while there
is none there is silence.
"""

import numpy as np
from aiortc.codecs.opus import OpusDecoder, OpusEncoder
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket
from av import AudioFrame

from audio.codec.opus import Decoder, Encoder
from audio.pcm import BLOCK_S, FRAME_S, FRAME_SAMPLES, RATE_HZ, Pcm, SampleQueue, silence
from bench.networks import Network

_MUMBLE_BPS = 40_000
_FIXED_S = 0.1
_SINK_S = 2.0


def mumble(sound: Pcm, network: Network, rng: np.random.Generator) -> tuple[Pcm, float]:
    """Mumble's settings behind a fixed buffer.

    Args:
        sound: int16 at 48 kHz.
        network: Its way to the listener.
        rng: For the network.

    Returns:
        What is heard, int16, and the buffer's delay in ms.
    """
    encoder, decoder = Encoder(_MUMBLE_BPS), Decoder()
    frames = [encoder.encode(frame) for frame in _frames(sound)]
    arrivals = network(len(frames), rng)
    quickest = float(np.nanmin(arrivals - np.arange(len(frames)) * FRAME_S))
    due = quickest + _FIXED_S + np.arange(len(frames)) * FRAME_S
    heard = [np.zeros(int(_FIXED_S * RATE_HZ), np.int16)]
    for frame, there in zip(frames, arrivals <= due, strict=True):
        heard.append(decoder.decode(frame) if there else decoder.conceal())
    return np.concatenate(heard)[: len(sound)], 1000.0 * _FIXED_S


def aiortc(sound: Pcm, network: Network, rng: np.random.Generator) -> tuple[Pcm, float]:
    """Plain aiortc.

    Args:
        sound: int16 at 48 kHz.
        network: Its way to the listener.
        rng: For the network.

    Returns:
        What is heard, int16, and the mean delay in ms.
    """
    frames = _aiortc_frames(sound)
    arrivals = network(len(frames), rng)
    order = [int(i) for i in np.argsort(arrivals, kind="stable") if not np.isnan(arrivals[i])]
    buffer, decoder = JitterBuffer(capacity=16, prefetch=4), OpusDecoder()
    sink, heard, delays, arrived = SampleQueue(int(_SINK_S * RATE_HZ)), [], [], 0
    for tick in range(round(len(frames) * FRAME_S / BLOCK_S)):
        now = tick * BLOCK_S + 0.003
        while arrived < len(order) and arrivals[order[arrived]] <= now:
            index = order[arrived]
            arrived += 1
            packet = RtpPacket(sequence_number=index, timestamp=index * FRAME_SAMPLES)
            packet._data = frames[index]
            _, complete = buffer.add(packet)
            if complete is not None:
                delays.append(now - complete.timestamp / RATE_HZ + len(sink) / RATE_HZ)
                for decoded in decoder.decode(complete):
                    stereo = decoded.to_ndarray().reshape(-1, 2).astype(np.int32)
                    sink.push((stereo.sum(axis=1) // 2).astype(np.int16))
        block = sink.pop(round(BLOCK_S * RATE_HZ))
        heard.append(silence() if block is None else block.copy())
    return np.concatenate(heard), 1000.0 * float(np.mean(delays)) if delays else 0.0


def _aiortc_frames(sound: Pcm) -> list[bytes]:
    encoder, encoded = OpusEncoder(), []
    for number, samples in enumerate(_frames(sound)):
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, number * FRAME_SAMPLES
        encoded += encoder.encode(frame)[0]
    return encoded


def _frames(sound: Pcm) -> Pcm:
    return sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
