"""What leaves behind a mask: the changed voice, or nothing at all."""

from collections.abc import Callable
from typing import Protocol

from audio.capture.highpass import Samples
from audio.device.device_errors import DeviceError


class Mask(Protocol):
    """Changes a voice."""

    @property
    def delay_blocks(self) -> int:
        """Blocks until all that comes out was heard after a certain moment."""
        ...

    def process(self, samples: Samples) -> Samples:
        """Return the changed block of the same length, float32 in the range of int16."""
        ...


class MaskGate:
    """Shuts for good when its mask fails: the plain voice must never leave in its place.

    Args:
        mask: Changes the voice.
        on_problem: Told once when it has failed.
    """

    def __init__(self, mask: Mask, on_problem: Callable[[DeviceError], None]) -> None:
        self._mask = mask
        self._on_problem = on_problem
        self._shut = False

    @property
    def delay_blocks(self) -> int:
        """Of the mask."""
        return self._mask.delay_blocks

    def change(self, samples: Samples) -> Samples | None:
        """Return a block behind the mask; None: only silence may leave.

        Args:
            samples: float32 in the range of int16, 480 samples.
        """
        if self._shut:
            return None
        try:
            changed = self._mask.process(samples)
            if changed.shape != samples.shape:
                raise ValueError("length")
        except Exception as error:
            self._shut = True
            self._on_problem(
                DeviceError(
                    "mask_failed",
                    "the disguise has failed ({kind}); nothing but silence is sent",
                    "leave and join again to speak",
                    kind=type(error).__name__,
                )
            )
            return None
        return changed
