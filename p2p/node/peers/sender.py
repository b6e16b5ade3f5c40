"""Our own sound's way out: sealed once, to every neighbour's link and through the first relay."""

import time

from audio.codec.framer import profile_of
from p2p.mesh.line_load import Load
from p2p.node.media.media import Sound
from p2p.node.peers.frames_sent import FramesSent
from p2p.node.peers.hand_over import HandOver
from p2p.node.peers.line_shape import LineShape
from p2p.node.peers.narrow_doubt import NarrowDoubt
from p2p.node.peers.peers import Peers
from p2p.node.secrets import RoomSecrets
from p2p.room.ops.kinds import PROFILES
from p2p.room.stage import Stage
from p2p.trace import trace


class FrameSender:
    """Sends what the pipeline made of our voice.

    Args:
        peers: The others.
        secrets: For sealing.
        sound: The pipeline, which follows the room's word on our microphone.

    Attributes:
        sent: Frames sent to each member.
        shape: In which profile we speak.
    """

    def __init__(self, peers: Peers, secrets: RoomSecrets, sound: Sound) -> None:
        self.sent = FramesSent()
        self.shape = LineShape(time.monotonic())
        self._handed = HandOver()
        self._doubt = NarrowDoubt()
        self._peers = peers
        self._relay_room = peers.dispatch.relay_room
        self._secrets = secrets
        self._sound = sound
        self._profile = self.shape.profile

    def send(self, payload: bytes) -> None:
        """Seals one payload, if we may speak, and sends it to everybody."""
        slot, now = self._sound.slot, time.monotonic()
        if slot is None:
            return
        room_s = self._secrets.room_time.at(now)
        frame = self._secrets.frames.seal(payload, slot, room_s, profile_of(payload).code - 1)
        if frame is None:
            return
        direct = self._peers.neighbours.keys() - self._handed.members
        for member in direct:
            if self._peers.neighbours[member].line.link.media.send(frame):
                self.sent.to(member)
        present = self._relay_room.present
        if not present <= direct and self._relay_room.failover.send_frame(frame):
            self.sent.by_relay(present, direct)
        if self.shape.is_due(now):
            self._look_at_line(now)

    def follow_room(self) -> None:
        """Our microphone and the shape of our frames are as the room has them."""
        me, state = self._peers.room.myself, self._peers.room.state
        may_speak = me.slot is not None and me.stage in (Stage.HOST, Stage.SPEAKING)
        if self._sound.pipeline.mic_on and not may_speak:
            self._sound.set_mic(False, None)
        self._relay_room.failover.set_slot(me.slot if may_speak else None)
        self.shape.set_room_profile(PROFILES[state.profile], time.monotonic())
        self._follow_shape()

    def _look_at_line(self, now: float) -> None:
        self.shape.look(self._loads(now), now)
        both = self._relay_room.present & self._peers.neighbours.keys()
        self._handed.follow(both, now, narrow=self.shape.is_narrow)
        self._follow_shape()
        if self._doubt.is_due(now, narrow=self.shape.is_narrow):
            self._relay_room.failover.try_another("narrow")

    def _follow_shape(self) -> None:
        if self.shape.profile != self._profile:
            self._profile = self.shape.profile
            trace("line_shape", profile=self._profile)
            self._sound.set_profile(self._profile)

    def _loads(self, now: float) -> list[Load]:
        """How all the links do over which we speak, as far as they tell."""
        links = [neighbour.line.link for neighbour in self._peers.neighbours.values()]
        loads = [link.media.measure.load(now) for link in links]
        if (first := self._relay_room.failover.first) is not None:
            loads.append(first.link.load(now))
        return [load for load in loads if load is not None]
