"""The nodes of the Mainline DHT that have answered in this run, to begin the next walk with."""

from collections import Counter, OrderedDict
from collections.abc import Iterable

from p2p.dht.addresses import neighbourhood
from p2p.dht.mainline.krpc import Node
from p2p.dht.mainline.lookup import PER_NEIGHBOURHOOD
from p2p.wire.addresses import Address, family_of

NODES_MAX = 400


class KnownNodes:
    """Remembers nodes, at most two of a /24 or /48; the least lately heard goes first."""

    def __init__(self) -> None:
        self._ids: OrderedDict[Address, bytes] = OrderedDict()
        self._in: Counter[bytes | None] = Counter()

    def answered(self, node: Node) -> None:
        """A node has answered us."""
        block = neighbourhood(node.address[0])
        if self._ids.pop(node.address, None) is None:
            if block is not None and self._in[block] >= PER_NEIGHBOURHOOD:
                return
            self._in[block] += 1
        self._ids[node.address] = node.id
        if len(self._ids) > NODES_MAX:
            self.silent(next(iter(self._ids)))

    def silent(self, address: Address) -> None:
        """A node has not answered: it is forgotten."""
        if self._ids.pop(address, None) is not None:
            block = neighbourhood(address[0])
            self._in[block] -= 1
            if not self._in[block]:
                del self._in[block]

    def closest(self, target: bytes, family: int, count: int) -> list[Node]:
        """Give those closest to a target, closest first.

        Args:
            target: 20 bytes.
            family: 4 or 6.
            count: How many at most.
        """
        place = int.from_bytes(target, "big")
        nodes: Iterable[Node] = (
            Node(node_id, address)
            for address, node_id in self._ids.items()
            if family_of(address) == family
        )
        return sorted(nodes, key=lambda each: int.from_bytes(each.id, "big") ^ place)[:count]

    def __len__(self) -> int:
        return len(self._ids)


class Silence:
    """Those that said nothing to some questions: forgotten only once another has answered.

    Where nobody does it is our own line that is cut, and they are there when it is whole again.

    Args:
        known: Where they are to be forgotten.
    """

    def __init__(self, known: KnownNodes) -> None:
        self._known = known
        self._waiting: list[Address] | None = []

    def of(self, address: Address) -> None:
        """A node has not answered."""
        if self._waiting is None:
            self._known.silent(address)
        else:
            self._waiting.append(address)

    def broken(self) -> None:
        """Another one has."""
        for address in self._waiting or ():
            self._known.silent(address)
        self._waiting = None
