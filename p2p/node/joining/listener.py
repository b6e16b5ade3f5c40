"""Our own door: who knocks, straight or carried by somebody, and the lines that come of it."""

from collections.abc import Callable

from crypto.knock import KNOCK, Responder
from p2p.link.carried import PIECE_TYPE, CarriedLine
from p2p.link.door import Door, Through
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.node.endpoint import KNOCK_BYTE, MemberEndpoint
from p2p.node.peers.peers import Peers
from p2p.node.relays.relay_links import RelayLink
from p2p.node.secrets import RoomSecrets
from p2p.rng import system_rng
from p2p.wire.addresses import Address
from p2p.wire.offers import Welcome
from p2p.wire.version import PROTOCOL_VERSION


class Listener:
    """See the module. Before ``open`` only answers to our own questions pass.

    Args:
        net: Our socket.
        secrets: Ours and the room's.
        work: Where newcomers are let in.
        hidden: Nobody learns where we are: there are no links, only lines through relays.
    """

    def __init__(
        self, net: MemberEndpoint, secrets: RoomSecrets, work: Work, *, hidden: bool
    ) -> None:
        self._endpoint = net
        self._secrets = secrets
        self._work = work
        self._hidden = hidden
        self._door: Door | None = None

    def open(self, members: Peers) -> None:
        """Lets newcomers in from now on."""
        secrets = self._secrets

        def welcome(seen: object = None, offer: object = None) -> bytes:
            return Welcome(PROTOCOL_VERSION, seen, offer, secrets.genesis, secrets.r).encode()  # type: ignore[arg-type]

        def line_up(line: Line, dh: bytes) -> None:
            self._work.create_task(members.let_in(line, dh))

        def line_through(line: CarriedLine, dh: bytes) -> None:
            self._work.create_task(members.let_in_through(line, dh))

        responder = Responder(secrets.identity.dh_secret, secrets.room_key.psk(), KNOCK, system_rng)
        door = Door(self._endpoint.station, responder, KNOCK, welcome, line_up, self._work)
        door.answers = members.dialer.yields_to
        door.through = Through(welcome, line_through)
        door.links = not self._hidden
        members.dialer.is_called_by = door.is_linking
        self._endpoint.on_knock = self._knocked
        self._door = door

    def close(self) -> None:
        """Nobody is let in by who is leaving."""
        self._door = None

    def carried(self, link: RelayLink, handle: bytes, datagram: bytes) -> None:
        """Takes what came through a relay; raises RemoteError if it is for nobody."""
        self.sealed(datagram, link.toward, lambda answer: link.carry(handle, answer))

    def sealed(
        self, datagram: bytes, toward: Address | None, answer: Callable[[bytes], None]
    ) -> None:
        """Takes a KNOCK or WELCOME, or a piece of a line, that somebody carried."""
        if datagram[:1] == bytes((PIECE_TYPE,)):
            self._endpoint.station.carried.receive(datagram)
        elif self._door is not None and datagram[:1] == KNOCK_BYTE:
            self._door.asked(datagram, None, answer, toward)
        else:
            self._endpoint.station.calls.receive(datagram)

    def _knocked(self, datagram: bytes, sender: Address) -> None:
        if self._door is not None:
            mux = self._endpoint.station.mux
            self._door.asked(datagram, sender, lambda answer: mux.send(answer, sender))
