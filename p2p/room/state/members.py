"""Every member as everybody sees it, put together from what was found out."""

import functools
from collections import defaultdict
from collections.abc import Collection

from crypto.ids import DhKey, MemberId, OpId, SignKey
from p2p.room.ops.chain import last_link
from p2p.room.ops.ids import NO_KEY, NONE
from p2p.room.ops.kinds import (
    HOST_SLOT,
    KEEPS_MAX,
    Decline,
    Down,
    Hand,
    Join,
    Let,
    Rank,
    Recv,
    Topic,
)
from p2p.room.ops.op import Op
from p2p.room.ops.powers import NOBODY
from p2p.room.ops.registers import Registers
from p2p.room.stage import Stage
from p2p.room.state.grants import Floor, took
from p2p.room.state.member import Member
from p2p.room.state.verdict import Findings
from p2p.room.text.confusable import NAMES_MAX, Lookalikes
from p2p.room.text.names import DisplayName

_shown = functools.lru_cache(maxsize=NAMES_MAX)(DisplayName.clean)


class Painter:
    """Describes members.

    Args:
        findings: The set.
        floor: The stage.
        blind: Joins are not known here: keys are those of appointments, names made up.
    """

    def __init__(self, findings: Findings, floor: Floor, *, blind: bool = False) -> None:
        self._findings = findings
        self._blind = blind
        self._registers = findings.registers
        self._admitted = findings.admitted
        self._keys = _appointed_keys(findings) if blind else {}
        self._alike = Lookalikes()
        self._named: dict[MemberId, tuple[int, DisplayName]] = {}
        self.look(floor)

    def look(self, floor: Floor) -> None:
        """Take in how the stage is, and who may do what."""
        self._floor = floor
        self._authority = self._findings.authority
        self._ranked = frozenset(self._authority.appointed())
        self._keeps = _keeps(self._findings, floor)
        self._links = _by_author(self._registers)

    def meet(self, members: Collection[MemberId]) -> set[MemberId]:
        """Take in who is here of these; gives those whose description may change by that."""
        others: set[MemberId] = set()
        for member in members if not self._blind else ():
            here = member not in self._authority.removals and not self._registers.left(member)
            rank = self._authority.rank_of(member)
            before = self._named.get(member)
            if before is not None and not (here and before[0] == rank):
                del self._named[member]
                others.update(self._alike.go(before[0], member, before[1]))
            if here and member not in self._named:
                name = self._name(member, self._join(member))
                self._named[member] = rank, name
                others.update(self._alike.come(rank, member, name))
        return others

    def _imitates(self, member: MemberId) -> MemberId | None:
        named = self._named.get(member)
        return None if named is None else self._alike.imitated(named[0], member, named[1])

    def _join(self, member: MemberId) -> Op:
        """The join by which a member is known: the one its removal names, else its own."""
        joins = self._admitted.joins[member]
        removal = self._authority.removals.get(member)
        return next((op for op in joins if removal and op.id == removal.join), joins[0])

    def _name(self, member: MemberId, join: Op | None) -> DisplayName:
        body = join.body if join else None
        removal = self._authority.removals.get(member)
        known = len(self._admitted.joins.get(member, ())) == 1
        if removal is not None and join is not None and join.id == removal.join:
            known = True
        return _shown(body.name if known and isinstance(body, Join) else "", member)

    def of(self, member: MemberId) -> Member:
        """Describe one member."""
        registers, authority = self._registers, self._authority
        join = None if self._blind else self._join(member)
        sign, dh, recv = self._public(member, join)
        out = member in authority.removals
        wish = None if out else registers.wish(member)
        stage = self._stage(member, wish, out=out)
        live = self._floor.live.get(member)
        tenures = authority.tenures(member)
        slot = live.slot if live else None
        first = join.id if join else NONE
        ranked = member in self._ranked
        invite = self._findings.lineage.invite_of(first)
        doors = self._admitted.doors.get(member, ())
        return Member(
            id=member,
            sign=sign,
            dh=dh,
            recv=recv,
            name=self._name(member, join),
            stage=stage,
            slot=HOST_SLOT if stage is Stage.HOST else slot,
            grant=live.id if live else None,
            lapsed=not out and not registers.left(member) and self._lapsed(member, wish),
            wish=wish.id if wish else NONE,
            join=first,
            is_host=member == registers.host,
            rank=authority.rank_of(member),
            auth=tenures[0].id if tenures else NONE,
            tenures=tuple(one.id for one in tenures if one.id != NONE),
            ranked_by=authority.ranked_by(member) if ranked else None,
            invite=invite.id if invite else NONE,
            invited_by=invite.author if invite else None,
            imitates=self._imitates(member),
            trusted=out or len(self._admitted.joins.get(member, ())) < 2,
            cut=self._cut(member, first) if ranked and not out else first,
            keeps=tuple(self._keeps.get(member, ())[:KEEPS_MAX]),
            doors=tuple(doors),
            admitted_by=doors[0] if doors and member not in self._admitted.vouched else None,
            vouched_by=self._admitted.vouched_by.get(member),
        )

    def _cut(self, member: MemberId, join: OpId) -> OpId:
        """Nobody ever ends the host's powers, so nobody has to know its last link."""
        if member == self._registers.host:
            return join
        return last_link(member, join, self._links.get(member, ()))

    def _public(self, member: MemberId, join: Op | None) -> tuple[SignKey, DhKey, DhKey]:
        """Signing key, exchange key, and the key to wrap for."""
        if join is None or not isinstance(join.body, Join):
            return (*self._keys.get(member, (SignKey(NO_KEY), NO_KEY)), NO_KEY)
        recv = join.body.recv
        gone = member in self._authority.removals or self._registers.left(member)
        for op in () if gone else self._registers.read("recv", member)[:1]:
            recv = op.body.key if isinstance(op.body, Recv) else recv
        return join.body.sign, join.body.dh, recv

    def _stage(self, member: MemberId, wish: Op | None, *, out: bool) -> Stage:
        if out:
            return Stage.REMOVED
        if self._registers.left(member):
            return Stage.LEFT
        if member == self._registers.host:
            return Stage.HOST
        body = wish.body if wish else None
        live = self._floor.live.get(member)
        if live and not took(body, live.id):
            return Stage.INVITED
        if live:
            return Stage.MUTED if live.mutes else Stage.SPEAKING
        if wish and isinstance(body, Hand) and body.up and not self._floor.down(member, wish.id):
            return Stage.HAND_UP
        return Stage.LISTENING

    def _lapsed(self, member: MemberId, wish: Op | None) -> bool:
        """Tell whether the member's last invitation ended unanswered."""
        if wish and isinstance(wish.body, Decline):
            return wish.body.lapsed
        down = self._floor.down(member, wish.id if wish else NONE)
        return down is not None and down.lapsed


def _appointed_keys(findings: Findings) -> dict[MemberId, tuple[SignKey, DhKey]]:
    return {
        op.body.member: (op.body.sign, op.body.dh)
        for op in findings.registers.ranks.values()
        if isinstance(op.body, Rank)
    }


def _by_author(registers: Registers) -> dict[MemberId, list[Op]]:
    links: dict[MemberId, list[Op]] = defaultdict(list)
    for op in registers.links.values():
        links[op.author].append(op)
    return links


def _keeps(findings: Findings, floor: Floor) -> dict[MemberId, list[OpId]]:
    """What each author did outside its chain and is in force, the most important first."""
    registers, authority = findings.registers, findings.authority
    keeps: dict[MemberId, list[OpId]] = defaultdict(list)
    for epoch in sorted(findings.epochs.recent & findings.epochs.by_id.keys()):
        keeps[findings.epochs.by_id[epoch].author].append(epoch)
    for live in floor.live.values():
        if live.by is not None:
            keeps[live.by].append(live.id)
    for mute, author in floor.mutes.items():
        keeps[author].append(mute)
    for act in authority.acts(Topic):
        if act.op.id in findings.settings.over[Topic]:
            keeps[act.op.author].append(act.op.id)
    for down in authority.acts(Down):
        if down.body.member in authority.removals:
            continue
        wish = registers.wish(down.body.member)
        ends_hand = (wish.id if wish else NONE) == down.body.seen
        if ends_hand or (wish is not None and took(wish.body, down.body.grant)):
            keeps[down.op.author].append(down.op.id)
    for let in authority.acts(Let):  # a yes to a key that nobody has seen falls with its author
        if not let.body.on or let.body.member in findings.admitted.known:
            keeps[let.op.author].append(let.op.id)
    return {author: ids for author, ids in keeps.items() if authority.rank_of(author) < NOBODY}
