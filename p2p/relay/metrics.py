"""What a relay tells its volunteer: numbers without names, and coarse ones.

No line carries a room, a member or an address. Counts are rounded up to eights, as Tor's Snowflake
does, so that who reads them every second does not see one person come and go.
"""

from collections import Counter
from dataclasses import dataclass, field

from p2p.relay.units import said_bytes, said_time
from p2p.wire.version import PROTOCOL_VERSION

COUNTS_TO = 8
BYTES_TO = 1 << 16


def rounded(count: float, to: int = COUNTS_TO) -> int:
    """Round up to a multiple; 0 stays 0."""
    return -(-int(count) // to) * to


@dataclass(slots=True)
class Metrics:
    """The relay's numbers; whoever knows one writes it here.

    Attributes:
        links: Links that are up.
        rooms: Rooms that are open.
        attached: Members that get sound.
        dht_peers: Nodes in the DHT table.
        knows_entry_nodes: Whether there is anybody to find there.
        bytes_in: Received in all.
        bytes_out: Sent in all.
        frames: Copies of frames sent in all.
        rejected: What was refused, by reason; reasons are words of the program, never foreign.
        draining: It is about to stop.
    """

    links: int = 0
    rooms: int = 0
    attached: int = 0
    dht_peers: int = 0
    knows_entry_nodes: bool = False
    bytes_in: int = 0
    bytes_out: int = 0
    frames: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    draining: bool = False

    @property
    def ill(self) -> str:
        """Why it is of no use to others now; empty when it is well."""
        if self.draining:
            return "draining"
        return "no entry node answers" if self.knows_entry_nodes and not self.dht_peers else ""

    def as_text(self) -> str:
        """All of it in the text format of Prometheus (version 0.0.4)."""
        gauges = [
            ("links", "Links that are up.", self.links),
            ("rooms", "Rooms that are open.", self.rooms),
            ("attached", "Members that are attached to a room.", self.attached),
            ("dht_peers", "Nodes in the DHT table.", self.dht_peers),
        ]
        lines = [
            f"# HELP teahouse_relay_{name} {words} Rounded up to {COUNTS_TO}.\n"
            f"# TYPE teahouse_relay_{name} gauge\n"
            f"teahouse_relay_{name} {rounded(count)}\n"
            for name, words, count in gauges
        ]
        lines += [
            "# HELP teahouse_relay_draining Whether it is about to stop.\n"
            "# TYPE teahouse_relay_draining gauge\n"
            f"teahouse_relay_draining {int(self.draining)}\n",
            "# HELP teahouse_relay_bytes_total UDP payload, rounded up.\n"
            "# TYPE teahouse_relay_bytes_total counter\n"
            f'teahouse_relay_bytes_total{{dir="in"}} {rounded(self.bytes_in, BYTES_TO)}\n'
            f'teahouse_relay_bytes_total{{dir="out"}} {rounded(self.bytes_out, BYTES_TO)}\n',
            "# HELP teahouse_relay_frames_total Copies of frames sent, rounded up.\n"
            "# TYPE teahouse_relay_frames_total counter\n"
            f"teahouse_relay_frames_total {rounded(self.frames)}\n",
            "# HELP teahouse_relay_rejected_total What was refused, by reason, rounded up.\n"
            "# TYPE teahouse_relay_rejected_total counter\n",
        ]
        lines += [
            f'teahouse_relay_rejected_total{{reason="{_label(reason)}"}} {rounded(count)}\n'
            for reason, count in sorted(self.rejected.items())
        ]
        lines.append(
            "# HELP teahouse_relay_build_info Which program this is.\n"
            "# TYPE teahouse_relay_build_info gauge\n"
            f'teahouse_relay_build_info{{protocol="{PROTOCOL_VERSION}"}} 1\n'
        )
        return "".join(lines)


class Summary:
    """What was done since the last time it was said.

    Args:
        metrics: Where the numbers are.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._bytes_in = metrics.bytes_in
        self._bytes_out = metrics.bytes_out

    def line(self, interval_s: float) -> str:
        """One line for the log."""
        now = self._metrics
        received, sent = now.bytes_in - self._bytes_in, now.bytes_out - self._bytes_out
        self._bytes_in, self._bytes_out = now.bytes_in, now.bytes_out
        return (
            f"in the last {said_time(interval_s)}: <={rounded(now.links)} links, "
            f"<={rounded(now.rooms)} rooms, {said_bytes(sent)} up, {said_bytes(received)} down"
        )


def _label(reason: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "_" for char in reason)[:40]
