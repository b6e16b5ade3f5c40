"""The ways of sound between the pipeline and the others: links, and a relay for all the rest."""

from collections.abc import Iterable, Iterator

from p2p.link.link import MediaLink
from p2p.node.media.media import Sound
from p2p.node.peers.peers import Peers
from p2p.room.stage import Stage

PROFILES = ("table", "hall")
"""By the number that the room has for them."""


class Routing:
    """See the module. Until ``settle`` there is nobody.

    Attributes:
        members: The others.
    """

    def __init__(self) -> None:
        self.members: Peers | None = None
        self._sound: Sound | None = None
        self._profile = PROFILES[0]

    def settle(self, members: Peers, sound: Sound) -> None:
        """Connects the others with the pipeline."""
        self.members, self._sound = members, sound

    @property
    def attached(self) -> bool:
        """Whether a relay carries our sound now."""
        relay_room = None if self.members is None else self.members.relay_room
        return relay_room is not None and relay_room.is_attached

    def links(self) -> Iterator[tuple[bytes, MediaLink]]:
        """Every neighbour's link."""
        neighbours = {} if self.members is None else self.members.neighbours
        return ((member, neighbour.line.link) for member, neighbour in neighbours.items())

    def send_afar(self, frame: bytes) -> Iterable[bytes]:
        """Sends a frame through our relay, if there is anybody who has no link with us."""
        members = self.members
        if members is None or members.relay_room is None:
            return ()
        others = members.relay_room.present - members.neighbours.keys()
        return others if others and members.relay_room.failover.send_frame(frame) else ()

    def frame(self, member: bytes, data: bytes, arrival_s: float) -> None:
        """Takes a frame of a neighbour's link."""
        if self.members is not None and self._sound is not None:
            slots = self.members.room.state.slots
            self._sound.frame(member, data, arrival_s, slots, doubles=self.attached)

    def relay_frame(self, data: bytes, arrival_s: float) -> bool:
        """Takes a frame that a relay brings; False: it is not what its speaker sealed."""
        if self.members is None or self._sound is None:
            return True
        slots = self.members.room.state.slots
        return self._sound.frame(None, data, arrival_s, slots, doubles=True)

    def keys_came(self) -> None:
        """Plays what waited for its key."""
        if self.members is not None and self._sound is not None:
            self._sound.keys_came(self.members.room.state.slots)

    def follow_room(self) -> None:
        """Our microphone and the shape of our frames are as the room has them."""
        members, sound = self.members, self._sound
        if members is None or sound is None:
            return
        me, state = members.room.myself, members.room.state
        sound.keep_only(state.slots.values())
        may_speak = me.slot is not None and me.stage in (Stage.HOST, Stage.SPEAKING)
        if sound.pipeline.mic_on and not may_speak:
            sound.set_mic(False, None)
        if members.relay_room is not None:
            members.relay_room.failover.set_slot(me.slot if may_speak else None)
        profile = PROFILES[state.profile]
        if profile != self._profile:
            self._profile = profile
            sound.set_profile(profile)
