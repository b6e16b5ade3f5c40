"""Microphone and loudspeaker as the person chose them; the room works without."""

import asyncio
from dataclasses import dataclass

from audio.capture.capture import Capture, capture_from
from audio.capture.mask import MaskMode
from audio.capture.typed import open_capture
from audio.device.device_errors import DeviceError
from audio.playout.playout import Playout, playout_to
from p2p.errors import UserError

NO_DEVICE = frozenset({"no_microphone", "no_speaker"})


@dataclass(frozen=True, slots=True)
class Devices:
    """Microphone and loudspeaker, opened.

    Attributes:
        capture: Where our voice comes from.
        playout: Where the others are heard.
        problems: Devices that are not there; the room works without them.
    """

    capture: Capture
    playout: Playout
    problems: tuple[UserError, ...] = ()


async def open_devices(mic: str, speaker: str, mask: str = "off") -> Devices:
    """Opens what the person chose; without a device one can still listen, or be seen.

    Args:
        mic: See ``Settings.mic``.
        speaker: See ``Settings.speaker``.
        mask: See ``Settings.mask``; with a typed voice no microphone is even looked for.

    Raises:
        UserError: A file or tone is no good, or nothing can speak what is typed.
    """
    problems: list[UserError] = []
    try:
        capture = await asyncio.to_thread(open_capture, mic, MaskMode(mask))
    except DeviceError as error:
        problems.append(_bearable(error))
        capture = capture_from("silence")
    try:
        playout = await asyncio.to_thread(playout_to, speaker)
    except DeviceError as error:
        if error.code not in NO_DEVICE:
            capture.close()
        problems.append(_bearable(error))
        playout = playout_to("null")
    return Devices(capture, playout, tuple(problems))


def user_error(error: DeviceError) -> UserError:
    """The same sentence, as the rest of the program passes it on."""
    return UserError(
        error.code,
        error.message_template,
        error.hint_template,
        error.exit_code,
        **error.values,
    )


def _bearable(error: DeviceError) -> UserError:
    """Passes a missing device on as a problem, raises anything else."""
    if error.code not in NO_DEVICE:
        raise user_error(error) from error
    return user_error(error)
