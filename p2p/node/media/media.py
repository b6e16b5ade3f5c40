"""Sound between the devices and the event loop: the pipeline's thread, and what it is told."""

import asyncio
from collections.abc import Callable

from audio.capture.capture import capture_from
from audio.capture.echo import EchoMode
from audio.capture.mask import MaskMode
from audio.capture.treatment import Treatment
from audio.device.device_errors import DeviceError
from audio.pipeline import Pipeline
from audio.playout.playout import playout_to
from p2p.errors import UserError
from p2p.node.media.devices import Devices, user_error


class Sound:
    """Our voice in, the others' voices out; knows neither keys nor links.

    Args:
        devices: From ``open_devices``.
        on_payload: Takes each payload of ours while the microphone is on, in the event loop.
        on_problem: Told in the event loop.
        mask: See ``Settings.mask``.
        echo: See ``Settings.echo``.

    Attributes:
        slot: Our slot while we may speak, else None.
        missing: Devices that were not there when asked for, by the code of the problem.
    """

    def __init__(
        self,
        devices: Devices,
        on_payload: Callable[[bytes], None],
        on_problem: Callable[[UserError], None],
        mask: str = "off",
        echo: str = "auto",
    ) -> None:
        self.slot: int | None = None
        self.missing = {problem.code: problem for problem in devices.problems}
        self._on_payload = on_payload
        self._on_problem = on_problem
        self._loop = asyncio.get_running_loop()
        treatment = Treatment(self._problem, MaskMode(mask), EchoMode(echo))
        self.pipeline = Pipeline(
            devices.capture,
            devices.playout,
            self._payload,
            self._problem,
            treatment=treatment,
        )
        for problem in devices.problems:
            self._loop.call_soon(on_problem, problem)

    def start(self) -> None:
        """Starts the worker, microphone off."""
        self.pipeline.start()

    async def stop(self) -> None:
        """Stops the worker and closes the devices."""
        await asyncio.to_thread(self.pipeline.stop)

    def set_mic(self, on: bool, slot: int | None) -> None:
        """Opens or closes the microphone; it opens only with a slot."""
        self.slot = slot
        self.pipeline.set_mic(on and slot is not None)

    def set_profile(self, name: str) -> None:
        """Packs our sound in a profile, from the next payload on and without a gap.

        Args:
            name: See ``audio.codec.framer``; what others send is taken in all at any time.

        Raises:
            KeyError: There is no such profile.
        """
        self.pipeline.set_profile(name)

    async def use_mic(self, name: str) -> None:
        """Goes on with another microphone; whether it is on stays as it is.

        Args:
            name: See ``Settings.mic``.

        Raises:
            UserError: It is not there, or may not be used; the one in use stays.
        """
        try:
            capture = await asyncio.to_thread(capture_from, name)
        except DeviceError as error:
            raise user_error(error) from error
        try:
            await asyncio.to_thread(self.pipeline.use_capture, capture)
        except DeviceError as error:  # not the kind of voice that was chosen
            capture.close()
            raise user_error(error) from error
        self.missing.pop("no_microphone", None)

    async def use_speaker(self, name: str) -> None:
        """Goes on with another loudspeaker.

        Args:
            name: See ``Settings.speaker``.

        Raises:
            UserError: It is not there; the one in use stays.
        """
        try:
            playout = await asyncio.to_thread(playout_to, name)
        except DeviceError as error:
            raise user_error(error) from error
        await asyncio.to_thread(self.pipeline.use_playout, playout)
        self.missing.pop("no_speaker", None)

    def _payload(self, payload: bytes) -> None:
        """From the worker's thread."""
        self._loop.call_soon_threadsafe(self._on_payload, payload)

    def _problem(self, error: DeviceError) -> None:
        """From the worker's thread."""
        self._loop.call_soon_threadsafe(self._on_problem, user_error(error))
