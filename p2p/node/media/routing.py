"""A frame's way in, from a link or a relay to its speaker's inbox."""

import math
import time
from collections.abc import Mapping

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


class Routing:
    """Opens the others' frames and gives them to the pipeline.

    Args:
        room: Says who may be heard.
        secrets: For opening.
        pipeline: Plays.
        numbers: By which the pipeline knows members.
    """

    def __init__(
        self, room: Room, secrets: RoomSecrets, pipeline: Pipeline, numbers: MemberNumbers
    ) -> None:
        self._room = room
        self._secrets = secrets
        self._pipeline = pipeline
        self._numbers = numbers
        self._rejected_at_s: dict[MemberId, float] = {}
        self._played_at_s: dict[MemberId, float] = {}

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
        for opened in self._secrets.frames.retry(time.monotonic(), self._speakers()):
            self._play(opened)

    def follow_room(self) -> None:
        """Who may be heard is as the room has it; what the others say is not missed."""
        self._secrets.frames.keep_only(self._speakers().values())

    def unheard(self, member: MemberId) -> bool:
        """Whether frames of this member came a moment ago that can not be opened, or not played."""
        refused_s = self._pipeline.refused_at(self._numbers.number(member))
        last_s = max(self._rejected_at_s.get(member, -math.inf), refused_s or -math.inf)
        return time.monotonic() - last_s < UNHEARD_S

    def sends(self, member: MemberId) -> bool:
        """Whether sound of this member came a moment ago: its microphone is open."""
        return time.monotonic() - self._played_at_s.get(member, -math.inf) < SENDS_S

    def loss_pct(self, member: MemberId) -> float | None:
        """What is missing of a member's sound of the last seconds; None if it said nothing."""
        return self._secrets.frames.heard(member).loss.pct(time.monotonic())

    def _speakers(self) -> Mapping[int, MemberId]:
        """Slot to member."""
        return self._room.state.slots

    def _open(
        self, sender: MemberId | None, data: bytes, arrival_s: float, *, doubles: bool
    ) -> bool:
        frames = self._secrets.frames
        try:
            opened = frames.open(data, sender, self._speakers(), arrival_s, doubles=doubles)
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

    def _play(self, opened: Opened) -> None:
        self._played_at_s[opened.member] = opened.arrival_s
        self._pipeline.put(self._numbers.number(opened.member), opened.payload, opened.arrival_s)
