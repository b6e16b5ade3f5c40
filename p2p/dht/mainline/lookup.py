"""One walk through the Mainline DHT towards a target, without sockets or clocks.

As in our own network (``p2p/dht/lookup.py``) no question waits for the slowest, all are bounded,
and whose suggestions are dead is believed no more. What is different: here a node can say that it
has any id, and name others with any. So nobody is known but by its address, an id counts once its
owner has told it itself, and nodes whose id fits their address (BEP 42) have half of all places
for themselves, whoever fills the other half.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from p2p.dht.addresses import neighbourhood
from p2p.dht.mainline.krpc import Node
from p2p.dht.mainline.node_ids import fits
from p2p.dht.patience import FEW_ANSWERS, Asked, Patience
from p2p.wire.addresses import Address

K = 8
"""So many of the closest nodes are wanted of either kind: fitting ids and others."""
ALPHA = 6
WIDE = 12
ANSWER_S = 2.0
DEADLINE_S = 6.0
MAX_QUERIES = 80
MAX_CANDIDATES = 256
PER_NEIGHBOURHOOD = 2
BELIEVED = 8
"""Of the nodes that one answer names so many count: the closest."""

_MOST_STALL_S = 1.5


@dataclass(slots=True, kw_only=True)
class _Candidate(Asked[Address]):
    node: Node
    fits: bool
    only_leads: bool = False

    @property
    def holds_place(self) -> bool:
        """Whether it counts among those of its neighbourhood."""
        return self.asked_times > 0 and not self.silent


class LookUp:
    """Finds the nodes closest to a target.

    The owner asks whom :meth:`to_ask` names, reports what came of it, and stops when :meth:`done`.

    Args:
        target: 20 bytes.
        seeds: Nodes to begin with.
        entries: Addresses to begin with, of nodes that only lead to others.
        now: Monotonic seconds.
        deadline_s: When the walk ends whatever others do, in seconds from now.
    """

    def __init__(
        self,
        target: bytes,
        seeds: Iterable[Node],
        entries: Iterable[Address],
        now: float,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._target = int.from_bytes(target, "big")
        self.ends_s = now + deadline_s
        self.queries = 0
        self._candidates: dict[Address, _Candidate] = {}
        self._asked_in: Counter[bytes] = Counter()
        self._patience = Patience(self._candidates, _MOST_STALL_S)
        for seed in seeds:
            self._consider(seed, None)
        farthest = bytes(byte ^ 0xFF for byte in target)
        for address in entries:
            self._consider(Node(farthest, address), None)
            if address in self._candidates:
                self._candidates[address].only_leads = True

    def to_ask(self, now: float) -> list[Address]:
        """Say whom to ask next, and count them as asked; empty: enough answers are under way."""
        if now >= self.ends_s:
            return []
        chosen: list[Address] = []
        for candidate in self._askable(now)[: MAX_QUERIES - self.queries]:
            address = candidate.node.address
            if not self._has_place(candidate):
                continue
            if (block := neighbourhood(address[0])) and not candidate.holds_place:
                self._asked_in[block] += 1
            candidate.ask(now)
            chosen.append(address)
        self.queries += len(chosen)
        return chosen

    def on_answer(
        self, address: Address, node_id: bytes, named: Iterable[Node], now: float
    ) -> None:
        """Note an answer.

        Args:
            address: Whose.
            node_id: The id that it says it has.
            named: The nodes in it, without those that may not be asked.
            now: Monotonic seconds.
        """
        candidate = self._patience.take_answer(address, now)
        if candidate is None:
            return
        self._rename(candidate, Node(node_id, address))
        for node in sorted(named, key=lambda each: self._distance(each.id))[:BELIEVED]:
            self._consider(node, address)

    def on_refusal(self, address: Address) -> None:
        """Note that a node is there and says no: not all know every question."""
        self._end(address, blame=False)

    def on_silence(self, address: Address) -> None:
        """Note that a node has not answered in time; who names several such is distrusted."""
        self._end(address, blame=True)

    def _end(self, address: Address, *, blame: bool) -> None:
        ended = self._patience.take_silence(address, blame=blame)
        if ended is not None and (block := neighbourhood(address[0])):
            self._asked_in[block] -= 1

    def done(self, now: float) -> bool:
        """Tell whether the closest nodes are known, or time or questions have run out."""
        if now >= self.ends_s:
            return True
        if self._patience.in_flight(now):
            return False
        if self.queries < MAX_QUERIES and self._askable(now):
            return False
        return self._patience.is_over()

    def only_leads(self, address: Address) -> bool:
        """Tell whether a node is an entry point, which may not know what a Get is."""
        candidate = self._candidates.get(address)
        return candidate is not None and candidate.only_leads

    def next_timer(self, now: float) -> float:
        """Say when, in monotonic seconds, to look again although nothing was heard."""
        return self._patience.next_timer(now, self.ends_s)

    def closest(self) -> list[Node]:
        """Give the nodes that answered, closest first: at most 8 of either kind."""
        answered = [
            each for each in self._candidates.values() if each.answered and not each.only_leads
        ]
        chosen = [each for kind in self._kinds(answered) for each in kind[:K]]
        return [each.node for each in sorted(chosen, key=lambda each: each.distance)]

    def _consider(self, node: Node, suggested_by: Address | None) -> None:
        known = self._candidates.get(node.address)
        if known is None:
            if len(self._candidates) >= MAX_CANDIDATES:
                return
            known = _Candidate(
                node=node,
                distance=self._distance(node.id),
                fits=fits(node.id, node.address[0]),
            )
            self._candidates[node.address] = known
        elif known.asked_s is None and self._distance(node.id) < known.distance:
            # Somebody may have named it with an id far from here, so that it is never asked.
            self._rename(known, node)
        if suggested_by is not None:
            known.suggested_by.add(suggested_by)

    def _askable(self, now: float) -> list[_Candidate]:
        """The not yet asked among the best of either kind, in turns."""
        in_flight = self._patience.in_flight(now)
        kinds = self._kinds([each for each in self._candidates.values() if self._hoped(each, now)])
        arrived = sum(1 for kind in kinds for each in kind[:FEW_ANSWERS] if each.answered)
        wanted = [
            (place, each)
            for kind in kinds
            for place, each in enumerate(kind[: K + in_flight // 2])
            if each.asked_s is None
        ]
        fresh = [each for _, each in sorted(wanted, key=lambda one: one[0])]
        width = WIDE if arrived >= FEW_ANSWERS else ALPHA
        if not fresh:
            again = self._patience.second_chances(now)
            fresh = [each for each in again if self._has_place(each)]
        return fresh[: max(0, width - in_flight)]

    def _kinds(self, some: Iterable[_Candidate]) -> tuple[list[_Candidate], list[_Candidate]]:
        """Those whose id fits, and others; each best first."""
        best = sorted(some, key=lambda each: (self._patience.is_distrusted(each), each.distance))
        return [each for each in best if each.fits], [each for each in best if not each.fits]

    def _hoped(self, candidate: _Candidate, now: float) -> bool:
        """Neither known nor feared to be dead, nor one too many of its neighbourhood."""
        if candidate.asked_s is not None:
            is_answer = candidate.answered and not candidate.only_leads
            return is_answer or self._patience.is_fresh(candidate, now)
        return self._has_place(candidate)

    def _has_place(self, candidate: _Candidate) -> bool:
        block = neighbourhood(candidate.node.address[0])
        if block is None or candidate.holds_place:
            return True
        return self._asked_in[block] < PER_NEIGHBOURHOOD

    def _rename(self, candidate: _Candidate, node: Node) -> None:
        candidate.node, candidate.distance = node, self._distance(node.id)
        candidate.fits = fits(node.id, node.address[0])

    def _distance(self, node_id: bytes) -> int:
        return int.from_bytes(node_id, "big") ^ self._target
