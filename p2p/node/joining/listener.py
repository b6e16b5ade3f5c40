"""Our own door: it answers who knocks, straight or carried by somebody."""

from crypto.ids import DhKey
from crypto.knock import KNOCK, Responder
from p2p.link.carried import CarriedLine
from p2p.link.door import Door, Through
from p2p.link.line import Line
from p2p.link.work import Work
from p2p.node.endpoint import MemberEndpoint
from p2p.node.inbox import CarriedLineUp, LineUp
from p2p.node.peers.glare import Dials
from p2p.node.secrets import RoomSecrets
from p2p.rng import system_rng
from p2p.room.room import Room
from p2p.wire.offers import Endpoint, LinkOffer, Welcome
from p2p.wire.version import PROTOCOL_VERSION


class Listener:
    """See the module. Lines that come of it go to the endpoint's inbox.

    Args:
        endpoint: Ours; before ``open`` it lets only answers to our own questions pass.
        secrets: Ours and the room's.
        room: Whose members are not forgotten for what strangers ask.
        work: Where links are set up.
        dials: Our own attempts: a question that ours is to win over gets no answer.
        hidden: Nobody learns where we are: there are no links, only lines through relays.

    Attributes:
        door: Says which links are in the making.
    """

    def __init__(
        self,
        endpoint: MemberEndpoint,
        secrets: RoomSecrets,
        room: Room,
        work: Work,
        dials: Dials,
        *,
        hidden: bool,
    ) -> None:
        self._endpoint = endpoint
        self._secrets = secrets
        responder = Responder(secrets.identity.dh_secret, secrets.room_key.psk(), KNOCK, system_rng)
        responder.questions.members = lambda: {m.dh for m in room.state.members.values()}
        self.door = Door(
            endpoint.station,
            responder,
            KNOCK,
            self._welcome,
            self._line_up,
            work,
            answers=dials.yields_to,
            through=Through(self._welcome, self._carried_line_up),
            links=not hidden,
        )

    def open(self) -> None:
        """Lets newcomers in from now on."""
        self._endpoint.open_door(self.door)

    def close(self) -> None:
        """Nobody is let in by who is leaving."""
        self._endpoint.close_door()

    def _welcome(self, seen: Endpoint | None = None, offer: LinkOffer | None = None) -> bytes:
        secrets = self._secrets
        return Welcome(PROTOCOL_VERSION, seen, offer, secrets.genesis, secrets.r).encode()

    def _line_up(self, line: Line, dh: DhKey) -> None:
        self._endpoint.inbox.post(LineUp(line, dh))

    def _carried_line_up(self, line: CarriedLine, dh: DhKey) -> None:
        self._endpoint.inbox.post(CarriedLineUp(line, dh))
