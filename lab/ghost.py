"""A removed member under another name, with all that it held, at a real relay."""

import contextlib
import os
import time
from collections.abc import AsyncIterator, Mapping

from crypto.contact import Contact
from crypto.frame import FrameOpener
from crypto.handover import keyring_from
from crypto.identity import Identity
from crypto.ids import MemberId
from lab.node_house import Person
from p2p.dht.contact import NodeContact
from p2p.errors import RemoteError
from p2p.link.work import Work
from p2p.mesh.group_messages import Gossip
from p2p.node.endpoint import MemberEndpoint
from p2p.node.relays.failover import Failover
from p2p.node.relays.relay_links import RelayLinks
from p2p.node.relays.relay_session import RoomSide
from p2p.room.ops import kinds
from p2p.room.room import Room
from p2p.wire import codec
from p2p.wire.codec import Message
from p2p.wire.messages import AskKeys, Ops
from p2p.wire.relay_messages import EVERYBODY


class Ghost:
    """Another name of a member, with the keys that it holds at that moment.

    Attributes:
        room: A history of its own; ``room.join_op`` is signed by nobody else.
        admission: Its join in the word of the member that it was.
        seats: At the relay.
    """

    def __init__(
        self, of: Person, identity: Identity, net: MemberEndpoint, work: Work, relay: Contact
    ) -> None:
        secrets, known = of.session.secrets, of.session.peers.room
        ring, self._time = secrets.keyring, secrets.room_time
        step, pass_key = ring.seal_step, bytes(ring.pass_)
        self._keyring = keyring_from(ring.export(step), step, step * 10.0, bytes(16))
        self._gossip = Gossip(self._keyring, known.room_id, os.urandom)
        self.identity = identity
        self.room = Room(identity, secrets.genesis, "ghost", now=0.0)
        self.admission = known._pen.write(kinds.Admit, self.room.join_op).data
        floor = [op for op in known.ops() if known.is_floor(op)]
        side = RoomSide(identity, secrets.genesis, known.room_id, lambda: pass_key, lambda: floor)
        self._opener = FrameOpener(self._keyring)
        self.seats = Failover(side, net.inbox, self, RelayLinks(net, work), work)
        self.seats.set_relays([relay])
        work.create_task(self.seats.run())

    def relay_frame(self, frame: bytes, arrival_s: float) -> bool:
        """Takes what its relay brings: it is dropped, for ``opens`` is given all there is."""
        return True

    def opens(self, frame: bytes, slots: Mapping[int, MemberId]) -> bool:
        """Whether a frame, hop byte in front, opens with what it holds."""
        with contextlib.suppress(RemoteError):
            self._keyring.advance(self._time.at(time.monotonic()))
            self._opener.open(frame[1:], slots)
            return True
        return False

    def says_its_join(self) -> None:
        """Once more, under the key of before, in everybody's ears; and it asks for keys."""
        ops = Ops((self.room.join_op, self.admission))
        asks = AskKeys(tuple(self._keyring.frontier.ids)[:1])
        for message in (ops, asks):
            self.says(self.sealed(message))

    def says(self, blob: bytes) -> None:
        """Something sealed, in everybody's ears."""
        for seat in self.seats.seats[:1]:
            seat.send_gossip(EVERYBODY, blob)

    def sealed(self, message: Message, frm: bytes | None = None) -> bytes:
        """Under the key of before, for everybody; ``frm``: in another's name."""
        self._keyring.advance(self._time.at(time.monotonic()))
        return (
            self._gossip.seal(codec.encode(message), frm or self.identity.member_id, EVERYBODY)
            or b""
        )


@contextlib.asynccontextmanager
async def a_ghost(of: Person, relay: str) -> AsyncIterator[Ghost]:
    line, identity = NodeContact.parse(relay), Identity.generate(os.urandom)
    net = await MemberEndpoint.open(("127.0.0.1", 0), [], identity.dh_secret, os.urandom)
    async with Work() as work:
        yield Ghost(of, identity, net, work, Contact(line.key, line.address, "relay"))
    await net.close()
