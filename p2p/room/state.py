"""What the members agree on, as a pure function of a set of operations."""

from collections.abc import Iterable
from dataclasses import dataclass

from crypto.genesis import Genesis
from crypto.identity import member_id
from p2p.room.ids import NONE, MemberId, OpId
from p2p.room.kinds import (
    HOST_SLOT,
    Body,
    Decline,
    Down,
    Grant,
    Hand,
    HandRef,
    Join,
    Lock,
    Mute,
    Take,
    Topic,
)
from p2p.room.names import TOPIC_CELLS, DisplayName, clean
from p2p.room.ops import Op
from p2p.room.queue import places, queue_of
from p2p.room.registers import Registers
from p2p.room.roster import Member, Role, RoomState
from p2p.room.stage import Stage

__all__ = ["Member", "Role", "RoomState", "evaluate", "state_of"]


def evaluate(genesis: Genesis, ops: Iterable[Op]) -> RoomState:
    """Work out the state of a room.

    Pure: the same set gives the same state in whatever order and however often its operations
    come, and so does the part of it that ``Registers.kept`` keeps. Only the host's word on others
    counts. An author that signs two histories gains nothing: a tied register is read as its most
    restrictive value.

    Args:
        genesis: Names the host.
        ops: Operations of this room with verified signatures (see ``opset.OpSet``).

    Returns:
        The state.
    """
    return state_of(Registers(ops, member_id(genesis.sign, genesis.dh)))


def state_of(registers: Registers) -> RoomState:
    """The second half of ``evaluate``, for a set that is already sorted into registers."""
    everyone = registers.members()
    grants = _live_grants(registers, [m for m in everyone if not registers.gone(m)])
    members = {m: _member(registers, m, grants.get(m)) for m in everyone}
    hands = [
        (HandRef(m, wish.seq), wish.id)
        for m in everyone
        if members[m].stage is Stage.HAND_UP
        for wish in registers.read("wish", m)
    ]
    queue, unnamed = queue_of(hands, places(registers.orders()))
    heard = {
        member.slot: member.id
        for member in members.values()
        if member.slot is not None and not _is_muted(registers, member.id, grants.get(member.id))
    }
    return RoomState(
        host=registers.host,
        members=members,
        removed=registers.removed(),
        queue=queue,
        unnamed=unnamed,
        slots=dict(sorted(heard.items())),
        locked=_locked(registers),
        topic=_topic(registers),
    )


@dataclass(frozen=True, slots=True)
class _Live:
    """A grant that its member stands on or can still take."""

    id: OpId
    seq: int
    grant: Grant


def _live_grants(registers: Registers, present: Iterable[MemberId]) -> dict[MemberId, _Live]:
    """The live grants of those present, one for each slot: the earliest has it."""
    live: list[_Live] = []
    for member in present:
        floor = registers.read("floor", member)
        wish = registers.read("wish", member)
        if len(floor) != 1 or len(wish) > 1 or member == registers.host:
            continue
        live += [
            _Live(floor[0].id, floor[0].seq, grant)
            for grant in registers.bodies("floor", member, Grant)
            if _wants(wish, floor[0].id, grant)
        ]
    by_slot: dict[int, _Live] = {}
    for one in sorted(live, key=lambda one: (one.seq, one.id)):
        by_slot.setdefault(one.grant.slot, one)
    return {one.grant.member: one for one in by_slot.values()}


def _wants(wish: tuple[Op, ...], grant_id: OpId, grant: Grant) -> bool:
    """Tell whether the member took the grant, or has not changed its mind since it was given."""
    if not wish:
        return grant.hand == NONE
    return wish[0].id == grant.hand or _took(wish[0].body, grant_id)


def _took(wish: Body | None, grant_id: OpId) -> bool:
    return isinstance(wish, Take) and wish.grant == grant_id


def _is_muted(registers: Registers, member: MemberId, live: _Live | None) -> bool:
    """Tell whether the host muted the member after it granted; a newer grant ends a mute."""
    mutes = registers.bodies("mute", member, Mute)
    if live is None or not mutes or mutes[0].seq < live.seq:
        return False
    return len(mutes) > 1 or mutes[0].on


def _member(registers: Registers, member: MemberId, live: _Live | None) -> Member:
    joins = registers.bodies("join", member, Join)
    wishes = () if registers.gone(member) else registers.read("wish", member)
    wish = wishes[0] if len(wishes) == 1 else None
    stage = _stage(registers, member, wish, live)
    slot = live.grant.slot if live else None
    return Member(
        id=member,
        sign=joins[0].sign,
        dh=joins[0].dh,
        recv=joins[0].recv,
        name=DisplayName.clean(joins[0].name if len(joins) == 1 else "", member),
        stage=stage,
        slot=HOST_SLOT if stage is Stage.HOST else slot,
        grant=live.id if live else None,
        lapsed=not registers.gone(member) and _lapsed(registers, member, wish),
        wish=wish.id if wish else NONE,
        join=registers.read("join", member)[0].id,
        is_host=member == registers.host,
    )


def _stage(registers: Registers, member: MemberId, wish: Op | None, live: _Live | None) -> Stage:
    if registers.read("remove", member):
        return Stage.REMOVED
    if registers.read("leave", member):
        return Stage.LEFT
    if member == registers.host:
        return Stage.HOST
    body = wish.body if wish else None
    if live and not _took(body, live.id):
        return Stage.INVITED
    if live:
        return Stage.MUTED if _is_muted(registers, member, live) else Stage.SPEAKING
    if wish and isinstance(body, Hand) and body.up and not _answered(registers, member, wish.id):
        return Stage.HAND_UP
    return Stage.LISTENING


def _answered(registers: Registers, member: MemberId, hand: OpId) -> bool:
    """Tell whether just this hand was taken down, or was granted and the grant is void."""
    downs = registers.bodies("floor", member, Down)
    grants = registers.bodies("floor", member, Grant)
    return any(down.seen == hand for down in downs) or any(g.hand == hand for g in grants)


def _lapsed(registers: Registers, member: MemberId, wish: Op | None) -> bool:
    if wish and isinstance(wish.body, Decline):
        return wish.body.lapsed
    return any(down.lapsed for down in registers.bodies("floor", member, Down))


def _locked(registers: Registers) -> bool:
    locks = registers.bodies("lock", registers.host, Lock)
    return len(locks) > 1 or any(lock.on for lock in locks)


def _topic(registers: Registers) -> str:
    topics = registers.bodies("topic", registers.host, Topic)
    return clean(topics[0].text, TOPIC_CELLS) if len(topics) == 1 else ""
