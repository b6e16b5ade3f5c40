"""The relays that a person trusts, in a room: those given before, and those named since."""

from collections.abc import Sequence

from crypto.contact import Contact
from p2p.dht.bootstrap import relay_in
from p2p.errors import UserError
from p2p.node.relays.failover import Failover
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.trusted import relay_of

NAMED_MAX = 4


class OwnRelays:
    """See the module.

    Args:
        relays: Those given before, the best first.
        links: Our links to relays.
        failover: Our seats at relays.
    """

    def __init__(self, relays: Sequence[Contact], links: RelayLinks, failover: Failover) -> None:
        self._relays = list(relays)
        self._links = links
        self._failover = failover
        self._named = 0

    def use(self, line: str) -> Contact:
        """Uses one more relay from now on: for knocks, and for sound as a reserve or more.

        Where the room is ours to run, it is named to the room as soon as it lets us in; others
        use it only if they name it themselves.

        Args:
            line: What ``teahouse relay`` prints, typed by our person.

        Returns:
            The relay.

        Raises:
            UserError: The line can not be right, is known, or there were too many.
        """
        relay = relay_of(relay_in(line))
        if any(known.dh == relay.dh for known in self._relays):
            raise UserError("known_relay", "This relay is in use already.", exit_code=2)
        if self._named >= NAMED_MAX:
            raise UserError(
                "too_many_relays",
                "You have named {count} relays in this room: that is the most.",
                exit_code=2,
                count=NAMED_MAX,
            )
        self._named += 1
        self._relays.insert(0, relay)
        self._links.keep(relay, asked=True)
        self._failover.set_relays(self._relays)
        return relay
