"""Our own voice: blocks of the microphone become payloads of one size, or nothing when muted."""

from audio.codec.framer import TABLE, Framer
from audio.codec.opus import LOW_RATE_BPS, LOW_RATE_BYTES, PRIMARY_BPS, THIN_BPS, Encoder
from audio.level import LevelMeter
from audio.pcm import BLOCK_SAMPLES, FRAME_SAMPLES, Pcm, silence


class Voice:
    """Encodes and meters blocks between ``open`` and ``close``, and meters what it is told else.

    The encoders are made at the first ``open``: who only listens needs none.

    Attributes:
        profile: How payloads are packed, from the next one on; for any thread to change. Nothing
            is lost or sent twice.
    """

    def __init__(self) -> None:
        self.profile = TABLE
        self._meter = LevelMeter()
        self._framer = Framer()
        self._encoders: dict[int, Encoder] = {}
        self._frame = silence(FRAME_SAMPLES)
        self._filled = 0
        self._open = False

    @property
    def level_dbfs(self) -> float:
        """Loudness of the microphone, also while it is muted; -96 to 0."""
        return self._meter.level_dbfs

    @property
    def speaking(self) -> bool:
        """Whether a voice is heard at the microphone, muted or not."""
        return self._meter.speaking

    @property
    def is_open(self) -> bool:
        """Whether blocks become payloads."""
        return self._open

    def open(self) -> None:
        """Begin to send: nothing that was heard before goes out.

        Raises:
            SoundError: There is no libopus, or it refuses.
        """
        if not self._encoders:
            made = [Encoder(rate_bps) for rate_bps in (PRIMARY_BPS, LOW_RATE_BPS, THIN_BPS)]
            self._encoders = {encoder.frame_bytes: encoder for encoder in made}
        self._framer.switch(self.profile)
        self._framer.restart()
        self._filled = 0
        self._open = True

    def close(self) -> bytes | None:
        """Stop sending at once; half a frame that is waiting is thrown away.

        Returns:
            A last payload, which tells listeners that this is a pause and no loss: pure
            silence, after frames that waited for it. None if it was closed already.

        Raises:
            SoundError: The codec failed; it is closed nevertheless.
        """
        if not self._open:
            return None
        self._open = False
        self._meter = LevelMeter()
        for _ in range(self._framer.missing - 1):
            self._payload(silence(FRAME_SAMPLES), last=True)
        return self._payload(silence(FRAME_SAMPLES), last=True)

    def overhear(self, block: Pcm) -> None:
        """Meter 10 ms that the closed microphone heard, some of many, as the device gave them."""
        self._meter.update(block)

    def add(self, block: Pcm) -> bytes | None:
        """Take the next 10 ms.

        Args:
            block: ``BLOCK_SAMPLES`` samples.

        Returns:
            A payload with every second block of each of its frames while open; else None.

        Raises:
            SoundError: The codec failed; the frame is lost.
        """
        self._meter.update(block)
        if not self._open:
            return None
        self._framer.switch(self.profile)
        self._frame[self._filled : self._filled + BLOCK_SAMPLES] = block
        self._filled = (self._filled + BLOCK_SAMPLES) % FRAME_SAMPLES
        return None if self._filled else self._payload(self._frame, last=False)

    def _payload(self, frame: Pcm, *, last: bool) -> bytes | None:
        if not self._encoders:
            return None
        sizes = {self._framer.profile.frame_bytes, LOW_RATE_BYTES}
        encoded = {size: self._encoders[size].encode(frame) for size in sizes}
        own, low_rate = encoded[self._framer.profile.frame_bytes], encoded[LOW_RATE_BYTES]
        return self._framer.pack(own, low_rate, self._meter.speaking and not last, last=last)
