"""Asks the relay for as much sound as our line carries."""

from audio.pipeline import Pipeline
from p2p.mesh.listening import Listening
from p2p.node.member_numbers import MemberNumbers
from p2p.node.peers.narrow_doubt import NarrowDoubt
from p2p.node.peers.peers import Peers
from p2p.node.relays.relay_session import RelaySession

Asked = tuple[int, int, int]
EVERYTHING: Asked = (1, 0, 1)


class ListenerLine:
    """Of one member.

    Args:
        peers: The others, and the relays.
        pipeline: Knows who is loud.
        numbers: Numbers of members.
        now: Monotonic seconds.
    """

    def __init__(
        self, peers: Peers, pipeline: Pipeline, numbers: MemberNumbers, now: float
    ) -> None:
        self._failover = peers.dispatch.relay_room.failover
        self._peers = peers
        self._pipeline = pipeline
        self._numbers = numbers
        self._listening = Listening(now)
        self._doubt = NarrowDoubt()
        self._asked: tuple[RelaySession | None, Asked] = (None, EVERYTHING)

    @property
    def is_narrow(self) -> bool:
        """Whether less than everything is asked for."""
        return self._listening.is_narrow

    def tick(self, now: float) -> None:
        """Five times a second: looks at the line, and asks for another portion if need be."""
        first = self._failover.first
        if first is None:
            return
        load = first.link.inward_load(now)
        if load is not None:
            load = load._replace(round_trip_s=first.link.rtt_s + load.queue_s)
        self._listening.look(load, first.link.inward_bps, now)
        self._failover.comparison.paused = self.is_narrow
        if self._doubt.is_due(now, narrow=self.is_narrow):
            self._failover.try_another("narrow")
        self._ask(first)

    def _ask(self, first: RelaySession) -> None:
        level = self._listening.level
        slot = self._loudest() if self._listening.loudest_only else 0
        asked = (level.every, slot, level.others)
        before = self._asked[1] if self._asked[0] is first else EVERYTHING
        if asked != before:
            first.hear(*asked)
        self._asked = (first, asked)

    def _loudest(self) -> int:
        """The slot of whoever is loudest now; 0: nobody is in one."""
        levels = self._pipeline.levels()
        slots = self._peers.room.state.slots
        loudness = {
            slot: levels[number]
            for slot, member in slots.items()
            if (number := self._numbers.number(member)) in levels
        }
        return max(loudness, key=lambda slot: loudness[slot], default=0)
