"""What a person is told of the relays that carry the room: which is silent, and what that means."""

from collections.abc import Collection, Iterator

from crypto.contact import Contact
from p2p.api.events import Notice
from p2p.node.control.notices import NO_ANSWER_AFTER_S, WayNotices
from p2p.node.relays.relay_links import RelayLinks

SHUT = "No relay answers: nobody can come in, and nobody hears anybody."
_ALONE = "Until one answers nobody can come in, and nobody hears anybody."
_NOT_ALONE = "The room goes on through another relay."
_OPEN = "Nobody can come in through it; links that are there go on."


class Reachability:
    """By what others can come in now, and what there is to say of it.

    Args:
        relay_links: Ours.
        expects_entry_nodes: Whether any is known and may be used.
        hidden: Nothing goes but through relays.
        now: Monotonic seconds.
    """

    def __init__(
        self, relay_links: RelayLinks, *, expects_entry_nodes: bool, hidden: bool, now: float
    ) -> None:
        self._relay_links = relay_links
        self._ways = WayNotices(expects_entry_nodes=expects_entry_nodes, hidden=hidden, now=now)
        self._watch = RelayWatch(hidden=hidden, now=now)

    @property
    def problem(self) -> str:
        """What is wrong now; empty if nothing is."""
        return self._watch.problem

    def news(self, ways_in: tuple[str, ...], now: float) -> Iterator[Notice]:
        """Notices that are due.

        Args:
            ways_in: As for ``WayNotices``.
            now: Monotonic seconds.
        """
        yield from self._ways.news(ways_in, now)
        kept = [relay_name(contact) for contact in self._relay_links.kept]
        up = [relay_name(link.contact) for link in self._relay_links.links]
        yield from self._watch.news(kept, up, now)


def relay_name(relay: Contact) -> str:
    """Write a relay as a person knows it, without its key."""
    if relay.web:
        return relay.web
    host, port = relay.address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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

    def news(self, kept: Collection[str], up: Collection[str], now: float) -> Iterator[Notice]:
        """Notices that are due.

        Args:
            kept: The relays that we keep links to, as a person writes them.
            up: The relays that answer now.
            now: Monotonic seconds.
        """
        for relay in kept:
            before = self._state.setdefault(relay, "new")
            if relay in up:
                self._state[relay] = "up"
                if before == "down":
                    yield Notice("relay_back", "The relay {relay} answers again.", relay=relay)
            elif before == "up" or (before == "new" and now - self._began_s > NO_ANSWER_AFTER_S):
                self._state[relay] = "down"
                lost = "The relay {relay} does not answer any more."
                never = "The relay {relay} does not answer."
                said = lost if before == "up" else never
                yield Notice("relay_lost", f"{said} {self._means(up)}", relay=relay)

    @property
    def problem(self) -> str:
        """What is wrong now, without a name; empty if nothing is."""
        states = set(self._state.values())
        return SHUT if self._hidden and states == {"down"} else ""

    def _means(self, up: Collection[str]) -> str:
        if not self._hidden:
            return _OPEN
        return _NOT_ALONE if set(up) & self._state.keys() else _ALONE
