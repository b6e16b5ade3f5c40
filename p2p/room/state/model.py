"""The members of a room and the room itself, as everybody in it sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from crypto.ids import DhKey, EpochId, MemberId, OpId, SignKey
from p2p.room.ops.ids import NO_EPOCH, NONE
from p2p.room.ops.kinds import Body, Carrier, EntryMode, HandRef
from p2p.room.ops.powers import CO_HOST, HELPER, MODERATOR
from p2p.room.stage import NOT_HERE, ON_STAGE, Stage
from p2p.room.state.epochs import EpochInfo
from p2p.room.state.grants import Live
from p2p.room.state.invites import InviteInfo
from p2p.room.text.names import DisplayName

Role = Literal["host", "co-host", "moderator", "speaker", "listener"]


@dataclass(frozen=True, slots=True)
class Member:
    """One member, as everybody in the room sees it.

    Attributes:
        id: Member id.
        sign: Ed25519 public key.
        dh: X25519 public key.
        recv: X25519 public key for the next epoch, the newest; zeros for none.
        name: Safe to show.
        stage: Its place.
        slot: Speaker's slot, 1 to 63, while on stage or invited.
        grant: The invitation it stands on or could take.
        lapsed: Its last invitation ended unanswered.
        wish: Its last own wish, zeros for none or a tied one.
        join: The operation it joined with.
        is_host: It made the room.
        rank: 0 host, 1 co-host, 2 moderator, 3 helper, 4 everybody else.
        auth: The appointment it acts under; zeros for none, and for the host.
        tenures: All its appointments in force.
        ranked_by: Who gave it its rank or took it away, if that was another.
        invite: The invite it came by; zeros for none.
        invited_by: Whose invite it came by.
        imitates: Another member here, of the same or a higher rank, whose name looks like this one.
        trusted: It has one history: a key that signed two joins is nobody to wrap a secret to.
        cut: Its last link that we know, for whoever ends its powers.
        keeps: What it did outside its chain and what is in force.
        admitted_by: The member that let it in; None if a moderator has vouched for it since.
        vouched_by: The moderator that alone has vouched for it, and with whose removal it would
            fall; itself if it has or had a rank.
        doors: By whom it came in, also if a moderator has vouched for it since: five at most.
    """

    id: MemberId
    sign: SignKey
    dh: DhKey
    recv: DhKey
    name: DisplayName
    stage: Stage
    slot: int | None
    grant: OpId | None
    lapsed: bool
    wish: OpId
    join: OpId
    is_host: bool
    rank: int = 4
    auth: OpId = NONE
    tenures: tuple[OpId, ...] = ()
    ranked_by: MemberId | None = None
    invite: OpId = NONE
    invited_by: MemberId | None = None
    imitates: MemberId | None = None
    trusted: bool = True
    cut: OpId = NONE
    keeps: tuple[OpId, ...] = ()
    admitted_by: MemberId | None = None
    vouched_by: MemberId | None = None
    doors: tuple[MemberId, ...] = ()

    @property
    def is_here(self) -> bool:
        """It neither left nor was removed. Whether it is in reach, operations do not tell."""
        return self.stage not in NOT_HERE

    @property
    def moderates(self) -> bool:
        """It may do all that a moderator may, and is still in the room."""
        return self.rank <= MODERATOR and self.is_here

    @property
    def role(self) -> Role:
        """What to call it; a muted speaker is a speaker, an invited listener a listener."""
        if self.is_host:
            return "host"
        if self.rank == CO_HOST:
            return "co-host"
        if self.rank <= HELPER:
            return "moderator"
        return "speaker" if self.stage in ON_STAGE else "listener"


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who waits to be let in.

    Attributes:
        member: Its id.
        name: Safe to show.
        via: The member at whose door it waits.
    """

    member: MemberId
    name: DisplayName
    via: MemberId


@dataclass(frozen=True, slots=True)
class RoomState:
    """The room. Equal sets of operations give equal states.

    Attributes:
        host: Member id of the host.
        members: Everyone who was let in, the gone included, in the order of ids.
        removed: Ids that are out for ever, also such as never were seen to join.
        queue: Members whose hand is up, the first to be called first.
        unnamed: Hands that nobody has put into the order yet.
        slots: Who may be heard in which slot: on stage or invited, not muted, not gone.
        locked: Nobody new is let in.
        topic: Safe to show; may be empty.
        entry: Who is let in while it is not locked.
        profile: How sound is sent: 0 table, 1 hall.
        carriers: Relays of this room, the root of the tree first.
        carriers_out: Relays that were taken out, so that nobody's program adds them again.
        heads: Epochs that nothing replaces, ascending; empty before the first.
        epochs: All epochs that count, by id.
        shut_out: Of each head whom its secret was not wrapped for: those whose removals led to it.
        last_removals: Removals to which no other leads, ascending, 16 at most.
        asking: Who waits for a moderator, by member id.
        let: Whom a moderator said yes or no to.
        sleepers: Holders of a rank of whom no admission is here, with who gave it.
        awaited: For whom a moderator vouched, and of whom no admission is here.
        invites: The invites of those who are here, by id.
        live: The grant of each member that has one.
        by: Who moved a member to where it is, where it was another.
        over: Of every setting the operations that a new one replaces.
        named: Where the next order of hands begins.
        lifted: Mutes that somebody ended and that are not forgotten yet.
    """

    host: MemberId
    members: Mapping[MemberId, Member]
    removed: frozenset[MemberId]
    queue: tuple[MemberId, ...]
    unnamed: tuple[HandRef, ...]
    slots: Mapping[int, MemberId]
    locked: bool
    topic: str
    entry: EntryMode = "open"
    profile: int = 0
    carriers: tuple[Carrier, ...] = ()
    carriers_out: tuple[Carrier, ...] = ()
    heads: tuple[EpochId, ...] = ()
    epochs: Mapping[EpochId, EpochInfo] = field(default_factory=dict)
    shut_out: Mapping[EpochId, frozenset[MemberId]] = field(default_factory=dict)
    last_removals: tuple[OpId, ...] = ()
    asking: tuple[Asking, ...] = ()
    let: Mapping[MemberId, bool] = field(default_factory=dict)
    sleepers: Mapping[MemberId, MemberId | None] = field(default_factory=dict)
    awaited: frozenset[MemberId] = frozenset()
    invites: Mapping[OpId, InviteInfo] = field(default_factory=dict)
    live: Mapping[MemberId, Live] = field(default_factory=dict)
    by: Mapping[MemberId, MemberId] = field(default_factory=dict)
    over: Mapping[type[Body], tuple[OpId, ...]] = field(default_factory=dict)
    named: int = 0
    lifted: frozenset[OpId] = frozenset()

    @property
    def epoch(self) -> EpochId:
        """The epoch that a grant, mute or down names: a head, zeros before the first."""
        return self.heads[0] if self.heads else NO_EPOCH

    @property
    def no_moderator(self) -> bool:
        """Nobody is left who could change anything, as far as we know the room yet."""
        return self.host in self.members and not any(
            member.moderates for member in self.members.values()
        )

    def roster(self) -> list[Member]:
        """Give those whom a new secret is wrapped to: here, of one history, not turned away."""
        return [member for member in self.members.values() if self._holds_keys(member)]

    def in_roster(self, member: MemberId) -> bool:
        """Tell whether a member is one of them."""
        found = self.members.get(member)
        return found is not None and self._holds_keys(found)

    def _holds_keys(self, member: Member) -> bool:
        return member.is_here and member.trusted and self.let.get(member.id, True)

    def seniors(self) -> list[Member]:
        """Give the members who may run the room, the most senior first."""
        found = [member for member in self.members.values() if member.moderates]
        return sorted(found, key=lambda member: (member.rank, member.id))

    def place_of(self, member: MemberId) -> int | None:
        """Place in the queue, 1 first; None when the hand is down."""
        return self.queue.index(member) + 1 if member in self.queue else None
