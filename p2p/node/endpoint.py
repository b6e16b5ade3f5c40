"""What a member's node has before it is in any room: a socket, a place in the DHT, open ears."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from crypto.cookie import COOKIE_BYTE
from crypto.knock import FIRST_BYTES, KNOCK
from p2p.clock import unix_s
from p2p.dht.beacon import LAN_ANSWER_TYPE
from p2p.dht.contact import NodeContact
from p2p.dht.node import DhtNode
from p2p.dht.seal import DHT_TYPE
from p2p.errors import RemoteError
from p2p.link.dial import Station
from p2p.link.link import make_certificate
from p2p.link.mux import Mux
from p2p.link.own_addresses import Whereabouts
from p2p.link.transactions import Calls
from p2p.rng import Rng
from p2p.wire.addresses import Address

KNOCK_BYTE = bytes(FIRST_BYTES[KNOCK][:1])
_ANSWER_BYTES = [COOKIE_BYTE, *(answer for _, answer in FIRST_BYTES.values())]
LOCAL_DHT_RATE_PER_S = 400.0

OnDatagram = Callable[[bytes, Address], None]


def _nobody(_data: bytes, _sender: Address) -> None:
    raise RemoteError("nobody is at home")


@dataclass(slots=True)
class MemberEndpoint:
    """Socket and DHT of one member.

    Attributes:
        station: For links.
        dht: On the same socket.
        contacts: The entry nodes that were given.
        on_knock: Takes KNOCK datagrams.
        on_lan: Takes answers to our beacon.
    """

    station: Station
    dht: DhtNode
    contacts: list[NodeContact]
    on_knock: OnDatagram = field(default=_nobody)
    on_lan: OnDatagram = field(default=_nobody)

    @classmethod
    async def open(
        cls, listen: Address | None, contacts: list[NodeContact], dh_secret: bytes, rng: Rng
    ) -> "MemberEndpoint":
        """Opens the socket; sends nothing yet.

        Raises:
            UserError: The port is in use or the address is not ours.
        """
        mux = await Mux.open(listen)
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
        station = Station(mux, make_certificate(), Calls(dh_secret, rng), Whereabouts(mux))
        net = cls(station, dht, contacts)
        mux.on_datagram = net.receive
        return net

    def receive(self, data: bytes, sender: Address) -> None:
        """Takes a datagram of ours from the socket.

        Raises:
            RemoteError: It is dropped.
        """
        first = data[0]
        if first == DHT_TYPE:
            self.dht.receive(data, sender)
        elif data.startswith(KNOCK_BYTE):
            self.on_knock(data, sender)
        elif first in _ANSWER_BYTES:
            self.station.calls.receive(data)
        elif first == LAN_ANSWER_TYPE:
            self.on_lan(data, sender)
        else:
            raise RemoteError("unknown datagram")

    async def close(self) -> None:
        """Closes DHT and socket."""
        with contextlib.suppress(OSError):
            await self.dht.close()
        self.station.mux.close()
