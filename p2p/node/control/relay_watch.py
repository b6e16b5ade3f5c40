"""What a person is told of the relays that carry the room: which is silent, and what that means."""

from collections.abc import Collection, Iterator

from crypto.ids import DhKey
from p2p.api.events import Notice, RelayChanged, RelayMeans
from p2p.dht.contact import NodeContact
from p2p.node.control.notices import NO_ANSWER_AFTER_S, WayNotices
from p2p.node.relays.own_relays import contact_of, relay_name
from p2p.node.relays.relay_links import RelayLinks
from p2p.room.ops.kinds import Carrier

SHUT = "No relay answers: nobody can come in, and nobody hears anybody."


class Reachability:
    """By what others can come in now, and what there is to say of it.

    Args:
        relay_links: Ours.
        expects_entry_nodes: Whether any is known and may be used.
        expects_mainline: Whether the room is to be found through BitTorrent's network.
        hidden: Nothing goes but through relays.
        now: Monotonic seconds.
    """

    def __init__(
        self,
        relay_links: RelayLinks,
        *,
        expects_entry_nodes: bool,
        expects_mainline: bool,
        hidden: bool,
        now: float,
    ) -> None:
        self._relay_links = relay_links
        self._ways = WayNotices(
            expects_entry_nodes=expects_entry_nodes,
            expects_mainline=expects_mainline,
            hidden=hidden,
            now=now,
        )
        self._watch = RelayWatch(hidden=hidden, now=now)
        self._hidden = hidden
        self._named: set[DhKey] | None = None
        self._out: set[DhKey] | None = None

    @property
    def problem(self) -> str:
        """What is wrong now; empty if nothing is."""
        return self._watch.problem

    def news(
        self,
        ways_in: tuple[str, ...],
        carriers: Collection[Carrier],
        out: Collection[Carrier],
        now: float,
    ) -> Iterator[Notice | RelayChanged]:
        """What is to be told.

        Args:
            ways_in: As for ``WayNotices``.
            carriers: The relays that the room names.
            out: Those that were taken out of it.
            now: Monotonic seconds.
        """
        yield from self._newly_named(carriers)
        yield from self._newly_out(carriers, out)
        yield from self._ways.news(ways_in, now)
        kept = [relay_name(contact) for contact in self._relay_links.kept]
        up = [relay_name(link.contact) for link in self._relay_links.links]
        yield from self._watch.news(kept, up, now)

    def _newly_named(self, carriers: Collection[Carrier]) -> Iterator[RelayChanged]:
        """Relays that the room names since we came in, and that we do not use."""
        now_named = {carrier.dh for carrier in carriers}
        before, self._named = self._named, now_named
        ours = {contact.dh for contact in self._relay_links.kept}
        new = now_named - (now_named if before is None else before) - ours
        for carrier in carriers:
            relay = contact_of(carrier)
            if carrier.dh in new and relay is not None:
                line = str(NodeContact(relay.address, relay.dh))
                yield RelayChanged(relay_name(relay), "named", line=line)

    def _newly_out(
        self, carriers: Collection[Carrier], out: Collection[Carrier]
    ) -> Iterator[RelayChanged]:
        """Relays that were taken out since we came in, and that we still use."""
        now_out = {carrier.dh for carrier in out}
        before, self._out = self._out, now_out
        named = {carrier.dh for carrier in carriers}
        for relay in self._relay_links.kept:
            if before is not None and relay.dh in now_out - before:
                another = any(link.contact.dh in named for link in self._relay_links.links)
                means: RelayMeans = "another" if another else "alone"
                yield RelayChanged(relay_name(relay), "out", means if self._hidden else "open")


class RelayWatch:
    """Tells of relays that do not answer, that are gone, and that are back.

    Args:
        hidden: Nothing goes but through them.
        now: Monotonic seconds.
    """

    def __init__(self, *, hidden: bool, now: float) -> None:
        self._began_s = now
        self._hidden = hidden
        self._state: dict[str, str] = {}
        self._since_s: dict[str, float] = {}

    def news(
        self, kept: Collection[str], up: Collection[str], now: float
    ) -> Iterator[RelayChanged]:
        """What is to be told.

        Args:
            kept: The relays that we keep links to, as a person writes them.
            up: The relays that answer now.
            now: Monotonic seconds.
        """
        self._state = {relay: state for relay, state in self._state.items() if relay in kept}
        for relay in kept:
            self._since_s.setdefault(relay, now if self._state else self._began_s)
            before = self._state.setdefault(relay, "new")
            if relay in up:
                self._state[relay] = "up"
                if before == "down":
                    yield RelayChanged(relay, "back")
            elif before == "up":
                self._state[relay] = "down"
                yield RelayChanged(relay, "lost", self._means(up))
            elif before == "new" and now - self._since_s[relay] > NO_ANSWER_AFTER_S:
                self._state[relay] = "down"
                yield RelayChanged(relay, "silent", self._means(up))

    @property
    def problem(self) -> str:
        """What is wrong now, without a name; empty if nothing is."""
        states = set(self._state.values())
        return SHUT if self._hidden and states == {"down"} else ""

    def _means(self, up: Collection[str]) -> RelayMeans:
        if not self._hidden:
            return "open"
        return "another" if set(up) & self._state.keys() else "alone"
