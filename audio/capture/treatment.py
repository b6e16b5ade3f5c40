"""What a person chose for their own voice, and what of it applies to where the voice comes from."""

import os
from collections.abc import Callable

from audio.capture.capture import Capture
from audio.capture.echo import EchoMode
from audio.capture.mask import Disguise, MaskMode
from audio.capture.process import Processor
from audio.capture.typed import TypedCapture, typed_only
from audio.device.device_errors import DeviceError
from audio.pcm import Pcm


class Treatment:
    """A pipeline's choices: the mask, echo, and whether anything but the mask is to be done.

    Real microphones are treated; what comes from a file, a tone or a keyboard is not, unless
    asked for. The libraries are loaded when a microphone that is treated is opened, not before.

    Args:
        on_problem: Told once about each part that is missing or has failed, by the worker or by
            the thread that loads.
        mask: How the voice leaves, for the whole run.
        echo: Whether echo is cancelled.
        process: True and False: always and never; None: only real microphones.
    """

    def __init__(
        self,
        on_problem: Callable[[DeviceError], None],
        mask: MaskMode = MaskMode.OFF,
        echo: EchoMode = EchoMode.AUTO,
        process: bool | None = None,
    ) -> None:
        disguise = Disguise(os.urandom) if mask is MaskMode.DISGUISE else None
        self._processor = Processor(on_problem, disguise, echo)
        self._mask = mask
        self._process = process

    @property
    def mask(self) -> MaskMode:
        """How our voice leaves."""
        return self._mask

    @property
    def echo(self) -> EchoMode:
        """What was chosen; may be set at any time, by any thread."""
        return self._processor.echo.mode

    @echo.setter
    def echo(self, mode: EchoMode) -> None:
        self._processor.echo.mode = mode

    @property
    def coupling_db(self) -> float | None:
        """What the microphone hears of the loudspeaker, relative to what that plays.

        None before it is known, and while ``echo`` is not ``EchoMode.AUTO``.
        """
        return self._processor.echo.coupling_db

    def parts(self, capture: Capture) -> tuple[str, ...]:
        """What is at work now, of ``echo``, ``noise``, ``rnnoise``, ``gain`` and ``mask``.

        Args:
            capture: Where the voice comes from.
        """
        parts = self._processor.parts
        return parts if self._applies(capture) else tuple(one for one in parts if one == "mask")

    def admit(self, capture: Capture) -> None:
        """See that a voice may come from there.

        Args:
            capture: Is closed if it may not.

        Raises:
            DeviceError: ``typed_only``: the voice is typed, so no microphone may be open.
        """
        if self._mask is MaskMode.TYPED and not isinstance(capture, TypedCapture):
            capture.close()
            raise typed_only()

    def prepare(self, capture: Capture) -> None:
        """Load what ``capture`` needs, in a thread, once; 0.1 to 0.5 s."""
        if self._applies(capture):
            self._processor.begin()

    def opened(self) -> None:
        """Let nothing through that was heard before now. Worker only."""
        self._processor.opened()

    def hear(self, block: Pcm) -> None:
        """Take what is handed to a loudspeaker. Worker only."""
        self._processor.hear(block)

    def clean(self, block: Pcm, capture: Capture) -> Pcm:
        """Return what is to be sent instead of a block. Worker only.

        Args:
            block: int16, 480 samples.
            capture: Where it was read.
        """
        return self._processor.clean(block, mask_only=not self._applies(capture))

    def _applies(self, capture: Capture) -> bool:
        return capture.is_microphone if self._process is None else self._process
