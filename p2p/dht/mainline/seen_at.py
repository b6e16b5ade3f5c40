"""Where the nodes that answer see us (BEP 42): one voice for each of their networks."""

from collections import Counter, OrderedDict

from p2p.dht.addresses import neighbourhood
from p2p.wire.addresses import Address, family_of

VOICES = 24
LEAST = 3


class SeenAt:
    """Counts what nodes say, for each family of addresses by itself.

    A router that gives us another port towards everybody leaves no two of them agreed, and then
    nobody else could reach us there anyway.
    """

    def __init__(self) -> None:
        self._voices: OrderedDict[bytes | Address, Address] = OrderedDict()

    def heard(self, node: Address, seen: Address) -> None:
        """A node says where it sees us; of its /24 or /48 only the last word counts."""
        name = neighbourhood(node[0]) or node
        self._voices.pop(name, None)
        self._voices[name] = seen
        if len(self._voices) > VOICES:
            self._voices.popitem(last=False)

    def agreed(self, family: int) -> Address | None:
        """Give the address that three or more, and more than half of them, have told.

        Args:
            family: 4 or 6.
        """
        told = [seen for seen in self._voices.values() if family_of(seen) == family]
        for seen, voices in Counter(told).most_common(1):
            if voices >= LEAST and 2 * voices > len(told):
                return seen
        return None

    def forget(self) -> None:
        """Begin anew: we are on another network."""
        self._voices.clear()
