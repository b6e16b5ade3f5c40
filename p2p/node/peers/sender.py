"""Our own sound's way out: sealed once, to every neighbour's link and through the first relay."""

import time
from collections import Counter

from audio.codec.framer import profile_of
from crypto.ids import MemberId
from p2p.node.media.media import Sound
from p2p.node.peers.peers import Peers
from p2p.node.secrets import RoomSecrets
from p2p.room.ops.kinds import PROFILES
from p2p.room.stage import Stage


class FrameSender:
    """Sends what the pipeline made of our voice.

    Args:
        peers: The others.
        secrets: For sealing.
        sound: The pipeline, which follows the room's word on our microphone.

    Attributes:
        sent: Frames sent to each member.
    """

    def __init__(self, peers: Peers, secrets: RoomSecrets, sound: Sound) -> None:
        self.sent: Counter[MemberId] = Counter()
        self._peers = peers
        self._relay_room = peers.dispatch.relay_room
        self._secrets = secrets
        self._sound = sound
        self._profile = PROFILES[0]

    def send(self, payload: bytes) -> None:
        """Seals one payload, if we may speak, and sends it to everybody."""
        slot = self._sound.slot
        if slot is None:
            return
        room_s = self._secrets.room_time.at(time.monotonic())
        profile = PROFILES.index(profile_of(payload).name)
        frame = self._secrets.frames.seal(payload, slot, room_s, profile)
        if frame is None:
            return
        for member, neighbour in self._peers.neighbours.items():
            if neighbour.line.link.send_frame(frame):
                self.sent[member] += 1
        others = self._relay_room.present - self._peers.neighbours.keys()
        if others and self._relay_room.failover.send_frame(frame):
            self.sent.update(others)

    def follow_room(self) -> None:
        """Our microphone and the shape of our frames are as the room has them."""
        me, state = self._peers.room.myself, self._peers.room.state
        may_speak = me.slot is not None and me.stage in (Stage.HOST, Stage.SPEAKING)
        if self._sound.pipeline.mic_on and not may_speak:
            self._sound.set_mic(False, None)
        self._relay_room.failover.set_slot(me.slot if may_speak else None)
        profile = PROFILES[state.profile]
        if profile != self._profile:
            self._profile = profile
            self._sound.set_profile(profile)
