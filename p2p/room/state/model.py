"""The room, as everybody in it sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from crypto.ids import EpochId, MemberId, OpId
from p2p.room.ops.ids import NO_EPOCH
from p2p.room.ops.kinds import Body, Carrier, EntryMode, HandRef
from p2p.room.state.epochs import EpochInfo
from p2p.room.state.grants import Live
from p2p.room.state.invites import InviteInfo
from p2p.room.state.member import Member, Role
from p2p.room.state.member_map import MemberMap
from p2p.room.text.names import DisplayName

__all__ = ["Asking", "Member", "Role", "RoomState"]


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
        ranked: Everybody who holds a rank or held one, by id.
    """

    host: MemberId
    members: MemberMap
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
    ranked: tuple[MemberId, ...] = ()

    @property
    def epoch(self) -> EpochId:
        """The epoch that a grant, mute or down names: a head, zeros before the first."""
        return self.heads[0] if self.heads else NO_EPOCH

    @property
    def no_moderator(self) -> bool:
        """Nobody is left who could change anything, as far as we know the room yet."""
        return self.host in self.members and not self.seniors()

    def roster(self) -> list[Member]:
        """Give those whom a new secret is wrapped to: here, of one history, not turned away."""
        return [member for member in self.members.values() if self.holds_keys(member)]

    def in_roster(self, member: MemberId) -> bool:
        """Tell whether a member is one of them."""
        found = self.members.get(member)
        return found is not None and self.holds_keys(found)

    def holds_keys(self, member: Member) -> bool:
        """Tell whether a member of this room is one of them."""
        return member.is_here and member.trusted and self.let.get(member.id, True)

    def seniors(self) -> list[Member]:
        """Give the members who may run the room, the most senior first."""
        known = (self.members[one] for one in self.ranked if one in self.members)
        found = [member for member in known if member.moderates]
        return sorted(found, key=lambda member: (member.rank, member.id))

    def place_of(self, member: MemberId) -> int | None:
        """Place in the queue, 1 first; None when the hand is down."""
        return self.queue.index(member) + 1 if member in self.queue else None
