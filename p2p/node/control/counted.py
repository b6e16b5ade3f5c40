"""Everything that a member's program counts, in one place: for ``stats`` and for the trace."""

from collections import Counter

from p2p.link.door import Door
from p2p.mesh.frame_crypto import RELAY
from p2p.node.equipment import Equipment
from p2p.node.peers.peers import Peers
from p2p.node.secrets import RoomSecrets
from p2p.trace import word


class Counted:
    """Reads the counts of a session, changes none.

    Args:
        ours: Socket, DHT, sound and tasks.
        peers: The others, and our relays.
        secrets: Frames opened and refused.
        door: Ours.
    """

    def __init__(self, ours: Equipment, peers: Peers, secrets: RoomSecrets, door: Door) -> None:
        self._ours = ours
        self._peers = peers
        self._secrets = secrets
        self._door = door

    def snapshot(self) -> dict[str, dict[str, int]]:
        """Totals by place and reason; of links those that are up now."""
        ours, dispatch = self._ours, self._peers.dispatch
        relay_room, mainline = dispatch.relay_room, ours.endpoint.mainline
        places = {
            "socket": ours.endpoint.station.mux.counters,
            "streams": ours.endpoint.station.mux.streams.counters,
            "dht": ours.endpoint.dht.counts,
            "mainline": mainline.counts if mainline is not None else Counter[str](),
            "door": self._door.counters,
            "links": self._links(),
            "frames": self._frames(),
            "ops": self._peers.room.counts,
            "keys": dispatch.group_key.counts,
            "gossip": relay_room.counters,
            "relays": relay_room.failover.counters,
            "sound": ours.sound.pipeline.counts(),
            "failures": ours.work.failures,
        }
        return {
            place: {word(name): count for name, count in sorted(counts.items()) if count}
            for place, counts in places.items()
        }

    def _links(self) -> Counter[str]:
        links = [one.line.link for one in self._peers.neighbours.values()]
        counts = [link.counters for link in links]
        counts += [relay.counters for relay in self._ours.relay_links.links]
        return sum(counts, Counter())

    def _frames(self) -> Counter[str]:
        frames, room = self._secrets.frames, self._peers.room
        known = (*room.state.members, RELAY)
        heard = [frames.heard(member) for member in known if frames.has_heard(member)]
        counts = sum((one.refused for one in heard), Counter[str]())
        counts["opened"] = sum(one.opened for one in heard)
        counts["sealed"] = frames.sealed
        return counts
