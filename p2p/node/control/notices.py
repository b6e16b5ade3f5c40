"""What a person is told about the ways into the room: each once, when it begins to work."""

from collections.abc import Iterator

from p2p.api.events import Notice
from p2p.api.view import FROM_OUTSIDE

NO_ANSWER_AFTER_S = 6.0
NO_PLACE_AFTER_S = 20.0

NO_ENTRY_NODE = Notice(
    "no_entry_node",
    "From another network nobody can find the room: no relay is known. Start `teahouse relay` on a "
    "machine that others can reach and name it with --relay.",
)
NO_ANSWER = Notice(
    "no_entry_node_answers",
    "Nobody outside this network can find the room by words yet: no entry node answers. Hand over "
    "the long invite, or see whether the entry node runs.",
)
MAINLINE_SILENT = Notice(
    "mainline_silent",
    "Nobody outside this network can find the room by words: BitTorrent's network does not answer "
    "here. Name a relay with --relay, and hand over the long invite.",
)
NO_PLACE = Notice(
    "mainline_no_place",
    "Nobody outside this network can come in: your router shows another address to everybody. Name "
    "a relay with --relay, and hand over the long invite.",
)
OPEN = {
    "mainline": Notice(
        "mainline_open",
        "By the words alone the room can be found from other networks: BitTorrent's network holds "
        "its sealed record.",
    ),
    "lan": Notice("lan_open", "On this local network the words alone are enough."),
    "dht": Notice("dht_open", "By the words alone the room can be found through an entry node."),
    "relay": Notice("relay_open", "A relay passes knocks on, also to homes behind a router."),
}


RELAY_ENOUGH = Notice(
    "relay_open",
    "The relay answers: the long invite is all that somebody needs. The words alone are not "
    "enough: they do not say which relay it is.",
)


class WayNotices:
    """Remembers what was told.

    Args:
        expects_entry_nodes: Whether any is known and may be used.
        expects_mainline: Whether the room is to be found through BitTorrent's network.
        hidden: All goes through relays, see ``relay_watch``.
        now: Monotonic seconds.
    """

    def __init__(
        self,
        *,
        expects_entry_nodes: bool,
        now: float,
        expects_mainline: bool = False,
        hidden: bool = False,
    ) -> None:
        self._expects = expects_entry_nodes
        self._expects_mainline = expects_mainline
        self._hidden = hidden
        self._began_s = now
        self._told: set[str] = set()

    def news(self, ways: tuple[str, ...], now: float) -> Iterator[Notice]:
        """Notices that are due.

        Args:
            ways: Which ways work now: ``lan``, ``dht``, ``mainline``, ``relay``, and one of
                ``invite``, ``invite_lan`` and ``invite_here``; ``dht_soon`` and ``mainline_soon``
                while nodes there answer and do not keep our record yet.
            now: Monotonic seconds.
        """
        if self._hidden:
            yield from self._once(RELAY_ENOUGH) if "relay" in ways else ()
            return
        waited_s = now - self._began_s
        if not (self._expects or self._expects_mainline or "relay" in ways):
            yield from self._once(NO_ENTRY_NODE)
        elif not FROM_OUTSIDE & set(ways) and waited_s > NO_ANSWER_AFTER_S:
            yield from self._once(NO_ANSWER if self._expects else MAINLINE_SILENT)
        elif FROM_OUTSIDE & set(ways) == {"mainline_soon"} and waited_s > NO_PLACE_AFTER_S:
            yield from self._once(NO_PLACE)
        for way in ways:
            if way in OPEN:
                yield from self._once(OPEN[way])

    def _once(self, notice: Notice) -> Iterator[Notice]:
        if notice.code not in self._told:
            self._told.add(notice.code)
            yield notice
