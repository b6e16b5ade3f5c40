"""What the members agree on, as a pure function of a set of operations."""

from collections import Counter
from collections.abc import Iterable

from crypto.genesis import Genesis
from crypto.identity import member_id
from crypto.ids import MemberId
from p2p.room.ops.kinds import HOST_SLOT, HandRef, Order, Take
from p2p.room.ops.op import Op
from p2p.room.stage import Stage
from p2p.room.state.grants import Floor
from p2p.room.state.invites import invites_of
from p2p.room.state.members import portraits
from p2p.room.state.model import Member, Role, RoomState
from p2p.room.state.queue import places, queue_of
from p2p.room.state.verdict import Findings
from p2p.room.state.waiting_room import asking

__all__ = ["Findings", "Member", "Role", "RoomState", "evaluate", "state_of"]


def evaluate(genesis: Genesis, ops: Iterable[Op]) -> RoomState:
    """Work out the state of a room.

    Pure: the same set gives the same state in whatever order and however often its operations
    come, and so does the part of it that ``pruning.kept`` keeps. An author that signs two
    histories gains nothing: see ``chain.without_fork`` and ``registers``.

    Args:
        genesis: Names the host.
        ops: Operations of this room with verified signatures (see ``opset.OpSet``).

    Returns:
        The state.
    """
    return state_of(Findings(ops, member_id(genesis.sign, genesis.dh), genesis.entry))


def state_of(findings: Findings, *, blind: bool = False) -> RoomState:
    """The other half of an evaluation.

    Args:
        findings: A set whose powers are worked out.
        blind: We see only what relays see: no joins, no wishes.
    """
    registers, authority, epochs = findings.registers, findings.authority, findings.epochs
    settings, admitted = findings.settings, findings.admitted
    removed = admitted.removed
    everyone = authority.appointed() if blind else sorted(admitted.known)
    here = {m for m in everyone if m not in removed and not registers.left(m)}
    present = removed.__contains__ if blind else here.__contains__
    floor = Floor(registers, authority, epochs, lambda m: present(m) != blind, blind=blind)
    members = portraits(findings, floor, everyone, blind=blind)
    queue, unnamed, named = _queue(findings, members.values())
    heard = {live.slot: m for m, live in floor.live.items() if not live.mutes}
    if registers.host in here:
        heard[HOST_SLOT] = registers.host
    used = Counter(member.invite for member in members.values())
    known = removed | members.keys() | settings.let.keys()
    return RoomState(
        host=registers.host,
        members=members,
        removed=removed,
        queue=queue,
        unnamed=unnamed,
        slots=dict(sorted(heard.items())),
        locked=settings.locked,
        topic=settings.topic,
        entry=settings.entry,
        profile=settings.profile,
        carriers=settings.carriers,
        carriers_out=settings.carriers_out,
        heads=epochs.heads,
        epochs=epochs.by_id,
        shut_out=epochs.shut_out,
        last_removals=epochs.last_removals,
        asking=asking(registers, here, known) if settings.entry == "ask" else (),
        let=settings.let,
        sleepers={
            m: authority.ranked_by(m)
            for m in authority.appointed()
            if m not in known and authority.tenures(m)
        },
        awaited=admitted.vouched - admitted.known - removed,
        invites=invites_of(registers, used, admitted.revoked, here),
        live=floor.live,
        by=_by(findings, floor, members.values()),
        over=settings.over,
        named=named,
        lifted=floor.lifted,
    )


def _queue(
    findings: Findings, members: Iterable[Member]
) -> tuple[tuple[MemberId, ...], tuple[HandRef, ...], int]:
    registers = findings.registers
    hands = [
        (HandRef(member.id, wish.seq), wish.id)
        for member in members
        if member.stage is Stage.HAND_UP
        for wish in registers.read("wish", member.id)
    ]
    return queue_of(hands, places(findings.authority.acts(Order)))


def _by(findings: Findings, floor: Floor, members: Iterable[Member]) -> dict[MemberId, MemberId]:
    """Who moved a member to where it is, where it was another."""
    by: dict[MemberId, MemberId] = {}
    for member in members:
        live = floor.live.get(member.id)
        mover: MemberId | None = None
        if member.stage is Stage.REMOVED:
            mover = findings.authority.removals[member.id].by
        elif live is not None and member.stage is Stage.MUTED:
            mover = next((floor.mutes[one] for one in live.mutes if one in floor.mutes), None)
        elif live is not None:
            mover = live.by
        elif member.is_here:
            wish = findings.registers.wish(member.id)
            ended = [member.wish]
            if wish is not None and isinstance(wish.body, Take):
                ended.append(wish.body.grant)
            downs = [floor.down(member.id, one) for one in ended]
            mover = next((down.by for down in downs if down is not None), None)
        if mover is not None and mover != member.id:
            by[member.id] = mover
    return by
