"""A frame's way in, from a link or a relay to its speaker's inbox."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from audio.pipeline import Pipeline
from crypto.frame import FrameError, Reason
from crypto.ids import MemberId
from p2p.errors import RemoteError
from p2p.mesh.frame_crypto import Opened
from p2p.node.member_numbers import MemberNumbers
from p2p.node.secrets import RoomSecrets
from p2p.room.room import Room

UNHEARD_S = 2.0
SENDS_S = 1.0
"""An open microphone sends a frame every few tens of milliseconds, also when nobody speaks."""


@dataclass(slots=True)
class _Speaker:
    """Somebody whose frames came.

    Attributes:
        number: By which the pipeline knows it.
        played_at_s: When a frame of it opened last, monotonic seconds.
        rejected_at_s: When one was refused last.
    """

    number: int
    played_at_s: float = -math.inf
    rejected_at_s: float = -math.inf


class Routing:
    """Opens the others' frames and gives them to the pipeline.

    Args:
        room: Says who may be heard, as of the last ``follow_room``.
        secrets: For opening.
        pipeline: Plays.
        numbers: By which the pipeline knows members.
    """

    def __init__(
        self, room: Room, secrets: RoomSecrets, pipeline: Pipeline, numbers: MemberNumbers
    ) -> None:
        self._room = room
        self._frames = secrets.frames
        self._pipeline = pipeline
        self._numbers = numbers
        self._slots: Mapping[int, MemberId] = room.state.slots
        self._speakers: dict[MemberId, _Speaker] = {}

    def relay_frame(self, frame: bytes, arrival_s: float) -> bool:
        """Takes a frame that a relay brings; doubles may come.

        Args:
            frame: Foreign bytes, hop byte in front.
            arrival_s: Monotonic seconds.

        Returns:
            False if the key is here, and the frame is not what its speaker sealed.
        """
        return self._open(None, frame, arrival_s, doubles=True)

    def link_frame(
        self, member: MemberId, frame: bytes, arrival_s: float, *, doubles: bool
    ) -> None:
        """Takes a frame that came on a member's link.

        Args:
            member: Whose link it is; only its own frames are taken from there.
            frame: Foreign bytes, hop byte in front.
            arrival_s: Monotonic seconds.
            doubles: Frames may come by a relay as well, so that a second one is nobody's fault.
        """
        self._open(member, frame, arrival_s, doubles=doubles)

    def keys_came(self) -> None:
        """Plays what was held until its key came."""
        self.follow_room()
        for opened in self._frames.retry(time.monotonic(), self._slots):
            self._play(opened)

    def follow_room(self) -> None:
        """Who may be heard is as the room has it now; what the others say is not missed.

        To be called whenever the room may have changed: frames do not ask.
        """
        slots = self._room.state.slots
        if slots != self._slots:
            self._slots = slots
            self._frames.keep_only(slots.values())

    def unheard(self, member: MemberId) -> bool:
        """Whether frames of this member came a moment ago that can not be opened, or not played."""
        if member not in self._speakers:
            return False
        speaker = self._speaker(member)
        refused_s = self._pipeline.refused_at(speaker.number)
        last_s = max(speaker.rejected_at_s, refused_s or -math.inf)
        return time.monotonic() - last_s < UNHEARD_S

    def sends(self, member: MemberId) -> bool:
        """Whether sound of this member came a moment ago: its microphone is open."""
        speaker = self._speakers.get(member)
        return speaker is not None and time.monotonic() - speaker.played_at_s < SENDS_S

    def loss_pct(self, member: MemberId) -> float | None:
        """What is missing of a member's sound of the last seconds; None if it said nothing."""
        if not self._frames.has_heard(member):
            return None
        return self._frames.heard(member).arrivals.loss_pct(time.monotonic())

    def _open(
        self, sender: MemberId | None, data: bytes, arrival_s: float, *, doubles: bool
    ) -> bool:
        try:
            opened = self._frames.open(data, sender, self._slots, arrival_s, doubles=doubles)
        except FrameError as error:
            member = sender or error.member_id
            if member is not None and not (doubles and error.reason is Reason.REPLAY):
                self._speaker(member).rejected_at_s = arrival_s
            return error.reason is not Reason.SEAL
        except RemoteError:
            if sender is not None:
                self._speaker(sender).rejected_at_s = arrival_s
            return False
        if opened is not None:
            self._play(opened)
        return True

    def _play(self, opened: Opened) -> None:
        speaker = self._speaker(opened.member)
        speaker.played_at_s = opened.arrival_s
        self._pipeline.put(speaker.number, opened.payload, opened.arrival_s)

    def _speaker(self, member: MemberId) -> _Speaker:
        speaker = self._speakers.get(member)
        if speaker is None:
            speaker = self._speakers[member] = _Speaker(self._numbers.number(member))
        return speaker
