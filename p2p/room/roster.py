"""The members of a room and the room itself, as everybody in it sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from p2p.room.ids import MemberId, OpId
from p2p.room.kinds import HandRef
from p2p.room.names import DisplayName
from p2p.room.stage import ON_STAGE, Stage

Role = Literal["host", "speaker", "listener"]


@dataclass(frozen=True, slots=True)
class Member:
    """One member, as everybody in the room sees it.

    Attributes:
        id: Member id.
        sign: Ed25519 public key.
        dh: X25519 public key.
        recv: X25519 public key for the next epoch; zeros for none.
        name: Safe to show.
        stage: Its place.
        slot: Speaker's slot, 1 to 63, while on stage or invited.
        grant: The invitation it stands on or could take.
        lapsed: Its last invitation ended unanswered.
        wish: Its last own wish, zeros for none or a tied one.
        join: The operation it joined with.
        is_host: It made the room.
    """

    id: MemberId
    sign: bytes
    dh: bytes
    recv: bytes
    name: DisplayName
    stage: Stage
    slot: int | None
    grant: OpId | None
    lapsed: bool
    wish: OpId
    join: OpId
    is_host: bool

    @property
    def role(self) -> Role:
        """What to call it; a muted speaker is a speaker, an invited listener a listener."""
        if self.is_host:
            return "host"
        return "speaker" if self.stage in ON_STAGE else "listener"


@dataclass(frozen=True, slots=True)
class RoomState:
    """The room. Equal sets of operations give equal states.

    Attributes:
        host: Member id of the host.
        members: Everyone who ever joined, the gone included, in the order of ids.
        removed: Ids that are out for ever, also such as never were seen to join.
        queue: Members whose hand is up, the first to be called first.
        unnamed: Hands that the host has not put into its order yet.
        slots: Who may be heard in which slot: on stage or invited, not muted, not gone.
        locked: Nobody new is let in.
        topic: Safe to show; may be empty.
    """

    host: MemberId
    members: Mapping[MemberId, Member]
    removed: frozenset[MemberId]
    queue: tuple[MemberId, ...]
    unnamed: tuple[HandRef, ...]
    slots: Mapping[int, MemberId]
    locked: bool
    topic: str

    def place_of(self, member: MemberId) -> int | None:
        """Place in the queue, 1 first; None when the hand is down."""
        return self.queue.index(member) + 1 if member in self.queue else None
