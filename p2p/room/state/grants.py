"""Who may be heard in which slot: the grants in force, and the mutes on them.

Who rises to the rank of the member that called it up keeps its place, since a grant on a senior
counts as the answer to its own wish: it has taken it, or has raised the hand that it answers.
Nobody is called up by a junior otherwise, and what a senior gave comes first.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace

from crypto.ids import MemberId, OpId
from p2p.room.ops.ids import NONE, short
from p2p.room.ops.kinds import Body, Down, Grant, Hand, Mute, StageEntry, Take
from p2p.room.ops.registers import Registers
from p2p.room.state.authority import Authority
from p2p.room.state.epochs import Epochs, issued_under

_RESTATED = -1
"""Before every rank: what an epoch restated has its slot before anything new."""


@dataclass(frozen=True, slots=True)
class Live:
    """A grant that its member stands on or can still take.

    Attributes:
        id: The ``Grant``.
        slot: 2 to 63.
        member: Who may speak.
        hand: Front of the wish that it answers.
        by: Who gave it, None if only an epoch says so.
        mutes: What silences it: ``Mute`` operations, and epochs that restate one.
    """

    id: OpId
    slot: int
    member: MemberId
    hand: bytes
    by: MemberId | None
    mutes: tuple[OpId, ...] = ()

    @property
    def entry(self) -> StageEntry:
        """What an epoch says of it."""
        return StageEntry(self.slot, self.member, self.id, self.hand, bool(self.mutes))


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a hand or grant: the operation, its author, and whether it was a lapse."""

    id: OpId
    by: MemberId
    lapsed: bool


class Floor:
    """The stage.

    Args:
        registers: The set. At relays it holds no wishes: there a grant counts as taken.
        authority: Whose word counts.
        epochs: Which grants are restated.
        present: Tells whether a member can hold a grant: it is in the room.
        blind: Wishes are not known here.

    Attributes:
        live: The grant of each member that has one.
        downs: The ``Down`` operations that count, by what they end: a hand or a grant.
        mutes: The ``Mute`` operations in force, with their authors.
        lifted: Mutes that somebody ended, under whatever epoch.
        about: Members that others invited or moved down: what these say of themselves may matter.
    """

    def __init__(
        self,
        registers: Registers,
        authority: Authority,
        epochs: Epochs,
        present: Callable[[MemberId], bool],
        *,
        blind: bool = False,
    ) -> None:
        self._registers = registers
        self._blind = blind
        self.downs: dict[tuple[MemberId, OpId], Ended] = {}
        for act in authority.acts(Down):
            end = Ended(act.op.id, act.op.author, act.body.lapsed)
            for ended in (act.body.seen, act.body.grant):
                self.downs.setdefault((act.body.member, ended), end)
        self.mutes: dict[OpId, MemberId] = {}
        self.lifted: frozenset[OpId] = frozenset(
            one for act in authority.acts(Mute) if not act.body.on for one in act.body.lifts
        )
        self.about: set[MemberId] = {member for member, _ in self.downs}
        muted = self._muted(authority, epochs)
        held: dict[MemberId, Live] = {}
        slots: set[int] = set()
        for live in self._wanted(authority, epochs, present):
            if live.member not in held and live.slot not in slots:
                held[live.member] = replace(
                    live, mutes=tuple(sorted(muted.get((live.member, live.id), ())))
                )
                slots.add(live.slot)
        self.live = held

    def _wanted(
        self, authority: Authority, epochs: Epochs, present: Callable[[MemberId], bool]
    ) -> list[Live]:
        """Grants that nobody ended and that their member wants, the first to have a slot first."""
        found: dict[OpId, tuple[bool, int, Live]] = {}
        for act in issued_under(authority.acts(Grant), epochs.current):
            op, body = act.op, act.body
            live = Live(op.id, body.slot, body.member, short(body.hand), op.author)
            self.about.add(body.member)
            upwards = op.author != body.member and authority.rank_of(body.member) <= act.rank
            if not upwards or self._wished(live):
                found[op.id] = (upwards, act.rank, live)
        for _, _, entry in epochs.restated():
            by = found[entry.grant][2].by if entry.grant in found else None
            live = Live(entry.grant, entry.slot, entry.member, entry.hand, by)
            found[entry.grant] = (False, _RESTATED, live)
        self.about.update(entry.member for _, _, entry in epochs.restated())
        order = [
            (not self._took(live), upwards, rank, live.id, live)
            for upwards, rank, live in found.values()
            if present(live.member)
            and live.member != self._registers.host
            and (live.member, live.id) not in self.downs
            and self._wants(live)
        ]
        return [live for *_, live in sorted(order, key=lambda item: item[:4])]

    def _wants(self, live: Live) -> bool:
        """Tell whether the member took the grant, or has not changed its mind since."""
        if self._blind or self._took(live):
            return True
        wishes = self._registers.read("wish", live.member)
        if len(wishes) > 1:
            return False
        return short(wishes[0].id if wishes else NONE) == live.hand

    def _wished(self, live: Live) -> bool:
        """Tell whether a grant is the answer to what the member itself said."""
        wish = self._registers.wish(live.member)
        raised = wish is not None and isinstance(wish.body, Hand) and wish.body.up
        return self._blind or raised or self._took(live)

    def _took(self, live: Live) -> bool:
        wish = self._registers.wish(live.member)
        return wish is not None and took(wish.body, live.id)

    def _muted(
        self, authority: Authority, epochs: Epochs
    ) -> dict[tuple[MemberId, OpId], set[OpId]]:
        """What silences each member on each grant."""
        acts = issued_under(authority.acts(Mute), epochs.current)
        lifted = {
            (act.body.member, act.body.grant, one)
            for act in acts
            if not act.body.on
            for one in act.body.lifts
        }
        muted: dict[tuple[MemberId, OpId], set[OpId]] = defaultdict(set)
        for act in acts:
            body = act.body
            if body.on and (body.member, body.grant, act.op.id) not in lifted:
                muted[body.member, body.grant].add(act.op.id)
                self.mutes[act.op.id] = act.op.author
        for info, rank, entry in epochs.restated():
            touches = authority.rank_of(entry.member) > rank
            if entry.muted and touches and (entry.member, entry.grant, info.id) not in lifted:
                muted[entry.member, entry.grant].add(info.id)
        return muted

    def down(self, member: MemberId, ended: OpId) -> Ended | None:
        """Say what ended a hand or a grant of a member."""
        return self.downs.get((member, ended))


def took(wish: Body | None, grant: OpId) -> bool:
    """Tell whether a wish is the acceptance of this grant."""
    return isinstance(wish, Take) and wish.grant == grant
