"""Members tell each other where a relay of the room is now; what they say the relay has signed.

Only of relays that the room names, whose lines all members know anyway: what is asked and told
shows nobody which others somebody uses.
"""

from collections.abc import Sequence

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.relay_record import relay_target
from p2p.errors import RemoteError
from p2p.node.relays.own_relays import contact_of
from p2p.node.relays.relay_links import RelayLinks
from p2p.room.ops.kinds import Carrier
from p2p.room.room import Room
from p2p.wire.messages import Resolve, Resolved

NEWS_EVERY_S = 5.0
"""So often one relay can have moved, at most: more is not passed on."""
ASKED_MAX = 3


class MovedRelays:
    """See the module.

    Args:
        room: Says which relays are named.
        links: Knows where relays are.
    """

    def __init__(self, room: Room, links: RelayLinks) -> None:
        self._room = room
        self._links = links
        self._carriers: tuple[Carrier, ...] = ()
        self._by_target: dict[bytes, Contact] = {}
        self._heard_s: dict[DhKey, float] = {}

    def question(self, relay: Contact) -> Resolve | None:
        """What to ask members about a relay; None: it is none of the room's."""
        target = relay_target(relay.dh)
        return Resolve(target) if target in self._named() else None

    def news(self, relay: Contact) -> Resolved | None:
        """What to tell members of a relay; None: nothing is known, or it is none of the room's."""
        return self.answer(Resolve(relay_target(relay.dh)))

    def answer(self, question: Resolve) -> Resolved | None:
        """What we know; None: nothing, or it is none of the room's."""
        relay = self._named().get(question.target)
        word: Sequence[bytes] = () if relay is None else self._links.map.word(relay.dh)
        return Resolved(question.target, tuple(word)) if word else None

    def take(self, told: Resolved, now: float) -> bool:
        """Takes what a member tells.

        Returns:
            Whether it was news, to be passed on.

        Raises:
            RemoteError: It is more than one record.
        """
        if len(told.items) != 1:
            raise RemoteError("a relay has one record")
        relay = self._named().get(told.target)
        if relay is None:
            return False  # we may not know yet that the room names it
        if now < self._heard_s.get(relay.dh, now - NEWS_EVERY_S) + NEWS_EVERY_S:
            return False
        ours = self._links.uses(relay.dh)
        is_news = self._links.map.hear(ours or relay, told.items, ours=ours is not None)
        if is_news:
            self._heard_s[relay.dh] = now
        return is_news

    def _named(self) -> dict[bytes, Contact]:
        """The relays that the room names, by the ids of their records."""
        carriers = self._room.state.carriers
        if carriers != self._carriers:
            relays = [relay for one in carriers if (relay := contact_of(one)) is not None]
            self._by_target = {}
            for relay in relays:
                try:
                    self._by_target[relay_target(relay.dh)] = relay
                except RemoteError:
                    continue  # a moderator may write what is no key
            self._heard_s = {
                relay.dh: self._heard_s[relay.dh] for relay in relays if relay.dh in self._heard_s
            }
            self._carriers = carriers
        return self._by_target
