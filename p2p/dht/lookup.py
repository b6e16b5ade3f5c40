"""One walk through the network towards a target, without sockets or clocks.

Differs from the walk of the Kademlia paper (§2.3) in what hostile and dead nodes can do to it:
no rounds that wait for the slowest, a bounded number of questions, a deadline, at most two nodes
of one neighbourhood, and no patience with nodes whose suggestions are dead.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from p2p.dht.addresses import neighbourhood
from p2p.dht.contact import NodeContact
from p2p.dht.patience import Asked, Patience

K = 20
ALPHA = 5
WIDE = 15
ANSWER_S = 1.0
DEADLINE_S = 6.0
MAX_QUERIES = 60
MAX_CANDIDATES = 256
PER_NEIGHBOURHOOD = 2

_MOST = 3


@dataclass(slots=True, kw_only=True)
class _Candidate(Asked[bytes]):
    contact: NodeContact


class LookUp:
    """Finds the nodes closest to a target.

    The owner asks whom :meth:`to_ask` names, reports what came of it, and stops when
    :meth:`done`.

    Args:
        target: 20 bytes.
        seeds: Nodes to begin with.
        now: Monotonic seconds.
        avoid: Ids never to ask, such as our own.
        k: How many closest nodes are wanted.
        deadline_s: When the walk ends whatever others do, in seconds from now.
        max_queries: How many questions may be asked in all.
    """

    def __init__(
        self,
        target: bytes,
        seeds: Iterable[NodeContact],
        now: float,
        *,
        avoid: frozenset[bytes] = frozenset(),
        k: int = K,
        deadline_s: float = DEADLINE_S,
        max_queries: int = MAX_QUERIES,
    ) -> None:
        self._target = int.from_bytes(target, "big")
        self._avoid = avoid
        self._k = k
        self._max_queries = max_queries
        self.ends_s = now + deadline_s
        self.queries = 0
        self._candidates: dict[bytes, _Candidate] = {}
        self._neighbourhoods: Counter[bytes] = Counter()
        self._patience = Patience(self._candidates, ANSWER_S)
        for seed in seeds:
            self._consider(seed, None)

    def to_ask(self, now: float) -> list[NodeContact]:
        """Say whom to ask next, and count them as asked.

        Returns:
            Nodes, closest first; empty when enough answers are under way.
        """
        chosen: list[NodeContact] = []
        for candidate in self._askable(now, self._patience.in_flight(now)):
            if self.queries >= self._max_queries or now >= self.ends_s:
                break
            candidate.ask(now)
            self.queries += 1
            chosen.append(candidate.contact)
        return chosen

    def on_answer(self, contact: NodeContact, peers: Iterable[NodeContact], now: float) -> None:
        """Note an answer and the nodes named in it. Unexpected ones change nothing."""
        if self._patience.take_answer(contact.id, now) is None:
            return
        for peer in peers:
            self._consider(peer, contact.id)

    def on_silence(self, contact: NodeContact) -> None:
        """Note that a node has not answered in time."""
        self._patience.take_silence(contact.id, blame=True)

    def done(self, now: float) -> bool:
        """Tell whether the closest nodes are known, or time or questions have run out."""
        if now >= self.ends_s:
            return True
        if self._patience.in_flight(now):
            return False
        if self.queries < self._max_queries and self._askable(now):
            return False
        return self._patience.is_over()

    def next_timer(self, now: float) -> float:
        """Say when, in monotonic seconds, to look again although nothing was heard."""
        return self._patience.next_timer(now, self.ends_s)

    def closest(self) -> list[NodeContact]:
        """Give the nodes that answered, closest first, at most k."""
        answered = [each for each in self._candidates.values() if each.answered]
        answered.sort(key=lambda each: each.distance)
        return [each.contact for each in answered[: self._k]]

    def _consider(self, contact: NodeContact, suggested_by: bytes | None) -> None:
        node_id = contact.id
        if node_id in self._avoid:
            return
        known = self._candidates.get(node_id)
        if known is None:
            block = neighbourhood(contact.address[0])
            if len(self._candidates) >= MAX_CANDIDATES or (
                block is not None and self._neighbourhoods[block] >= PER_NEIGHBOURHOOD
            ):
                return
            if block is not None:
                self._neighbourhoods[block] += 1
            distance = int.from_bytes(node_id, "big") ^ self._target
            known = self._candidates[node_id] = _Candidate(contact=contact, distance=distance)
        if suggested_by is not None:
            known.suggested_by.add(suggested_by)

    def _askable(self, now: float, in_flight: int = 0) -> list[_Candidate]:
        """The not yet asked among the best.

        On the way only the very best are asked; when most of the closest have spoken, the rest of
        the k,
        and some more in place of those that may turn out to be dead.
        """
        alive = self._alive(now)
        arrived = sum(1 for each in alive[:ALPHA] if each.answered) >= min(_MOST, len(alive))
        best = alive[: self._k + in_flight // 2] if arrived else alive[: 2 * ALPHA]
        width = WIDE if arrived else ALPHA
        fresh = [each for each in best if each.asked_s is None]
        return (fresh or self._patience.second_chances(now))[: max(0, width - in_flight)]

    def _alive(self, now: float) -> list[_Candidate]:
        """All that are neither known nor feared to be dead, best first."""
        alive = [
            each
            for each in self._candidates.values()
            if not each.silent
            and (each.asked_s is None or each.answered or self._patience.is_fresh(each, now))
        ]
        alive.sort(key=lambda each: (self._patience.is_distrusted(each), each.distance))
        return alive
