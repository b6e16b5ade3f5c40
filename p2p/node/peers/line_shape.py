"""In which profile we speak: the room's, or a narrower one if that is all that our line carries."""

from collections.abc import Sequence

from audio.codec.framer import PROFILES, Profile
from audio.pcm import FRAME_S
from crypto.frame import OVERHEAD_BYTES
from p2p.mesh.line_load import Load
from p2p.mesh.shape_walk import ShapeWalk
from p2p.mesh.shared_line import shared
from p2p.wire.hop import HOP_BYTES

LOOK_EVERY_S = 0.1
PACKET_BYTES = 28 + 12 + 16
"""What IP, UDP, RTP and SRTP add to a frame."""


def rate_bps(profile: Profile) -> float:
    """What a stream in a profile takes on the wire, with all headers."""
    packet_bytes = profile.payload_bytes + OVERHEAD_BYTES + HOP_BYTES + PACKET_BYTES
    return 8.0 * packet_bytes / (profile.frames * FRAME_S)


class LineShape:
    """The profile of what one member says.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: float) -> None:
        self._names: tuple[str, ...] = ()
        self._walk = ShapeWalk((), now)
        self._looked_s = now
        self.set_room_profile("table", now)

    @property
    def profile(self) -> str:
        """The name of the present one."""
        return self._names[self._walk.shape]

    @property
    def is_narrow(self) -> bool:
        """Whether it is another than the room's."""
        return self._walk.shape > 0

    def set_room_profile(self, name: str, now: float) -> None:
        """The room is in this profile: ours is never a wider one."""
        names = tuple(PROFILES)
        names = names[names.index(name) :]
        if names != self._names:
            self._names = names
            self._walk = ShapeWalk([rate_bps(PROFILES[each]) for each in names], now)

    def is_due(self, now: float) -> bool:
        """Whether it is time to look at the line again."""
        return now - self._looked_s >= LOOK_EVERY_S

    def look(self, loads: Sequence[Load], now: float) -> None:
        """Takes in how the line does.

        Args:
            loads: Of the links over which we speak, as far as they tell.
            now: Monotonic seconds.
        """
        self._looked_s = now
        self._walk.step(shared(loads), now)
