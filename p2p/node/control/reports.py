"""All that the front end is told of a room that we are in: changes, numbers, notices."""

import time
from collections.abc import Callable

from p2p.api import events
from p2p.node.control.events import EventReporter
from p2p.node.control.local_audio import LocalAudio
from p2p.node.control.moderators import ModeratorWatch
from p2p.node.control.narrow_notice import NarrowNotices
from p2p.node.control.relay_watch import Reachability
from p2p.node.control.snapshot import Snapshot
from p2p.node.control.stats import StatsReader
from p2p.node.peers.peers import Peers
from p2p.trace import CounterTrace

STATS_EVERY_S = 5.0


class Reports:
    """See the module.

    Args:
        peers: The others.
        reporter: Turns changes into events.
        snapshot: The room as it is drawn.
        stats: Everything that was counted.
        notices: What is told of the ways into the room, and of relays.
        moderators: Looks whether anybody can run the room.
        local_audio: Lets a loss of all others be heard.
        emit: Takes each event.
        began_s: When we began to come in, monotonic seconds.

    Attributes:
        snapshot: As given.
        stats: As given.
    """

    def __init__(
        self,
        peers: Peers,
        reporter: EventReporter,
        snapshot: Snapshot,
        stats: StatsReader,
        notices: Reachability,
        moderators: ModeratorWatch,
        local_audio: LocalAudio,
        emit: Callable[[events.Event], None],
        began_s: float,
    ) -> None:
        self.snapshot = snapshot
        self.stats = stats
        self._peers = peers
        self._reporter = reporter
        self._notices = notices
        self._moderators = moderators
        self._local_audio = local_audio
        self._emit = emit
        self._began_s = began_s
        self._narrow = NarrowNotices()
        self._stats_s = time.monotonic() + STATS_EVERY_S
        self._counter_trace = CounterTrace(stats.counted.snapshot)

    def tell_changes(self) -> None:
        """Says what changed in the room, of who is here, and of the key."""
        room = self._peers.room
        self._reporter.tell_room(room, self._peers.mesh)
        self._reporter.tell_keys(self._peers.dispatch.group_key.news(), room)

    def tick(self, ways_in: tuple[str, ...], now: float) -> None:
        """Five times a second: who speaks, whether others can be reached, the ways in, numbers.

        Args:
            ways_in: Which ways into the room work now.
            now: Monotonic seconds.
        """
        self._reporter.tell_sound(self.stats.pipeline, self._began_s)
        self._local_audio.connection(now, lost=bool(self.snapshot.lost()))
        self.tell_ways(ways_in, now)
        self._tell_moderators(now)
        self._counter_trace.tick(now)
        if now >= self._stats_s:
            self._stats_s = now + STATS_EVERY_S
            self._emit(self.stats.stats())

    def _tell_moderators(self, now: float) -> None:
        peers = self._peers
        verified = peers.dispatch.group_key.verified
        for event in self._moderators.news(peers.room, peers.mesh.is_here, verified, now):
            self._emit(event)
        self.snapshot.no_moderator = self._moderators.nobody

    def tell_line(self, now: float, *, out: bool, inward: bool) -> None:
        """Says that our line has become too narrow for all of the sound, or is no more.

        Args:
            now: Monotonic seconds.
            out: Whether our own sound is made simpler.
            inward: Whether that of the others is.
        """
        changed = self._narrow.news(now, out=out, inward=inward)
        if changed is not None:
            self._emit(changed)

    def tell_ways(self, ways_in: tuple[str, ...], now: float) -> None:
        """Says which ways into the room have begun to work, and how the relays are."""
        if self._peers.room.is_gone:  # a relay closes on whoever was removed: that is no news of it
            return
        state = self._peers.room.state
        for notice in self._notices.news(ways_in, state.carriers, state.carriers_out, now):
            self._emit(notice)
        self.snapshot.problem = self._notices.problem
