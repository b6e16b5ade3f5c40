"""What led to what: which epochs are complete, and which are so long past that they are forgotten.

Whoever hides a removal and shows the epoch that followed it must not make us believe that the
removed one was meant to have its key. So an epoch is *adrift* as long as something is missing that
led to it: what its author did before it, the removals that it knows of, the epochs it replaces.
(Of an epoch that does not count nobody waits for what it replaced.)

Links are kept for ever, epochs are not. One of twelve hours before the newest is *past*: no chain
hangs on it, and everybody after it names the removals anew. Its place in the parents of the next
one stays empty, and says of which step it was, so nobody waits for it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from crypto.ids import EpochId, OpId
from p2p.room.ops.kinds import Epoch, Remove
from p2p.room.ops.registers import Registers

Id = TypeVar("Id", bound=bytes)

KEPT_STEPS = 4320
"""Twelve hours: so long a part of the room may be cut off and its epochs still count afterwards."""
AWAITED_STEPS = 3960
"""Eleven: if the newest epoch does not count after all, nobody waits for what it made us forget."""


class Ancestry:
    """The graph of links and epochs.

    Args:
        registers: The set.
        counting: Epochs by somebody with the power to make them.

    Attributes:
        adrift: Links and epochs of which not everything is here that led to them.
        awaited: What led to some of them and is missing.
        past: Epochs to be forgotten, also such as do not count. Should one come again, it is past
            again: nothing that is kept is older than what it replaces.
    """

    def __init__(self, registers: Registers, counting: Collection[EpochId]) -> None:
        ages = _ages(registers.epochs, counting)
        leads = self._leads = _leads(registers, _awaited_parents(registers.epochs, ages, counting))
        self.awaited: frozenset[OpId] = frozenset(
            one
            for before in leads.values()
            for one in before
            if one not in leads and one not in registers.joins
        )
        self.adrift: frozenset[OpId] = _adrift(self.awaited, leads)
        newest = max((ages[epoch] for epoch in counting if epoch not in self.adrift), default=0)
        self.past: frozenset[EpochId] = frozenset(
            epoch for epoch, age in ages.items() if age < newest - KEPT_STEPS
        )

    def led_to(self, op: OpId) -> set[OpId]:
        """Give an operation and everything that is known to have led to it."""
        return led([op], self._leads)

    def last(self, ops: Collection[OpId]) -> tuple[OpId, ...]:
        """Give those of some complete links to which no other of them leads, ascending."""
        whole = set(ops) - self.adrift
        before = led((one for op in whole for one in self._leads[op]), self._leads)
        return tuple(sorted(whole - before))


def led(ops: Iterable[Id], leads: Mapping[Id, Sequence[Id]]) -> set[Id]:
    """Give some operations, and everything that leads to one of them.

    Args:
        ops: To begin with.
        leads: What leads to an operation, as far as it is known.
    """
    found: set[Id] = set()
    waiting = list(ops)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += leads.get(one, ())
    return found


def _ages(epochs: Mapping[EpochId, Epoch], counting: Collection[EpochId]) -> dict[EpochId, int]:
    """Give the step of every epoch, or of one before it if that is later.

    So none is older than what it replaces, however wrong its author's clock, and what is forgotten
    leaves none behind that it had replaced. What an epoch that counts says of its parents' steps is
    believed, of itself and of them: nobody can be made to wait for what is forgotten. What an epoch
    says that does not count, because its author was removed, is ignored.
    """
    steps = {epoch: body.step for epoch, body in epochs.items()}
    after: dict[EpochId, list[EpochId]] = defaultdict(list)
    for epoch, body in epochs.items():
        for parent in body.parents:
            after[parent.epoch].append(epoch)
            for one in (epoch, parent.epoch) if epoch in counting else ():
                steps[one] = max(steps.get(one, 0), parent.step)
    ages: dict[EpochId, int] = {}
    for epoch in sorted(epochs, key=lambda one: -steps[one]):
        waiting = [epoch]
        while waiting:
            one = waiting.pop()
            if one not in ages:
                ages[one] = steps[epoch]
                waiting += after[one]
    return ages


def _awaited_parents(
    epochs: Mapping[EpochId, Epoch], ages: Mapping[EpochId, int], counting: Collection[EpochId]
) -> dict[OpId, list[OpId]]:
    """Give the parents of epochs that count, but for those that are missing because they are past.

    They are past if they are said to be so old, and the newest epoch that lacks none says so.
    """

    def lacks_none(epoch: EpochId) -> bool:
        over = ages[epoch] - AWAITED_STEPS
        return all(one.epoch in epochs or one.step < over for one in epochs[epoch].parents)

    newest = max((ages[epoch] for epoch in counting if lacks_none(epoch)), default=0)
    return {
        epoch: [
            one.epoch
            for one in epochs[epoch].parents
            if one.epoch in epochs or one.step >= newest - AWAITED_STEPS
        ]
        for epoch in counting
    }


def _leads(registers: Registers, parents: Mapping[OpId, Sequence[OpId]]) -> dict[OpId, list[OpId]]:
    """Give of every link and epoch what leads to it.

    A relay knows no joins, so it can not follow authors' chains; nor does it give anybody a key.
    """
    bodies = {op.id: op.body for op in registers.links.values()} | registers.epochs
    return {
        one: [
            *([body.prev] if registers.read("join", body.author) else []),
            *(body.knows if isinstance(body, Epoch | Remove) else []),
            *parents.get(one, ()),
        ]
        for one, body in bodies.items()
    }


def _adrift(awaited: frozenset[OpId], leads: Mapping[OpId, list[OpId]]) -> frozenset[OpId]:
    adrift = {one for one, before in leads.items() if not awaited.isdisjoint(before)}
    while adrift:
        more = {one for one, before in leads.items() if not adrift.isdisjoint(before)} - adrift
        if not more:
            break
        adrift |= more
    return frozenset(adrift)
