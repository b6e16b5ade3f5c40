"""Which of the doors by which a member came in are of use.

The first few, as the search from the host comes by them. All of these may be ghosts of one member
that is nearer to the host than an honest door. So of those behind them one more: the first that
leads past most of those members by whose removal, with all that came by them, the first few fall.
With it a member falls with nobody with whom it would not fall if all its doors were kept.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from crypto.ids import MemberId

ENOUGH: Final = 4
"""Doors of one member that are of use besides the one more: as many as a newcomer asks at once."""
ROUNDS: Final = 4
"""Looks at all words: those for members that are vouched for come in no order."""

Word = tuple[MemberId, MemberId]
"""A door, and whom it lets in."""


class Gates:
    """Of each member the nearest other by whom all its ways from the host lead: its gate."""

    def __init__(self, host: MemberId) -> None:
        self._host = host
        self.gates: dict[MemberId, MemberId] = {}

    def grow(self, words: Sequence[Word]) -> None:
        """Take in words; a gate only ever moves towards the host."""
        for _ in range(ROUNDS):
            before = dict(self.gates)
            for door, member in words:
                if member != self._host and (door == self._host or door in self.gates):
                    gate = self.gates.get(member)
                    self.gates[member] = door if gate is None else self.meet(gate, door)
            if self.gates == before:
                break

    def meet(self, one: MemberId, other: MemberId) -> MemberId:
        """Give the nearest that is on the ways of both; it takes as many steps as that is away."""
        seen = {one}
        while other not in seen:
            seen.add(other)
            above = self.gates.get(one)
            if above is None:  # one side has come to the host, the other goes on alone
                other = self.gates.get(other, self._host)
            else:
                one, other = other, above
        return other


def of_use(words: Sequence[Word], host: MemberId) -> Iterator[bool]:
    """Say of each word whether it is of use, in their order.

    Args:
        words: Those that count, as the search from the host comes by them.
        host: The host.
    """
    numbers: dict[MemberId, list[int]] = {}
    for number, (_, member) in enumerate(words):
        numbers.setdefault(member, []).append(number)
    useful = {number for mine in numbers.values() for number in mine[:ENOUGH]}
    crowded = [mine for mine in numbers.values() if len(mine) > ENOUGH]
    if crowded:
        tree = Gates(host)
        tree.grow(words)
        useful.update(one for mine in crowded for one in _one_more(mine, words, tree))
    return (number in useful for number in range(len(words)))


def _one_more(mine: Sequence[int], words: Sequence[Word], tree: Gates) -> list[int]:
    gate = words[mine[0]][0]
    for number in mine[1:ENOUGH]:
        gate = tree.meet(gate, words[number][0])
    best: list[int] = []
    for number in mine[ENOUGH:]:
        met = tree.meet(gate, words[number][0])
        if met != gate:  # nearer to the host than all before
            gate, best = met, [number]
    return best
