"""Sound between the pipeline's thread and the links: sealed once, sent to every neighbour."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from audio.capture.capture import Capture, capture_from
from audio.capture.echo import EchoMode
from audio.capture.mask import MaskMode
from audio.capture.treatment import Treatment
from audio.capture.typed import open_capture
from audio.codec.framer import profile_of
from audio.device.device_errors import DeviceError
from audio.pipeline import Pipeline
from audio.playout.playout import Playout, playout_to
from crypto.frame import FrameError, Reason
from p2p.errors import RemoteError, UserError
from p2p.link.link import MediaLink
from p2p.mesh.frame_crypto import PROFILE_OF, Opened
from p2p.node.secrets import RoomSecrets

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


class Sound:
    """Our voice out, the others' voices in.

    Args:
        devices: From ``open_devices``.
        secrets: For sealing and opening.
        links: Gives ``(member, link)`` of every neighbour, for each frame anew.
        on_problem: Told in the event loop.
        mask: See ``Settings.mask``.
        echo: See ``Settings.echo``.
        afar: Sends a frame to those who are no neighbours; says whom it should reach.
        number: Gives the number of a member, which names it in the pipeline.

    Attributes:
        sent: Frames sent to each member.
        slot: Our slot while we may speak, else None: then nothing is sealed.
        missing: Devices that were not there when asked for, by the code of the problem.
    """

    def __init__(
        self,
        devices: Devices,
        secrets: RoomSecrets,
        links: Callable[[], Iterable[tuple[bytes, MediaLink]]],
        on_problem: Callable[[UserError], None],
        mask: str = "off",
        echo: str = "auto",
        *,
        afar: Callable[[bytes], Iterable[bytes]] = lambda _frame: (),
        number: Callable[[bytes], int] = lambda _member: 0,
    ) -> None:
        self.sent: Counter[bytes] = Counter()
        self.slot: int | None = None
        self.missing = {problem.code: problem for problem in devices.problems}
        self._secrets = secrets
        self._links = links
        self._afar = afar
        self._number = number
        self._on_problem = on_problem
        self._loop = asyncio.get_running_loop()
        self._rejected_at_s: dict[bytes, float] = {}
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
        """Follows the room's profile, from the next payload on and without a gap.

        Args:
            name: ``table`` or ``hall``; what others send is taken in both at any time.

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

    def frame(
        self,
        sender: bytes | None,
        data: bytes,
        arrival_s: float,
        speakers: Mapping[int, bytes],
        *,
        doubles: bool = False,
    ) -> bool:
        """Takes a frame that came on a link.

        Args:
            sender: The member whose link it is; None: a relay's.
            data: Foreign bytes.
            arrival_s: Monotonic seconds.
            speakers: Who may be heard: slot to member id.
            doubles: Frames may come by two ways, so that a second one is nobody's fault.

        Returns:
            False if the key is here, and the frame is not what its speaker sealed.
        """
        stage = self._secrets.stage
        if stage is None:
            return True
        room_s = self._secrets.room_time.at(arrival_s)
        try:
            opened = stage.open(data, sender, speakers, room_s, arrival_s, doubles=doubles)
        except FrameError as error:
            member = sender or error.member_id
            if member is not None and not (doubles and error.reason is Reason.REPLAY):
                self._rejected_at_s[member] = arrival_s
            return error.reason is not Reason.SEAL
        except RemoteError:
            if sender is not None:
                self._rejected_at_s[sender] = arrival_s
            return False
        if opened is not None:
            self._play(opened)
        return True

    def keys_came(self, speakers: Mapping[int, bytes]) -> None:
        """Plays what was held until its key came."""
        if self._secrets.stage is not None:
            for opened in self._secrets.stage.retry(time.monotonic(), speakers):
                self._play(opened)

    def keep_only(self, speakers: Collection[bytes]) -> None:
        """Who may be heard now; what the others say is not missed."""
        if self._secrets.stage is not None:
            self._secrets.stage.keep_only(speakers)

    def loss_pct(self, member: bytes) -> float | None:
        """What is missing of a member's sound of the last seconds; None if it said nothing."""
        stage = self._secrets.stage
        return None if stage is None else stage.heard(member).loss.pct(time.monotonic())

    def _play(self, opened: Opened) -> None:
        self.pipeline.put(self._number(opened.member), opened.payload, opened.arrival_s)

    def unheard(self, member: bytes) -> bool:
        """Whether frames of this member arrived within the last 2 s that could not be opened."""
        return time.monotonic() - self._rejected_at_s.get(member, -10.0) < 2.0

    def _payload(self, payload: bytes) -> None:
        """From the worker's thread."""
        self._loop.call_soon_threadsafe(self._send, payload)

    def _send(self, payload: bytes) -> None:
        stage, slot = self._secrets.stage, self.slot
        if stage is None or slot is None:
            return
        room_s = self._secrets.room_time.at(time.monotonic())
        frame = stage.seal(payload, slot, room_s, PROFILE_OF[profile_of(payload).name])
        if frame is None:
            return
        for member, link in self._links():
            if link.send_frame(frame):
                self.sent[member] += 1
        for member in self._afar(frame):
            self.sent[member] += 1

    def _problem(self, error: DeviceError) -> None:
        """From the worker's thread."""
        self._loop.call_soon_threadsafe(self._on_problem, user_error(error))
