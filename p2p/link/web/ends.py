"""The two ends of a stream, from its first byte on: what comes in, what is to go out.

::

    member: (proxy) -> TLS -> request -> datagrams      relay: (TLS) -> request -> datagrams

A relay behind a web server takes no TLS: that server has taken it off.
"""

from abc import ABC, abstractmethod

from p2p.errors import RemoteError
from p2p.link.web.datagrams import Datagrams
from p2p.link.web.proxy import Dialogue, ProxyRefusedError
from p2p.link.web.tls_pipe import TlsPipe
from p2p.link.web.upgrade import UpgradeAnswer, UpgradeRequest


class End(ABC):
    """One end of one stream."""

    def __init__(self) -> None:
        self._datagrams: Datagrams | None = None

    @property
    def is_open(self) -> bool:
        """Whether datagrams pass."""
        return self._datagrams is not None

    @property
    def frames(self) -> int:
        """How many frames have come; each costs time, those that carry nothing too."""
        return 0 if self._datagrams is None else self._datagrams.frames

    @property
    def ended(self) -> bool:
        """Whether it is to be closed once everything is sent."""
        return False

    @property
    def forwarded_for(self) -> str:
        """Whom the web server before us has taken the stream from; empty if nobody says."""
        return ""

    @abstractmethod
    def begin(self) -> None:
        """The connection is there."""

    def lost(self) -> RemoteError:
        """The connection has ended: what that says."""
        return RemoteError("the other end has hung up")

    @abstractmethod
    def receive(self, data: bytes) -> list[bytes]:
        """Takes bytes; returns datagrams; raises RemoteError if the other end is of no use."""

    def send(self, datagram: bytes) -> None:
        """Puts a datagram behind what is outgoing, once it is open."""
        if self._datagrams is not None:
            self._datagrams.send(datagram)

    @abstractmethod
    def outgoing(self) -> bytes:
        """Takes what is to go to the network."""


class MemberEnd(End):
    """Of who dials.

    Args:
        proxy: What is said to a proxy before; None: there is none.
        tls: The client's end.
        request: What asks for a WebSocket.
    """

    def __init__(self, proxy: Dialogue | None, tls: TlsPipe, request: UpgradeRequest) -> None:
        super().__init__()
        self._proxy = proxy
        self._tls = tls
        self._request: UpgradeRequest | None = request
        self._asked = False
        self._plain = bytearray()

    def begin(self) -> None:
        """See ``End``."""
        if self._proxy is not None:
            self._plain += self._proxy.begin()
        else:
            self._tls.receive(b"")

    def lost(self) -> RemoteError:
        """See ``End``."""
        if self._proxy is not None:
            return ProxyRefusedError("the proxy has hung up")
        return super().lost()

    def receive(self, data: bytes) -> list[bytes]:
        """See ``End``."""
        if self._proxy is not None:
            rest = self._proxy.receive(data)
            self._plain += self._proxy.outgoing()
            if rest is None:
                return []
            self._proxy, data = None, rest
        plain = self._tls.receive(data)
        if self._request is not None:
            if not self._asked and self._tls.ready:
                self._asked = True
                self._tls.write(self._request.encode(self._tls.peer))
            rest = self._request.receive(plain) if plain else None
            if rest is None:
                return []
            self._request, plain = None, rest
            self._datagrams = Datagrams(client=True, received=b"")
        return self._datagrams.receive(plain) if self._datagrams is not None else []

    def outgoing(self) -> bytes:
        """See ``End``."""
        if self._datagrams is not None and (sealed := self._datagrams.outgoing()):
            self._tls.write(sealed)
        to_proxy = bytes(self._plain)
        self._plain.clear()
        return to_proxy + self._tls.outgoing()


class RelayEnd(End):
    """Of who is dialled.

    Args:
        tls: The server's end; None: a web server before us has taken it off.
        answer: To the request.
    """

    def __init__(self, tls: TlsPipe | None, answer: UpgradeAnswer) -> None:
        super().__init__()
        self._tls = tls
        self._answer = answer

    @property
    def ended(self) -> bool:
        """See ``End``."""
        return self._answer.ended

    @property
    def forwarded_for(self) -> str:
        """See ``End``; where TLS came to ourselves nobody can say."""
        return self._answer.forwarded_for if self._tls is None else ""

    def begin(self) -> None:
        """See ``End``: a server waits."""

    def receive(self, data: bytes) -> list[bytes]:
        """See ``End``."""
        plain = data if self._tls is None else self._tls.receive(data)
        if self._datagrams is None:
            rest = self._answer.receive(plain) if plain else None
            if rest is None:
                return []
            self._datagrams, plain = Datagrams(client=False, received=b""), rest
        return self._datagrams.receive(plain)

    def outgoing(self) -> bytes:
        """See ``End``."""
        plain = self._answer.outgoing()
        if self._datagrams is not None:
            plain += self._datagrams.outgoing()
        if self._tls is None:
            return plain
        if plain:
            self._tls.write(plain)
        return self._tls.outgoing()
