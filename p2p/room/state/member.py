"""A member, as everybody in the room sees it."""

from dataclasses import dataclass
from typing import Literal

from crypto.ids import DhKey, MemberId, OpId, SignKey
from p2p.room.ops.ids import NONE
from p2p.room.ops.powers import CO_HOST, HELPER, MODERATOR
from p2p.room.stage import NOT_HERE, ON_STAGE, Stage
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
