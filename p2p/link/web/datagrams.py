"""Datagrams as binary messages of a WebSocket (RFC 6455 §5), one each."""

from wsproto.connection import CLIENT, SERVER, Connection
from wsproto.events import BytesMessage, Message, Ping, Pong
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from p2p.errors import RemoteError
from p2p.link.demux import MAX_DATAGRAM_BYTES

PINGS_MAX = 64
"""Between two datagrams; a web server before us sends one now and then."""


class Datagrams:
    """One end of one WebSocket.

    Args:
        client: Which end.
        received: What came behind the HTTP request or answer.

    Attributes:
        frames: How many events of the WebSocket have come, those that carry nothing included.
    """

    def __init__(self, *, client: bool, received: bytes) -> None:
        self._socket = Connection(CLIENT if client else SERVER, trailing_data=received)
        self.frames = 0
        self._part = bytearray()
        self._pings = 0
        self._outgoing = bytearray()

    def receive(self, data: bytes) -> list[bytes]:
        """Takes bytes; returns the datagrams that are whole now.

        Raises:
            RemoteError: It is no WebSocket, carries something else than datagrams, or has ended.
        """
        found = []
        try:
            self._socket.receive_data(data)
            for event in self._socket.events():
                self.frames += 1
                self._pings = 0 if isinstance(event, BytesMessage) else self._pings + 1
                if self._pings > PINGS_MAX:
                    raise RemoteError("pings, and nothing else")
                if isinstance(event, Ping):
                    self._outgoing += self._socket.send(event.response())
                elif isinstance(event, BytesMessage):
                    self._part += event.data
                    if len(self._part) > MAX_DATAGRAM_BYTES:
                        raise RemoteError("a message longer than any datagram")
                    if event.message_finished:
                        found.append(bytes(self._part))
                        self._part.clear()
                elif not isinstance(event, Pong):
                    text = "text" if isinstance(event, Message) else "the end"
                    raise RemoteError(f"{text} in place of a datagram")
        except (RemoteProtocolError, LocalProtocolError):
            raise RemoteError("no WebSocket") from None
        return found

    def send(self, datagram: bytes) -> None:
        """Puts a datagram behind what is outgoing."""
        self._outgoing += self._socket.send(BytesMessage(data=datagram))

    def outgoing(self) -> bytes:
        """Takes what is to go to the other end."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data
