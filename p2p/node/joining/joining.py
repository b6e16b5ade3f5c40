"""A room that we are not in yet: we open a new one, or look for a way into somebody else's."""

import time
from collections.abc import AsyncIterator

from crypto.contact import Contact
from crypto.genesis import room_id_of
from crypto.ids import OpId
from crypto.invite import Invite
from p2p.api.events import Via
from p2p.errors import UserError
from p2p.node.equipment import Equipment
from p2p.node.joining.discovery import sources
from p2p.node.joining.failure import explained
from p2p.node.joining.join import Entered, JoinAttempt
from p2p.node.secrets import NewRoom, RoomSecrets
from p2p.rekey.commit import first_epoch
from p2p.rekey.room_time import RoomTime
from p2p.rng import system_rng
from p2p.room.ops.ids import NONE
from p2p.room.room import Room
from p2p.trace import trace


class Joining:
    """The state of a node that is in no room yet.

    Args:
        equipment: Ours.
        goal: What we were given; or a new room.

    Attributes:
        began_s: Monotonic seconds.
    """

    def __init__(self, equipment: Equipment, goal: Invite | NewRoom) -> None:
        self.began_s = time.monotonic()
        self._equipment = equipment
        self._goal = goal

    async def run(self) -> Entered:
        """Gets into the room.

        Raises:
            UserError: We could not get in.
        """
        ours = self._equipment
        creates = isinstance(self._goal, NewRoom)
        trace("join_began", creates=creates, mode=ours.settings.mode, relays=len(ours.relays))
        if not ours.settings.hidden:
            ours.work.create_task(ours.endpoint.dht.start(ours.endpoint.contacts))
        if isinstance(self._goal, NewRoom):
            return self._create(self._goal)
        attempt = JoinAttempt(
            ours.endpoint,
            ours.credentials,
            ours.relay_links,
            self._make_room,
            hidden=ours.settings.hidden,
        )
        try:
            return await attempt.run(self.sources())
        except UserError as exc:
            answered = ours.relay_links.links
            raise explained(exc, ours.settings, ours.endpoint, ours.relays, answered) from exc

    def sources(self) -> list[tuple[Via, AsyncIterator[Contact]]]:
        """All ways to look for doors; also to find members again, later."""
        ours, key = self._equipment, self._equipment.credentials.room_key
        contacts = self._goal.contacts if isinstance(self._goal, Invite) else ()
        return sources(ours.settings, ours.endpoint, key, contacts, ours.relays)

    def _create(self, new: NewRoom) -> Entered:
        now, origin, shared = time.monotonic(), new.origin, new.members_secret
        room, credentials = self._make_room(origin.genesis), self._equipment.credentials
        keyring = first_epoch(room, system_rng)
        secrets = RoomSecrets(credentials, origin, shared, keyring, RoomTime(now), system_rng)
        return Entered(room, secrets, "self")

    def _make_room(self, genesis: bytes) -> Room:
        credentials, settings = self._equipment.credentials, self._equipment.settings
        invite, proof = self._by_invite(genesis)
        return Room(
            credentials.identity,
            genesis,
            settings.name,
            now=time.monotonic(),
            topic=settings.topic if isinstance(self._goal, NewRoom) else "",
            recv=credentials.recv.public,
            invite=invite,
            proof=proof,
        )

    def _by_invite(self, genesis: bytes) -> tuple[OpId, bytes]:
        """With a personal invite our join names it and proves that we hold it."""
        ticket = self._goal.ticket if isinstance(self._goal, Invite) else None
        if ticket is None:
            return NONE, b""
        member = self._equipment.credentials.identity.member_id
        return ticket.invite, ticket.prove(room_id_of(genesis), member)
