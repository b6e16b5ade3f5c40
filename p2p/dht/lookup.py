"""One walk through the network towards a target, without sockets or clocks.

Differs from the walk of the Kademlia paper (§2.3) in what hostile and dead nodes can do to it:
no rounds that wait for the slowest, a bounded number of questions, a deadline, at most two nodes
of one neighbourhood, and no patience with nodes whose suggestions are dead.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from p2p.dht.addresses import neighbourhood
from p2p.dht.contact import NodeContact

K = 20
ALPHA = 5
WIDE = 15
ANSWER_S = 1.0
DEADLINE_S = 6.0
MAX_QUERIES = 60
MAX_CANDIDATES = 256
PER_NEIGHBOURHOOD = 2

_LEAST_STALL_S = 0.3
_DEAD_SUGGESTIONS = 3
_FEW_ANSWERS = 3
_MOST = 3


@dataclass(slots=True)
class _Candidate:
    contact: NodeContact
    distance: int
    suggested_by: set[bytes] = field(default_factory=set)
    asked_s: float | None = None
    asked_times: int = 0
    under_way: int = 0
    answered: bool = False
    silent: bool = False


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
        self._dead_suggestions: Counter[bytes] = Counter()
        self._slowest_answer_s = 0.0
        for seed in seeds:
            self._consider(seed, None)

    def to_ask(self, now: float) -> list[NodeContact]:
        """Say whom to ask next, and count them as asked.

        Returns:
            Nodes, closest first; empty when enough answers are under way.
        """
        chosen: list[NodeContact] = []
        in_flight = sum(1 for each in self._candidates.values() if self._fresh(each, now))
        for candidate in self._askable(now, in_flight):
            if self.queries >= self._max_queries or now >= self.ends_s:
                break
            candidate.asked_s = now
            candidate.asked_times += 1
            candidate.under_way += 1
            candidate.silent = False
            self.queries += 1
            chosen.append(candidate.contact)
        return chosen

    def on_answer(self, contact: NodeContact, peers: Iterable[NodeContact], now: float) -> None:
        """Note an answer and the nodes named in it. Unexpected ones change nothing."""
        candidate = self._candidates.get(contact.id)
        if candidate is None or candidate.asked_s is None or candidate.answered:
            return
        candidate.answered, candidate.silent = True, False
        self._slowest_answer_s = max(self._slowest_answer_s, now - candidate.asked_s)
        for peer in peers:
            self._consider(peer, contact.id)

    def on_silence(self, contact: NodeContact) -> None:
        """Note that a node has not answered in time."""
        candidate = self._candidates.get(contact.id)
        if candidate is None or candidate.answered or not candidate.under_way:
            return
        candidate.under_way -= 1
        if candidate.under_way:
            return
        candidate.silent = True
        for suggester in candidate.suggested_by:
            self._dead_suggestions[suggester] += 1

    def done(self, now: float) -> bool:
        """Tell whether the closest nodes are known, or time or questions have run out."""
        if now >= self.ends_s:
            return True
        if any(self._fresh(each, now) for each in self._candidates.values()):
            return False
        if self.queries < self._max_queries and self._askable(now):
            return False
        return self._enough_answers() or not any(map(_under_way, self._candidates.values()))

    def next_timer(self, now: float) -> float:
        """Say when, in monotonic seconds, to look again although nothing was heard."""
        times = [
            each.asked_s + self._stall_s()
            for each in self._candidates.values()
            if each.asked_s is not None and self._fresh(each, now)
        ]
        return min([self.ends_s, *times])

    def closest(self) -> list[NodeContact]:
        """Give the nodes that answered, closest first, at most k."""
        answered = [each for each in self._candidates.values() if each.answered]
        answered.sort(key=_distance)
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
            known = self._candidates[node_id] = _Candidate(contact, distance)
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
        return (fresh or self._second_chances(now))[: max(0, width - in_flight)]

    def _alive(self, now: float) -> list[_Candidate]:
        """All that are neither known nor feared to be dead, best first."""
        alive = [
            each
            for each in self._candidates.values()
            if not each.silent and (each.asked_s is None or each.answered or self._fresh(each, now))
        ]
        alive.sort(key=lambda each: (self._distrusted(each), each.distance))
        return alive

    def _second_chances(self, now: float) -> list[_Candidate]:
        """In a small network one lost datagram must not be the end of the walk."""
        if self._enough_answers():
            return []
        again = [
            each
            for each in self._candidates.values()
            if each.asked_times in (1, 2) and not each.answered and not self._fresh(each, now)
        ]
        return sorted(again, key=lambda each: (each.asked_times, each.distance))

    def _enough_answers(self) -> bool:
        return sum(1 for each in self._candidates.values() if each.answered) >= _FEW_ANSWERS

    def _distrusted(self, candidate: _Candidate) -> bool:
        if not candidate.suggested_by or candidate.answered:
            return False
        return all(
            self._dead_suggestions[each] >= _DEAD_SUGGESTIONS for each in candidate.suggested_by
        )

    def _fresh(self, candidate: _Candidate, now: float) -> bool:
        """Asked so lately that an answer may still be expected."""
        return (
            candidate.asked_s is not None
            and not candidate.answered
            and not candidate.silent
            and now - candidate.asked_s < self._stall_s()
        )

    def _stall_s(self) -> float:
        return min(ANSWER_S, max(_LEAST_STALL_S, 0.05 + 1.5 * self._slowest_answer_s))


def _under_way(candidate: _Candidate) -> bool:
    return not candidate.answered and candidate.under_way > 0


def _distance(candidate: _Candidate) -> int:
    return candidate.distance
