"""A ring of samples between a device's callback and the worker: no lock, no allocation."""

import numpy as np

from audio.pcm import BLOCK_SAMPLES, Pcm

CAP_BLOCKS = 3
"""Most blocks that may stand in a ring: one that was late once must not stay late for ever."""


class Ring:
    """One writer, one reader, each in a thread of its own.

    Each side moves only its own counter, after the samples are in place. The writer never waits:
    what the reader left standing beyond the cap is skipped by the reader, oldest first. The room
    behind the cap is there so that a writer in a hurry does not overwrite what is being read.

    Args:
        cap_samples: Most samples that stay readable.

    Attributes:
        resting: Nobody writes or reads regularly, so nothing is counted as dropped or missed.
        dropped_samples: What the reader came too late for.
        missed_samples: What was read and was not there.
        largest_read: Most samples that were asked for at once.
    """

    def __init__(self, cap_samples: int = CAP_BLOCKS * BLOCK_SAMPLES) -> None:
        self._cap = cap_samples
        self._size = 4 * cap_samples
        self._samples: Pcm = np.zeros(self._size, np.int16)
        self._written = 0
        self._read = 0
        self.resting = False
        self.dropped_samples = 0
        self.missed_samples = 0
        self.largest_read = 0

    @property
    def level(self) -> int:
        """Samples that can be read now."""
        return min(self._written - self._read, self._cap)

    def write(self, samples: Pcm) -> None:
        """Append samples; of more than the cap only the newest are kept. Writer only."""
        if len(samples) > self._cap:
            samples = samples[-self._cap :]
        at = self._written % self._size
        first = min(len(samples), self._size - at)
        self._samples[at : at + first] = samples[:first]
        self._samples[: len(samples) - first] = samples[first:]
        self._written += len(samples)

    def read_into(self, out: Pcm) -> int:
        """Fill ``out``; what is missing becomes silence. Reader only.

        Returns:
            How many samples were there.
        """
        self.largest_read = max(self.largest_read, len(out))
        written = self._written
        start = max(self._read, written - self._cap)
        self.dropped_samples += 0 if self.resting else start - self._read
        count = min(len(out), written - start)
        at = start % self._size
        first = min(count, self._size - at)
        out[:first] = self._samples[at : at + first]
        out[first:count] = self._samples[: count - first]
        out[count:] = 0
        self.missed_samples += 0 if self.resting else len(out) - count
        self._read = start + count
        return count

    def clear(self) -> None:
        """Forget all that was written so far. Reader only."""
        self._read = self._written
