"""What is kept of a set of operations, so that a room may last for days.

These are forgotten, each because nothing that may still come can make it count again:

- What an author has itself replaced: all but its newest wish, key, and so on (``registers``).
- Orders of hands that are all past by their owners' own word, or that the same author named further
  in front under the same power.
- What a member that the host has removed did outside its chain, but for epochs, and is not kept:
  nobody undoes what the host removed.
- Orders of those whose power has ended otherwise. Should it count again, hands are named anew.
- Grants, mutes and downs under epochs at least two generations behind every head. Their place was
  taken by what the epochs after them restate. A down stays as long as its member's newest
  wish is about the hand or the grant that it ended; a grant that is restated stays as well, for
  the epochs that say so fall if their author forks.
- Epochs that are past (``ancestry``), unless a down or grant that stays names one: a newcomer could
  not take the one in without the other.

Nothing else is forgotten because somebody was removed or has lost a rank: a verdict can change when
more of the set is known, and then what was dropped would be missing. For the same reason an epoch
or a floor operation that is dropped may come in again: should its epoch turn out to be a head after
all (because the author of the ones after it was cut off before them), it counts again.
"""

from collections import defaultdict

from crypto.ids import MemberId, OpId
from p2p.room.ops.epoch_dag import led
from p2p.room.ops.ids import NO_EPOCH, NONE
from p2p.room.ops.kinds import (
    LINKS,
    Admit,
    Down,
    Epoch,
    Grant,
    HandRef,
    Invite,
    Join,
    Leave,
    Mute,
    Order,
    Rank,
    Remove,
)
from p2p.room.ops.newcomer import admitted_by
from p2p.room.ops.op import Op
from p2p.room.ops.registers import Registers, age
from p2p.room.state.grants import took
from p2p.room.state.verdict import Findings

LEFT_SHARE = 8
"""One in so many may have left before it is looked who of them can be forgotten."""

LEFT_MAX = 32
"""Members remembered who have left and of whom nothing is in force."""


def kept(findings: Findings) -> list[Op]:
    """Give all operations that still count, or may count for a newer program.

    Returns:
        In an order in which each can be checked when it comes: joins, appointments from the host
        down, epochs, the rest.
    """
    registers = findings.registers
    forgotten = _forgotten(registers)
    ops = [op for op in registers.own() if op.author not in forgotten]
    if forgotten:
        ops = [op for op in ops if _newcomer(op) not in forgotten]
    ops += registers.waiting
    over = ended(findings)
    ops += [op for op in registers.powers if op.id not in over]
    return sorted(ops, key=order)


def ended(findings: Findings) -> set[OpId]:
    """Give what was said with a power and is forgotten."""
    powers = findings.registers.powers
    over = _useless_orders(findings) | _ended_by_the_host(findings.registers)
    over |= {op.id for op in powers if _is_past(op, findings)}
    bodies = (op.body for op in powers if op.id not in over)
    named = {body.epoch for body in bodies if isinstance(body, Down | Grant)}
    return over | (findings.epochs.past - named)


def is_time_to_forget(left: int, since: int, members: int) -> bool:
    """Tell whether members who have left may be forgotten, which takes a look at everybody.

    Args:
        left: So many have.
        since: So many of them since they were looked at last.
        members: All who are remembered.
    """
    return left > LEFT_MAX and since > members // LEFT_SHARE


def _is_past(op: Op, findings: Findings) -> bool:
    body = op.body
    if not isinstance(body, Grant | Mute | Down) or body.epoch in findings.epochs.recent:
        return False
    if body.epoch != NO_EPOCH and body.epoch not in findings.registers.epochs:
        return False
    if isinstance(body, Grant):
        return op.id not in findings.epochs.restating
    if not isinstance(body, Down):
        return True
    wishes = findings.registers.read("wish", body.member)
    about = [one.id for one in wishes] or [NONE]
    return body.seen not in about and not any(took(one.body, body.grant) for one in wishes)


def _useless_orders(findings: Findings) -> set[OpId]:
    """Orders that name no hand which is up, further in front than others of their author do."""
    places: dict[tuple[OpId, MemberId, HandRef], tuple[int, OpId]] = {}
    orders: set[OpId] = set()
    for op in findings.registers.powers:
        if isinstance(op.body, Order):
            orders.add(op.id)
            for place, hand in enumerate(op.body.hands, start=op.body.base):
                named = (op.body.auth, op.author, hand)
                places[named] = min((place, op.id), places.get(named, (place, op.id)))
    past = findings.registers.is_past
    first = {op for (_, _, hand), (_, op) in places.items() if not past(hand)}
    return orders - (first & {act.op.id for act in findings.authority.acts(Order)})


def _ended_by_the_host(registers: Registers) -> set[OpId]:
    """What members that the host has removed did outside their chains, and is not to be kept."""
    keeps: dict[MemberId, list[frozenset[OpId]]] = defaultdict(list)
    for op in registers.powers:
        if isinstance(op.body, Remove) and op.author == registers.host != op.body.member:
            keeps[op.body.member].append(frozenset(op.body.keeps))
    return {
        op.id
        for op in registers.powers
        if op.author in keeps
        and type(op.body) not in LINKS
        and not isinstance(op.body, Epoch)
        and not all(op.id in kept for kept in keeps[op.author])
    }


def _newcomer(op: Op) -> MemberId | None:
    join = admitted_by(op)
    return join.author if join else None


def _forgotten(registers: Registers) -> set[MemberId]:
    """Members who left without a trace, beyond so many; not the doors of those who stay."""
    left = {op.author for op, _ in registers.all("leave", Leave)}
    if len(left) <= LEFT_MAX:
        return set()
    traces = {op.author for op in registers.powers}
    traces |= {op.body.member for op in registers.powers if isinstance(op.body, Rank | Remove)}
    invites = registers.all("invite", Invite)
    traces |= {op.author for op, _ in invites}
    counted = {op.id for op, invite in invites if invite.uses}  # and who came by them counts
    traces |= {op.author for op, join in registers.all("join", Join) if join.invite in counted}
    lost = left - traces
    doors = {
        member: [op.author for op, _ in registers.admits[member]] for member in registers.admits
    }
    stay = led((member for member in doors if member not in lost), doors)
    lost -= stay
    return lost - led(sorted(lost)[:LEFT_MAX], doors)


def order(op: Op) -> tuple[int, MemberId, int, OpId]:
    """Give a key to sort operations by, so that each can be checked when its turn comes.

    Of admissions it does not say which hangs on which: that takes the set, see ``opset``.
    """
    return turn(op), op.author, *age(op)


def turn(op: Op) -> int:
    """Say when an operation has its turn: admissions, then appointments from the host down."""
    body = op.body
    if isinstance(body, Join | Admit):
        return 0
    if isinstance(body, Rank):
        return body.rank
    return 5 if isinstance(body, Epoch) else 6
