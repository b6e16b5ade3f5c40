"""A set of operations, and whose word in it counts: as much as pruning needs.

What comes later is taken in one by one where that gives the same as working out the whole set: what
somebody says of itself, newcomers, and acts of moderators that move few (``increments``). Of all
else the set has to be worked out anew. Rule of thumb: a step that is not sure says no.
"""

from collections.abc import Collection, Iterable

from crypto.ids import MemberId, OpId
from p2p.room.ops.kinds import (
    Admit,
    EntryMode,
    Invite,
    Join,
    Leave,
    Rank,
    Remove,
    Uninvite,
)
from p2p.room.ops.newcomer import admitted_by
from p2p.room.ops.op import Op
from p2p.room.ops.powers import takes_power
from p2p.room.ops.registers import WISHES, Registers
from p2p.room.state.admitted import Admitted
from p2p.room.state.authority import Authority
from p2p.room.state.epochs import Epochs
from p2p.room.state.increments import Increments
from p2p.room.state.invites import Lineage
from p2p.room.state.room_settings import Settings


class Findings:
    """A set of operations, sorted, and its powers worked out.

    Attributes:
        registers: The set, sorted.
        lineage: Who came by whose invite.
        authority: Whose word on others counts.
        epochs: Which epochs are heads.
        settings: The settings of the room.
        admitted: Who is a member.
        increments: Keeps that up.
        may_end_acts: What came last may have been the end of something said with a power.
    """

    def __init__(self, ops: Iterable[Op], host: MemberId, entry: EntryMode) -> None:
        self.registers = Registers(ops, host)
        self.lineage = Lineage(self.registers)
        self.authority = Authority(self.registers, self.lineage)
        self.epochs = Epochs(self.registers, self.authority)
        self.settings = Settings(self.authority, entry)
        self.admitted = Admitted(self.registers, self.authority, self.lineage, self.settings)
        self.increments = Increments(
            self.registers, self.lineage, self.authority, self.settings, self.admitted
        )
        self._entry: EntryMode = entry
        self._touched: set[MemberId] = set()
        self._acts_changed = False
        self._judge_again = False
        self.may_end_acts = False

    def take(self, ops: Iterable[Op]) -> set[OpId] | None:
        """Take in some more operations.

        Returns:
            Those that no longer count by them, of what members say of themselves; None if only the
            whole set, worked out anew, can tell what they mean: these findings are of no use then.
        """
        gone: set[OpId] = set()
        self.may_end_acts = self._judge_again
        for op in ops:
            replaced = self._take(op)
            if replaced is None:
                return None
            gone.update(one.id for one in replaced)
        if self._judge_again:
            self._acts_changed, self._judge_again = True, False
            return gone if self._judge() else None
        return gone

    def forget(self, powers: Collection[OpId]) -> None:
        """Drop what was said with a power and no longer counts; so it is from the next look on."""
        if powers:
            self.registers.drop(powers)
            self._judge_again = True

    def news(self) -> tuple[set[MemberId], bool]:
        """Give who said something or came since the last call, and whether others acted."""
        news = self._touched, self._acts_changed
        self._touched, self._acts_changed = set(), False
        return news

    def _take(self, op: Op) -> Collection[Op] | None:
        if takes_power(op, self.registers.host):
            self._judge_again = self.may_end_acts = True
            return self.registers.add(op)
        if op.author not in self.registers.introduced:
            return None
        if self.registers.is_in_vain(op):
            return (op,)
        if not self._may_say(op):
            return None
        self._touched.add(op.author)
        self.may_end_acts |= isinstance(op.body, WISHES | Leave)
        replaced = self.registers.add(op)
        if replaced is not None and isinstance(op.body, Admit) and not self._let_in(op):
            return None
        # Of the invites of one member the first count: one that lets in somebody may be none.
        return None if replaced and isinstance(op.body, Invite | Uninvite) else replaced

    def _may_say(self, op: Op) -> bool:
        match op.body:
            case Admit():
                return self._may_let_in(op)
            case Invite() as body:
                return self._may_offer(op, body)
            case Leave():
                return self._may_leave(op.author)
            case Uninvite(invite=invite):
                return self._may_take_back(op.author, invite)
        return not isinstance(op.body, Join)

    def _may_let_in(self, op: Op) -> bool:
        """A newcomer of whom nobody with a power has said something, nor it with one."""
        join = admitted_by(op)
        if join is None or not isinstance(join.body, Join) or self.epochs.awaits(join.id):
            return False
        if any(_about(rank) == join.author for rank in self.registers.ranks.values()):
            return False
        if join.id not in self.registers.joins:
            removals = (act.body for act in self.authority.acts(Remove))
            if any(join.body.invite) and any(body.branch for body in removals):
                return False
            self.lineage.come(join, join.body)
        return True

    def _let_in(self, op: Op) -> bool:
        join = admitted_by(op)
        return join is not None and self._touch(self.increments.admit(op, join.author))

    def _touch(self, moved: Collection[MemberId] | None) -> bool:
        self._touched.update(moved or ())
        return moved is not None

    def _may_offer(self, op: Op, body: Invite) -> bool:
        taken_back = [back.invite for _, back in self.registers.all("uninvite", Uninvite)]
        taken_back += [act.body.invite for act in self.authority.acts(Uninvite)]
        return op.id not in taken_back and self.lineage.offer(op, body)

    def _may_take_back(self, member: MemberId, invite: OpId) -> bool:
        """An own invite, while nobody is in by invites alone; else it moves nobody."""
        own = any(one.id == invite for one in self.registers.read("invite", member))
        if not own or invite in self.admitted.taken_back:
            return True
        if self.settings.hangs_on_invites:
            return False
        self.admitted.taken_back |= {invite}
        return True

    def _may_leave(self, member: MemberId) -> bool:
        """Somebody that does not take its place with it, where only so many came by an invite."""
        joins = self.registers.read("join", member) if self.settings.hangs_on_invites else ()
        invites = [invite for join in joins if (invite := self.lineage.invite_of(join.id))]
        return not any(isinstance(one.body, Invite) and one.body.uses for one in invites)

    def _judge(self) -> bool:
        """Work out the powers again; False if it is not sure who is in by that."""
        self.authority = Authority(self.registers, self.lineage)
        self.epochs = Epochs(self.registers, self.authority)
        self.settings = Settings(self.authority, self._entry)
        return self._touch(self.increments.judge(self.authority, self.settings))


def _about(op: Op) -> MemberId | None:
    return op.body.member if isinstance(op.body, Rank) else None


def taken(findings: Findings, ops: Iterable[Op]) -> set[OpId] | None:
    """See ``Findings.take``."""
    return findings.take(ops)
