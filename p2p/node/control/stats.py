"""What ``stats`` and ``left`` report: everything that was counted in this run."""

from typing import Any

from crypto.ids import MemberId
from p2p.api import events
from p2p.link.mux import Mux
from p2p.node.control.counted import Counted
from p2p.node.media.media import Sound
from p2p.node.member_numbers import MemberNumbers
from p2p.node.peers.paths import Paths
from p2p.node.peers.sender import FrameSender
from p2p.node.secrets import RoomSecrets
from p2p.room.room import Room

BAD_OPS = ("forged", "wrong_room", "oversized", "malformed", "version", "flood", "full")


class StatsReader:
    """Reads the counts of a session, changes none.

    Args:
        room: What the members agree on.
        secrets: Frames opened and refused.
        sender: Frames sent.
        paths: The ways to members.
        sound: The pipeline.
        mux: The socket.
        numbers: Numbers of members.
        counted: What the parts count.

    Attributes:
        pipeline: Of the sound.
        counted: As given.
    """

    def __init__(
        self,
        room: Room,
        secrets: RoomSecrets,
        sender: FrameSender,
        paths: Paths,
        sound: Sound,
        mux: Mux,
        numbers: MemberNumbers,
        counted: Counted,
    ) -> None:
        self._room = room
        self._secrets = secrets
        self._sender = sender
        self._paths = paths
        self.pipeline = sound.pipeline
        self._mux = mux
        self._numbers = numbers
        self.counted = counted

    def stats(self) -> events.Stats:
        """The numbers of ``stats``, totals since joining."""
        return events.Stats(
            me={"sealed": self._secrets.frames.sealed, "mic": self.pipeline.mic_on},
            speakers=[row for m in self._room.state.members if (row := self._speaker(m))],
            links=[self._link(member) for member in self._paths.reached()],
            totals=self.totals(),
            counters=self.counted.snapshot(),
        )

    def totals(self) -> dict[str, Any]:
        """Everything that was counted in this run."""
        others = [member for member in self._room.state.members if member != self._room.me]
        return {
            "role": self._room.myself.role,
            "sealed": self._secrets.frames.sealed,
            "members": [self._member(member) for member in others],
            "packet_sizes": sorted(self._mux.media_sizes),
            "socket_errors": self._mux.counters["socket_errors"],
            "dropped_ops": sum(self._room.counts[reason] for reason in BAD_OPS),
        }

    def _speaker(self, member: MemberId) -> dict[str, Any]:
        """How a member is heard; empty if nothing came of it."""
        if not self._secrets.frames.has_heard(member):
            return {}
        heard = self._secrets.frames.heard(member)
        if not heard.opened + heard.rejected:
            return {}
        n = self._numbers.number(member)
        played = self.pipeline.speaker_stats(n)
        return {
            "n": n,
            "opened": heard.opened,
            "rejected": heard.rejected + played["refused"],
            "concealed_pct": round(played["concealed_pct"], 2),
            "delay_ms": round(played["delay_ms"]),
            "target_ms": round(played["target_ms"]),
            "level_dbfs": round(played["level_dbfs"], 1),
        }

    def _member(self, member: MemberId) -> dict[str, Any]:
        frames, opened, rejected = self._secrets.frames, 0, 0
        if frames.has_heard(member):
            opened, rejected = frames.heard(member).opened, frames.heard(member).rejected
        return {
            "n": self._numbers.number(member),
            "sent": self._sender.sent.count(member),
            "opened": opened,
            "rejected": rejected,
        }

    def _link(self, member: MemberId) -> dict[str, Any]:
        path = self._paths.to(member)
        return {
            "n": self._numbers.number(member),
            "path": path.kind,
            "rtt_ms": None if path.rtt_ms is None else round(path.rtt_ms, 1),
            "loss_pct": round(path.loss_pct or 0.0, 1),
        }
