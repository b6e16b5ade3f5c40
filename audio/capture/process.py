"""Our own voice made fit to be heard: low cut, echo, noise, gain, and a mask if one was chosen.

Every part may be missing or fail. Without echo cancellation, noise reduction or gain the voice
goes on as it is, and a person is told once. The mask is the exception: without it nothing but
silence leaves.
"""

from collections.abc import Callable

import numpy as np

from audio.capture import webrtc
from audio.capture.echo import EchoMode, EchoSwitch
from audio.capture.highpass import HighPass, Samples
from audio.capture.loader import Denoiser, EchoCanceller, Loader, failed
from audio.capture.mask_gate import Mask, MaskGate
from audio.capture.rnnoise import Rnnoise
from audio.device.device_errors import DeviceError
from audio.gain import AutoGain
from audio.level import power
from audio.mixer import Limiter
from audio.pcm import FULL_SCALE, Pcm, silence

LOW_CUT_HZ = 60.0
VOICE_PROBABILITY = 0.5


class Processor:
    """The way of our own voice between microphone and encoder.

    ``begin`` may be called by any thread, all else belongs to the worker.

    Args:
        on_problem: Told once about each part that is missing or has failed.
        mask: Changes the voice last; None: the voice as it is.
        echo: Whether echo is cancelled; see ``EchoMode``.
        make_canceller: Makes echo cancellation and noise reduction; replaced in tests.
        make_denoiser: Makes the better noise reduction, if there is one; likewise.

    Attributes:
        echo: Decides about echo; its ``mode`` may be set by any thread.
    """

    def __init__(
        self,
        on_problem: Callable[[DeviceError], None],
        mask: Mask | None = None,
        echo: EchoMode = EchoMode.AUTO,
        make_canceller: Callable[..., EchoCanceller] = webrtc.Webrtc,
        make_denoiser: Callable[[], Denoiser] = Rnnoise,
    ) -> None:
        self._on_problem = on_problem
        self._mask = None if mask is None else MaskGate(mask, on_problem)
        self.echo = EchoSwitch(echo)
        self._loader = Loader(self.echo, make_canceller, make_denoiser, on_problem)
        self._canceller: EchoCanceller | None = None
        self._denoiser: Denoiser | None = None
        self._cancels_echo = False
        self._low_cut = HighPass(LOW_CUT_HZ)
        self._gain = AutoGain()
        self._limiter = Limiter()
        self._held_blocks = 0

    def begin(self) -> None:
        """Load the libraries in a thread of their own, unless that was begun before."""
        self._loader.begin()

    def load(self) -> None:
        """Load them here; takes 0.1 to 0.5 s, so from a thread of its own. Never raises."""
        self._loader.load()

    @property
    def loading(self) -> bool:
        """Whether what was loaded is not at work yet."""
        return self._loader.waiting

    @property
    def parts(self) -> tuple[str, ...]:
        """What is at work now, of ``echo``, ``noise``, ``rnnoise``, ``gain`` and ``mask``."""
        names = {
            "echo": self._canceller is not None and self._cancels_echo,
            "noise": self._canceller is not None and self._denoiser is None,
            "rnnoise": self._denoiser is not None,
            "gain": True,
            "mask": self._mask is not None,
        }
        return tuple(name for name, there in names.items() if there)

    @property
    def gain_db(self) -> float:
        """What the automatic gain adds now."""
        return self._gain.gain_db

    def opened(self) -> None:
        """Let nothing through that was heard before now, and is still on its way."""
        self.echo.opened()
        self._held_blocks = (self._mask.delay_blocks if self._mask else 0) + (
            (self._canceller is not None) + 2 * (self._denoiser is not None)
        )

    def hear(self, block: Pcm) -> None:
        """Tell what was just handed to the loudspeaker.

        Args:
            block: int16, 480 samples, the whole mix.
        """
        self.echo.hear(block)
        if self._canceller is not None and self._cancels_echo:
            try:
                self._canceller.hear(block)
            except Exception as error:
                self._drop_canceller(error)

    def clean(self, block: Pcm, *, mask_only: bool = False) -> Pcm:
        """Return what is to be sent instead of a block of the microphone.

        Args:
            block: int16, 480 samples.
            mask_only: It comes from no microphone: only a mask may change it.

        Returns:
            int16, 480 samples, later by what the parts at work need.
        """
        cleaned = self._masked_only(block) if mask_only else self._treated(block)
        if self._held_blocks:
            self._held_blocks -= 1
            return silence(len(block))
        return cleaned

    def _masked_only(self, block: Pcm) -> Pcm:
        if self._mask is None:
            return block
        return self._behind_mask(self._mask, block.astype(np.float32))

    def _treated(self, block: Pcm) -> Pcm:
        self._take_loaded()
        self.echo.compare(block)
        self._follow_echo()
        samples = self._low_cut.filter(block.astype(np.float32))
        samples, may_be_voice = self._without_noise(self._without_echo(samples))
        ramp = self._gain.ramp(power(samples), may_be_voice and not self.echo.far_is_heard)
        if ramp is not None:
            samples = samples * ramp
        if self._mask is not None:
            return self._behind_mask(self._mask, samples)
        return self._limiter.limit(samples)

    def _without_echo(self, samples: Samples) -> Samples:
        if self._canceller is None:
            return samples
        try:
            held = np.maximum(samples, -FULL_SCALE)
            np.minimum(held, FULL_SCALE - 1, out=held)
            cleaned = self._canceller.clean(np.rint(held, out=held).astype(np.int16))
            if cleaned.shape != samples.shape:
                raise ValueError("length")
            return cleaned.astype(np.float32)
        except Exception as error:
            self._drop_canceller(error)
            return samples

    def _without_noise(self, samples: Samples) -> tuple[Samples, bool]:
        if self._denoiser is None:
            return samples, True
        try:
            cleaned, probability = self._denoiser.clean(samples)
            if cleaned.shape != samples.shape or not np.isfinite(cleaned).all():
                raise ValueError("no sound")
            return cleaned, probability >= VOICE_PROBABILITY
        except Exception as error:
            self._denoiser = None
            self._on_problem(failed("noise reduction", error))
            return samples, True

    def _behind_mask(self, mask: MaskGate, samples: Samples) -> Pcm:
        changed = mask.change(samples)
        return silence(len(samples)) if changed is None else self._limiter.limit(changed)

    def _take_loaded(self) -> None:
        loaded = self._loader.take()
        if loaded is not None:
            self._canceller, self._denoiser = loaded
            self._cancels_echo = self.echo.wanted

    def _follow_echo(self) -> None:
        if self._canceller is None or self._cancels_echo == self.echo.wanted:
            return
        try:
            self._canceller = self._loader.canceller(noise=self._denoiser is None)
            self._cancels_echo = self.echo.wanted
        except Exception as error:
            self._drop_canceller(error)

    def _drop_canceller(self, error: Exception) -> None:
        self._canceller = None
        self._on_problem(failed("echo cancellation", error))
