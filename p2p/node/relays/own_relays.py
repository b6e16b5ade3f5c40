"""The relays that a person trusts, in a room: those given before, those named and dropped since."""

import ipaddress
import itertools
from collections.abc import Iterable, Sequence

from crypto.contact import Contact
from crypto.ids import DhKey
from p2p.api.view import RelayView
from p2p.dht.bootstrap import relay_in
from p2p.errors import UserError
from p2p.node.relays.failover import Failover
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.trusted import relay_of
from p2p.room.ops.kinds import Carrier
from p2p.wire.addresses import is_nowhere

NAMED_MAX = 4
_IP_BYTES = (4, 16)


class OwnRelays:
    """See the module.

    Args:
        relays: Those given before, the best first.
        links: Our links to relays.
        failover: Our seats at relays.
        hidden: Nothing goes but through them.
    """

    def __init__(
        self, relays: Sequence[Contact], links: RelayLinks, failover: Failover, *, hidden: bool
    ) -> None:
        self._relays = list(relays)
        self._links = links
        self._failover = failover
        self._hidden = hidden
        self._named: set[DhKey] = set()
        self._numbers: dict[DhKey, int] = {}
        self._next_number = itertools.count(1)

    def use(self, line: str) -> Contact:
        """Uses one more relay from now on: for knocks, and for sound as a reserve or more.

        Where the room is ours to run, it is named to the room as soon as it lets us in; others
        use it only if they name it themselves.

        Args:
            line: What ``teahouse relay`` prints, typed by our person.

        Returns:
            The relay.

        Raises:
            UserError: The line can not be right, is known, or there were too many. One of a relay
                that is known at another address is none of these: it has moved.
        """
        relay = relay_of(relay_in(line))
        known = next((each for each in self._relays if each.dh == relay.dh), None)
        if known is not None and self._has_moved(known, relay):
            self._links.may_be_at(relay)
            return known
        if known is not None:
            raise UserError("known_relay", "This relay is in use already.", exit_code=2)
        if len(self._named) >= NAMED_MAX:
            raise UserError(
                "too_many_relays",
                "You have named {count} relays in this room: that is the most.",
                exit_code=2,
                count=NAMED_MAX,
            )
        self._named.add(relay.dh)
        self._relays.insert(0, relay)
        self._links.keep(relay, asked=True)
        self._failover.set_relays(self._relays)
        return relay

    def _has_moved(self, known: Contact, said: Contact) -> bool:
        """Whether a line is new of a relay, and says where it is by UDP as those known do."""
        places = self._links.map.of(known)
        if not places.addresses or is_nowhere(said.address):
            return False  # who knows it by the web alone sends it no datagram
        return said.address not in places.addresses

    def that_may_go(self, n: int, carriers: Iterable[Carrier], *, anyway: bool) -> Contact:
        """Finds a relay by its number, unless we would be left alone without it.

        Args:
            n: Its number in ``listed``.
            carriers: The relays that the room names.
            anyway: Also if no other answers.

        Returns:
            The relay.

        Raises:
            UserError: There is no such relay, or no other answers.
        """
        known = {self._number(each.dh): each for each in self._all(carriers)}
        relay = known.get(n)
        if relay is None:
            raise UserError(
                "no_such_relay", "There is no relay of this number.", "See `relay`.", exit_code=2
            )
        others = [link for link in self._links.links if link.contact.dh != relay.dh]
        if self._hidden and not others and not anyway and self._is_used(relay):
            raise UserError(
                "last_relay",
                "No other relay answers: without this one nobody hears you, and you hear nobody.",
                "Name another first, `relay LINE`; or say `drop relay {n} anyway`.",
                exit_code=2,
                n=n,
            )
        return relay

    def drop(self, relay: Contact) -> None:
        """Uses a relay no more, nor makes a link to it again."""
        self._named.discard(relay.dh)
        self._relays = [each for each in self._relays if each.dh != relay.dh]
        self._failover.set_relays(self._relays)
        self._links.let_go(relay.dh)

    def listed(self, carriers: Iterable[Carrier]) -> tuple[RelayView, ...]:
        """Those that we use, then those that only the room names.

        Args:
            carriers: The relays that the room names.
        """
        carriers = tuple(carriers)
        named = {carrier.dh for carrier in carriers}
        up = {link.contact.dh for link in self._links.links}
        relays = self._all(carriers)
        rows = tuple(
            RelayView(
                self._number(relay.dh),
                relay_name(relay),
                self._is_used(relay),
                relay.dh in up,
                relay.dh in named,
            )
            for relay in relays
        )
        here = {relay.dh for relay in relays}  # a moderator may name ever new ones
        self._numbers = {dh: n for dh, n in self._numbers.items() if dh in here}
        return rows

    def _all(self, carriers: Iterable[Carrier]) -> list[Contact]:
        seats = [seat.link.contact for seat in self._failover.seats]
        named = (contact_of(carrier) for carrier in carriers)
        found: dict[DhKey, Contact] = {}
        for relay in (*self._links.kept, *seats, *named):
            if relay is not None:
                found.setdefault(relay.dh, relay)
        return list(found.values())

    def _is_used(self, relay: Contact) -> bool:
        seats = (seat.link.contact for seat in self._failover.seats)
        return any(relay.dh == each.dh for each in (*self._links.kept, *seats))

    def _number(self, relay: DhKey) -> int:
        if relay not in self._numbers:
            self._numbers[relay] = next(self._next_number)
        return self._numbers[relay]


def contact_of(carrier: Carrier) -> Contact | None:
    """A relay that the room names; None for what no address can be: moderators may write it."""
    if len(carrier.ip) not in _IP_BYTES:
        return None
    return Contact(carrier.dh, (str(ipaddress.ip_address(carrier.ip)), carrier.port), "relay")


def relay_name(relay: Contact) -> str:
    """Write a relay as a person knows it, without its key."""
    if relay.web:
        return relay.web
    host, port = relay.address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
