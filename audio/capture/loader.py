"""Loads what a real microphone needs: echo cancellation and noise reduction, in a thread."""

import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from audio.capture.echo import EchoSwitch
from audio.capture.highpass import Samples
from audio.capture.rnnoise import RnnoiseMissingError
from audio.device.device_errors import DeviceError
from audio.pcm import Pcm


class EchoCanceller(Protocol):
    """What ``webrtc.Webrtc`` offers."""

    def hear(self, block: Pcm) -> None:
        """Take what the loudspeaker is about to play."""
        ...

    def clean(self, block: Pcm) -> Pcm:
        """Return a block of the microphone without echo and noise."""
        ...


class Denoiser(Protocol):
    """What ``rnnoise.Rnnoise`` offers."""

    def clean(self, samples: Samples) -> tuple[Samples, float]:
        """Return a block without noise and the probability that it holds a voice."""
        ...


class Loaded(NamedTuple):
    """What there is on this machine."""

    canceller: EchoCanceller | None
    denoiser: Denoiser | None


class Loader:
    """Makes both, once; ``take`` is for the worker, all else for any thread.

    Args:
        echo: Says whether echo is to be cancelled.
        make_canceller: Makes echo cancellation and noise reduction.
        make_denoiser: Makes the better noise reduction, if there is one.
        on_problem: Told about each that is missing or does not start.
    """

    def __init__(
        self,
        echo: EchoSwitch,
        make_canceller: Callable[..., EchoCanceller],
        make_denoiser: Callable[[], Denoiser],
        on_problem: Callable[[DeviceError], None],
    ) -> None:
        self._echo = echo
        self._make_canceller, self._make_denoiser = make_canceller, make_denoiser
        self._on_problem = on_problem
        self._thread: threading.Thread | None = None
        self._loaded: Loaded | None = None

    @property
    def waiting(self) -> bool:
        """Whether something was loaded that nobody has taken yet."""
        return self._loaded is not None

    def begin(self) -> None:
        """Load in a thread, unless that was begun before."""
        if self._thread is None:
            self._thread = threading.Thread(target=self.load, name="audio-load", daemon=True)
            self._thread.start()

    def load(self) -> None:
        """Load here; takes 0.1 to 0.5 s. Never raises."""
        denoiser: Denoiser | None = None
        canceller: EchoCanceller | None = None
        try:
            denoiser = self._make_denoiser()
        except RnnoiseMissingError:
            pass  # an extra; WebRTC's noise reduction stands in
        except Exception as error:
            self._on_problem(failed("noise reduction", error))
        try:
            canceller = self.canceller(noise=denoiser is None)
        except Exception:
            self._on_problem(_missing(denoiser is None))
        self._loaded = Loaded(canceller, denoiser)

    def take(self) -> Loaded | None:
        """Return what was loaded since the last time."""
        loaded, self._loaded = self._loaded, None
        return loaded

    def canceller(self, *, noise: bool) -> EchoCanceller:
        """Make one as echo is to be treated now; raises whatever the library does."""
        return self._make_canceller(echo=self._echo.wanted, noise=noise)


def failed(what: str, error: Exception) -> DeviceError:
    """The problem ``processing_failed`` of a part."""
    return DeviceError(
        "processing_failed",
        "{what} has failed and is off from now on ({kind})",
        "wear headphones; the room goes on",
        what=what,
        kind=type(error).__name__,
    )


def _missing(noise_too: bool) -> DeviceError:
    what = "no echo cancellation and no noise reduction" if noise_too else "no echo cancellation"
    return DeviceError(
        "no_processing",
        "{what} on this machine: the library {library} is not there",
        "wear headphones, or let bin/setup put the library there",
        what=what,
        library="livekit",
    )
