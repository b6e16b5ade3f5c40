"""What our line brings us over one link, told from the sender's clock in each packet. Sans-IO."""

from p2p.mesh.line_load import Load, Sample, Samples

SAMPLE_EVERY_S = 0.1
CLOCK_HZ = 48_000
_CLOCK = 1 << 32
_NUMBERS = 1 << 16


class InwardMeasure:
    """Of one link, at the end that receives."""

    def __init__(self) -> None:
        self._samples = Samples()
        self._received = self._bytes = 0
        self._seq: int | None = None
        self._ticks = 0
        self._sampled_s: float | None = None

    def came(self, seq: int, ticks: int, size_bytes: int, now: float) -> None:
        """Note an authentic packet.

        Args:
            seq: Its RTP number, 16 bit.
            ticks: The sender's clock when it left, 48 kHz, 32 bit.
            size_bytes: On the wire, with all headers.
            now: When it came, monotonic seconds.
        """
        self._received += 1
        self._bytes += size_bytes
        if self._seq is None:
            self._seq, self._ticks = seq, ticks
        step = (seq - self._seq) % _NUMBERS
        if step >= _NUMBERS // 2:  # behind a later one
            return
        self._seq += step
        self._ticks += (ticks - self._ticks + _CLOCK // 2) % _CLOCK - _CLOCK // 2
        if self._sampled_s is not None and now - self._sampled_s < SAMPLE_EVERY_S:
            return
        self._sampled_s = now
        took_s = now - self._ticks / CLOCK_HZ
        self._samples.add(
            Sample(now, self._seq, self._received, float(self._bytes), now, took_s, took_s)
        )

    def sent_bps(self) -> float:
        """What the sender sent us a second, with all headers; 0.0 while that is unknown."""
        return self._samples.sent_bps()

    def load(self, now: float) -> Load | None:
        """How the line does; None while too little is known, or nothing came for a second."""
        return self._samples.load(now)
