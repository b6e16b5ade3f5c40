"""Which admissions nobody needs: members can admit each other without end.

Of each member the first few are of use, by the order in which the search from the host comes by
them: it comes by somebody's ghosts behind their maker only, whatever ids they grind. What is spare
all leave out alike, and the members stay the same without it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from crypto.ids import MemberId, OpId
from p2p.room.state.admitted import Claim

ENOUGH = 4
"""Admissions of one member that are of use: as many doors as a newcomer asks at once."""


def spare(claims: Iterable[Claim], introduced: Mapping[MemberId, OpId]) -> frozenset[OpId]:
    """Give the admissions behind the first few of each member.

    Not what shows a second history of it, nor what shows who it is: not all doors lead to the host
    without such.

    Args:
        claims: Those that count: see ``admitted.Admitted``.
        introduced: See ``registers.Registers``.
    """
    first: dict[MemberId, list[OpId]] = defaultdict(list)
    found: set[OpId] = set()
    for claim in claims:
        joins = first[claim.member]
        forks = claim.join.id not in joins and len(set(joins)) == 1
        if len(joins) < ENOUGH or forks:
            joins.append(claim.join.id)
        elif claim.id != introduced[claim.member]:
            found.add(claim.id)
    return frozenset(found)
