"""Which admissions nobody needs: members can admit each other without end.

Of each member the first few are of use, by the order in which the search from the host comes by
them: it comes by somebody's ghosts behind their maker only, whatever ids they grind. As a maker may
be nearer to the host than the honest door of somebody whom its ghosts let in too, one more is of
use (see ``ways_in``). What is spare all leave out alike, and the members stay the same without it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from crypto.ids import MemberId, OpId
from p2p.room.state.admitted import Claim
from p2p.room.state.ways_in import ENOUGH, of_use

__all__ = ["ENOUGH", "spare"]


def spare(
    claims: Iterable[Claim], introduced: Mapping[MemberId, OpId], host: MemberId
) -> frozenset[OpId]:
    """Give the admissions behind the first few of each member.

    Not what shows a second history of it, nor what shows who it is: not all doors lead to the host
    without such.

    Args:
        claims: Those that count: see ``admitted.Admitted``.
        introduced: See ``registers.Registers``.
        host: The host.
    """
    claims = tuple(claims)
    joins: dict[MemberId, set[OpId]] = defaultdict(set)
    found: set[OpId] = set()
    useful = of_use([(claim.door, claim.member) for claim in claims], host)
    for claim, is_of_use in zip(claims, useful, strict=True):
        mine = joins[claim.member]
        forks = claim.join.id not in mine and len(mine) == 1
        if is_of_use or forks:
            mine.add(claim.join.id)
        elif claim.id != introduced[claim.member]:
            found.add(claim.id)
    return frozenset(found)
