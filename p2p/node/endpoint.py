"""What a member's node has before it is in any room: a socket, a place in the DHT, open ears."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from crypto.dh import KeyPair
from crypto.knock import FIRST_BYTES, KNOCK
from crypto.veil import Veil
from p2p.clock import unix_s
from p2p.dht.beacon import BEACON_BYTES
from p2p.dht.contact import NodeContact
from p2p.dht.lan import LanAsker
from p2p.dht.mainline.client import Mainline
from p2p.dht.mainline.entry_points import EntryPoints
from p2p.dht.mainline.krpc import BEGINNINGS
from p2p.dht.node import DhtNode
from p2p.errors import RemoteError
from p2p.link.candidates import ANYWHERE_V4, ANYWHERE_V6
from p2p.link.carried import PIECE_TYPE
from p2p.link.dial import Station
from p2p.link.door import Door, Reply
from p2p.link.mux import Mux
from p2p.link.own_addresses import Whereabouts
from p2p.link.transactions import Calls
from p2p.link.web.proxy import Proxy
from p2p.node.inbox import Inbox, Moved
from p2p.rng import Rng
from p2p.wire.addresses import Address

KNOCK_BYTE = bytes(FIRST_BYTES[KNOCK][:1])
_ANSWER_BYTES = [answer for _, answer in FIRST_BYTES.values()]
LOCAL_DHT_RATE_PER_S = 400.0
MAINLINE_WITNESS = "mainline"
"""What its nodes say together counts as one voice."""


class _Nobody:
    """Stands where nobody answers, or has asked."""

    def asked(
        self,
        datagram: bytes,
        source: Address | None,
        answer: Reply,
        toward: Address | None = None,
    ) -> None:
        raise RemoteError("nobody is at home")

    def receive(self, data: bytes, source: Address) -> None:
        raise RemoteError("nobody has asked")


@dataclass(frozen=True, slots=True)
class _WaysOut:
    """The socket, and the versions of IP by which the kernel knows a way from it."""

    station: Station

    @property
    def families(self) -> tuple[int, ...]:
        whereabouts = self.station.whereabouts
        far = ((4, ANYWHERE_V4), (6, ANYWHERE_V6))
        return tuple(version for version, there in far if whereabouts.host(there) is not None)

    def send(self, data: bytes, address: Address) -> None:
        self.station.mux.send(data, address)


class MemberEndpoint:
    """Socket and DHT of one member.

    Args:
        station: For links.
        dht: On the same socket.
        contacts: The entry nodes that were given.
        mainline: On the same socket; None: BitTorrent's DHT is not to be used.

    Attributes:
        inbox: Where links, relays and doors put what they have for the room's session.
    """

    def __init__(
        self,
        station: Station,
        dht: DhtNode,
        contacts: list[NodeContact],
        mainline: Mainline | None = None,
    ) -> None:
        self.station = station
        self.dht = dht
        self.contacts = contacts
        self.mainline = mainline
        self.inbox = Inbox()
        self._door: Door | _Nobody = _Nobody()
        self._lan: LanAsker | _Nobody = _Nobody()
        station.mux.on_datagram = self.receive
        station.mux.on_noise = self.receive_noise
        station.whereabouts.on_moved = self._moved
        if mainline is not None:
            mainline.on_seen = lambda seen: station.whereabouts.saw(seen, MAINLINE_WITNESS)

    @classmethod
    async def open(
        cls,
        listen: Address | None,
        contacts: list[NodeContact],
        dh_secret: bytes,
        rng: Rng,
        proxy: Proxy | None = None,
        entry_points: EntryPoints | None = None,
    ) -> "MemberEndpoint":
        """Opens the socket; sends nothing yet. With a proxy nothing ever goes out beside it.

        Args:
            listen: Where; None: any port on every interface.
            contacts: Entry nodes of our own DHT.
            dh_secret: The member's X25519 secret, 32 bytes.
            rng: Source of random bytes.
            proxy: Through which everything goes; None: there is none.
            entry_points: Of BitTorrent's DHT; None: it is not to be used.

        Raises:
            UserError: The port is in use or the address is not ours.
        """
        mux = await Mux.open(listen, proxy, Veil(KeyPair(dh_secret).public))
        # The key of the DHT node is not the member's: who asks for what stays unlinkable.
        dht = DhtNode(
            mux.send,
            rng(32),
            rng=rng,
            server=False,
            now=time.monotonic,
            unix=unix_s,
            rate_per_s=LOCAL_DHT_RATE_PER_S,
        )
        station = Station(mux, None, Calls(dh_secret, rng), Whereabouts(mux))
        mainline = None
        if entry_points is not None:
            mainline = Mainline(_WaysOut(station), entry_points, rng, time.monotonic)
        return cls(station, dht, contacts, mainline)

    def receive(self, data: bytes, sender: Address) -> None:
        """Takes a datagram of ours from the socket.

        Raises:
            RemoteError: It is dropped.
        """
        mux = self.station.mux
        if data.startswith(KNOCK_BYTE):
            self._door.asked(data, sender, lambda answer, veil: mux.send(answer, sender, veil))
        elif data[0] in _ANSWER_BYTES:
            self.station.calls.receive(data)
        else:
            raise RemoteError("unknown datagram")

    def receive_noise(self, data: bytes, sender: Address) -> None:
        """Takes what is under no veil of ours: a cookie, what the local network or a DHT answers.

        Raises:
            RemoteError: It is dropped.
        """
        if self.station.calls.take_cookie(data):
            return
        if self.mainline is not None and data.startswith(BEGINNINGS):
            self.mainline.receive(data, sender)
            return
        if len(data) == BEACON_BYTES:
            with contextlib.suppress(RemoteError):
                self._lan.receive(data, sender)
                return
        self.dht.receive(data, sender)

    def take_carried(
        self, datagram: bytes, toward: Address | None, answer: Callable[[bytes], None]
    ) -> None:
        """Takes a KNOCK or WELCOME, or a piece of a line, that a relay or a member carried.

        Args:
            datagram: Sealed to us, or rubbish.
            toward: The carrier's address if the whole way is in its scope; None: far away.
            answer: Takes what goes back the same way.

        Raises:
            RemoteError: It is for nobody here; whoever carried it is not to blame.
        """
        if datagram[:1] == bytes((PIECE_TYPE,)):
            self.station.carried.receive(datagram)
        elif datagram[:1] == KNOCK_BYTE:
            self._door.asked(datagram, None, lambda data, _veil: answer(data), toward)
        else:
            self.station.calls.receive(datagram)

    def open_door(self, door: Door) -> None:
        """From now on this door answers who knocks; before, and once it is closed, nobody does."""
        self._door = door

    def close_door(self) -> None:
        """Nobody is let in by who is leaving."""
        self._door = _Nobody()

    def ask_lan(self, asker: LanAsker) -> None:
        """The local network's answers go to this asker."""
        self._lan = asker

    def _moved(self) -> None:
        self.dht.address_changed()
        if self.mainline is not None:
            self.mainline.address_changed()
        self.inbox.post(Moved())

    async def close(self) -> None:
        """Closes DHT and socket."""
        if self.mainline is not None:
            self.mainline.close()
        with contextlib.suppress(OSError):
            await self.dht.close()
        self.station.mux.close()
