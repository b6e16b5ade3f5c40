"""A node of the network that speaks the wire well and answers whatever its author likes."""

from collections.abc import Callable

from crypto.errors import RemoteError
from lab.sim.dht_network import DhtNetwork
from p2p.dht.contact import NodeContact
from p2p.dht.messages import Find, Found, Peer, Ping, Pong, decode, encode, to_peer
from p2p.dht.seal import Sealer


class Hostile:
    """One hostile node.

    Args:
        network: Where it sits.
        on_find: Gives the peers and items of its answers to a Find.
        secret: Its key, when it was chosen for its place.
        address: Where it is.
        pongs: Whether it answers pings, and so enters tables.
        wrong_by_s: How far off is the time that it tells.
    """

    def __init__(
        self,
        network: DhtNetwork,
        on_find: Callable[[Find], tuple[list[Peer], list[bytes]] | None],
        secret: bytes | None = None,
        address: tuple[str, int] | None = None,
        pongs: bool = True,
        wrong_by_s: int = 0,
    ) -> None:
        self.network, self.on_find, self.pongs = network, on_find, pongs
        self.address = address or network.address()
        self.sealer = Sealer(secret or network.rng(32), network.rng)
        self.contact = NodeContact(self.address, self.sealer.public)
        self.asked = 0
        self.wrong_by_s = wrong_by_s
        network.taps[self.address] = self._receive

    def send(self, message, to: NodeContact, source=None, padded_to: int = 0) -> int:
        """Send a message, perhaps with a forged source; give its size."""
        data = self.sealer.seal(encode(message), to.key, padded_to)
        self.network.carry(data, source or self.address, to.address)
        return len(data)

    def visit(self, contacts) -> None:
        """Say hello to nodes, claiming to serve."""
        for contact in contacts:
            self.send(Ping(self.network.rng(8), serving=True), contact)

    def _receive(self, data: bytes, source) -> None:
        try:
            key, body = self.sealer.open(data)
            message = decode(body)
        except RemoteError:
            return
        asker = NodeContact(source, key)
        if isinstance(message, Ping) and self.pongs:
            self.send(Pong(message.tx, serving=True), asker)
        elif isinstance(message, Find):
            self.asked += 1
            answer = self.on_find(message)
            if answer is not None:
                peers, items = answer
                minutes = (self.network.unix() + self.wrong_by_s) // 60
                self.send(Found(message.tx, bytes(8), tuple(peers), tuple(items), minutes), asker)


def fake_peers(network: DhtNetwork, target: bytes, count: int = 8, tries: int = 60) -> list[Peer]:
    """Invent nodes that do not exist, each the closest to ``target`` of some random ones."""
    peers = []
    for _ in range(count):
        made_up = [NodeContact(network.address(), network.rng(32)) for _ in range(tries)]
        best = min(made_up, key=lambda each: distance(each.id, target))
        peers.append(to_peer(best))
    return peers


def secret_near(network: DhtNetwork, target: bytes, nearer_than: int) -> bytes:
    """Search for a node key that lies closer to ``target`` than a given distance."""
    while True:
        secret = network.rng(32)
        contact = NodeContact(("11.0.0.1", 4000), Sealer(secret, network.rng).public)
        if distance(contact.id, target) < nearer_than:
            return secret


def distance(one: bytes, other: bytes) -> int:
    return int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
