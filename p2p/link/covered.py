"""The socket as one link uses it: what goes to the peer is under the peer's veil."""

from collections import Counter

from crypto.veil import Veil
from p2p.link.mux import Mux
from p2p.link.routes import Routes
from p2p.wire.addresses import Address


class CoveredMux:
    """A node's socket, towards one peer.

    Args:
        mux: The socket.
        veil: Of the peer.

    Attributes:
        veil: See above, for those who send by another way.
    """

    def __init__(self, mux: Mux, veil: Veil) -> None:
        self._mux = mux
        self.veil = veil

    @property
    def routes(self) -> Routes:
        """See ``Mux``."""
        return self._mux.routes

    @property
    def counters(self) -> Counter[str]:
        """See ``Mux``."""
        return self._mux.counters

    @property
    def families(self) -> tuple[int, ...]:
        """See ``Mux``."""
        return self._mux.families

    @property
    def local_port(self) -> int:
        """See ``Mux``."""
        return self._mux.local_port

    def send(self, data: bytes, address: Address) -> None:
        """See ``Mux.send``."""
        self._mux.send(data, address, self.veil)

    def send_media(self, data: bytes, address: Address) -> None:
        """See ``Mux.send_media``."""
        self._mux.send_media(data, address, self.veil)

    def outlets_changed(self) -> None:
        """See ``Mux``."""
        self._mux.outlets_changed()
