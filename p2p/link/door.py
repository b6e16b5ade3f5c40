"""Answers questions for a link: who proves to hold the right keys gets one, others get silence."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from crypto.ids import DhKey
from crypto.knock import HELLO, Called, Responder
from crypto.veil import Veil
from p2p.errors import RemoteError
from p2p.link.candidates import believable
from p2p.link.carried import CarriedLine
from p2p.link.dial import Station
from p2p.link.errors import LinkFailed
from p2p.link.flood_guard import FloodGuard
from p2p.link.line import Line
from p2p.link.pending_links import Asked, PendingLinks
from p2p.link.second_seal import SecondSeal
from p2p.link.work import Work
from p2p.rng import Rng, system_rng
from p2p.wire.addresses import Address, Scope, on_the_wire, scope_of
from p2p.wire.offers import Candidate, CandidateKind, Endpoint, Hello, Knock, LinkOffer

MakeAnswer = Callable[[Endpoint, LinkOffer], bytes]
Reply = Callable[[bytes, Veil | None], None]
"""Takes what goes back the same way, and what covers it; None: it is noise by itself."""


@dataclass(frozen=True, slots=True)
class Through:
    """How a door treats those who want a line through their carrier, and no link.

    Attributes:
        answer: Makes the payload of the answer.
        on_line: Takes each such line, with the caller's public key.
    """

    answer: Callable[[], bytes]
    on_line: Callable[[CarriedLine, DhKey], None]


class Door:
    """One door of a node.

    Args:
        station: Ours.
        responder: Holds the keys that open this door.
        purpose: ``KNOCK`` or ``HELLO``.
        make_answer: The payload of the answer, from the caller's address as we see it and our
            side of the link.
        on_line: Takes each line that came up, with the caller's public key.
        tasks: Where link set-ups run.
        rng: Source of the secrets of cookies.
        answers: Asked with the caller's public key before a link is begun: whether to answer.
            False while we ask that peer ourselves and our question is to be the one that counts.
        through: For lines through carriers; None: there are none.
        links: False: nobody gets a link, only lines through carriers; whoever asks straight gets
            silence, so that no guess at our address is confirmed.
    """

    def __init__(
        self,
        station: Station,
        responder: Responder,
        purpose: bytes,
        make_answer: MakeAnswer,
        on_line: Callable[[Line, DhKey], None],
        tasks: Work,
        rng: Rng = system_rng,
        *,
        answers: Callable[[DhKey], bool] = lambda _dh: True,
        through: Through | None = None,
        links: bool = True,
    ) -> None:
        self._station = station
        self._responder = responder
        self._greeting: type[Hello | Knock] = Hello if purpose == HELLO else Knock
        self._make_answer = make_answer
        self._on_line = on_line
        self._tasks = tasks
        self._pending = PendingLinks()
        # A KNOCK needs the room's key; whoever has none cannot flood a member's door.
        self._guard = FloodGuard(rng if purpose == HELLO else None, time.monotonic())
        self._answers = answers
        self._through = through
        self._links = links
        self.counters: Counter[str] = Counter()

    def asked(
        self,
        datagram: bytes,
        source: Address | None,
        answer: Reply,
        toward: Address | None = None,
    ) -> None:
        """Takes one question.

        Args:
            datagram: As it arrived.
            source: Where it came from; None: through a carrier.
            answer: Takes the answer back the same way.
            toward: For a carried question: the carrier's address if the whole way is in its
                scope; None: the caller is far away.

        Raises:
            RemoteError: It deserves no answer.
        """
        if source is not None and (scope_of(source[0]) is None or not self._links):
            raise RemoteError("from no node's address, or we are not to be found")
        # Rubbish that somebody sends in this address's name must not use up its allowance.
        self._responder.check(datagram)
        if source is not None:
            self._keep_floods_off(datagram, source, answer)
        called = self._responder.accept(datagram)
        veil = Veil(called.initiator_dh)
        offer = self._greeting.decode(called.payload).offer
        if offer is None or not self._links:
            self._answer_through_carrier(called, source, answer)
            return
        peer, candidates = self._whom_to_check(offer, source, toward)
        key = (called.initiator_dh, offer.ufrag)
        line = self._pending.get(key)
        if line is None:
            if not self._answers(called.initiator_dh):
                raise RemoteError("we ask it ourselves")
            # On this machine everybody has one address.
            ip = source[0] if source is not None and not _is_own_machine(source) else None
            self._make_room(ip)
            line = self._begin(key, offer, peer, candidates, source, veil)
            self._pending.begin(key, line, ip)
        else:
            # The same question by another way, which may name addresses that this one did not.
            for candidate in candidates:
                line.link.another_candidate(candidate.address)
        seen = Endpoint.of(on_the_wire(source)) if source is not None else _first_named(offer)
        self.counters["answered"] += 1
        answer(called.answer(self._make_answer(seen, line.link.offer)), veil)

    def _answer_through_carrier(
        self, called: Called, source: Address | None, answer: Reply
    ) -> None:
        """Gives the caller a line over the way by which it asked."""
        if source is not None or self._through is None:
            raise RemoteError("no line for this caller")
        self.counters["answered"] += 1

        def send(data: bytes) -> None:
            answer(data, None)

        send(called.answer(self._through.answer()))
        line = self._station.carried.open(called.transport, called.tag, send, dialled=False)
        self._through.on_line(line, called.initiator_dh)

    def _keep_floods_off(self, question: bytes, source: Address, answer: Reply) -> None:
        now = time.monotonic()
        if not self._guard.is_proven(question, source, now):
            self.counters["cookie"] += 1
            if (cookie := self._guard.cookie(question, source, now)) is not None:
                answer(cookie, None)
            raise RemoteError("asked for a cookie")
        if not self._guard.allows(source[0], now):
            raise RemoteError("too many questions")

    def _make_room(self, ip: str | None) -> None:
        if (line := self._pending.give_way(ip)) is not None:
            self.counters["gave way"] += 1
            self._tasks.create_task(line.close())

    def is_linking(self, dh: DhKey) -> bool:
        """Whether a link that this peer asked for is in the making, and getting somewhere."""
        return self._pending.is_linking(dh, time.monotonic())

    def _whom_to_check(
        self, offer: LinkOffer, source: Address | None, toward: Address | None
    ) -> tuple[Address | None, tuple[Candidate, ...]]:
        """The caller's address, if there is one to go by, and the candidates to be checked."""
        if source is not None:
            # Only the address that the question came from: a list could point at third parties.
            # With a HELLO not even that one: anybody may send it in another's name. The caller's
            # own check comes first, made with what it learned from our answer.
            known = () if self._greeting is Hello else (Candidate.of(source, CandidateKind.HOST),)
            return source, known
        peer = toward or _global_address(offer)
        named = believable(offer.candidates, peer, self._station.whereabouts.seen)
        return peer, self._station.hearsay.checkable(named, time.monotonic())

    def _begin(
        self,
        key: Asked,
        offer: LinkOffer,
        peer: Address | None,
        candidates: tuple[Candidate, ...],
        source: Address | None,
        veil: Veil,
    ) -> Line:
        own = self._station.whereabouts.offer(peer)
        link = self._station.new_link(veil, controlling=False, candidates=own)
        if self._greeting is Hello:
            link.be_patient()
        link.answered_at(source)
        second = SecondSeal(asked=True, rng=system_rng) if self._greeting is Knock else None
        line = Line(link, dialled=False, second=second)
        remote = LinkOffer(offer.ufrag, offer.pwd, offer.fingerprint, candidates)
        self._tasks.create_task(self._connect(key, line, remote))
        return line

    async def _connect(self, key: Asked, line: Line, remote: LinkOffer) -> None:
        try:
            await line.link.connect(remote)
        except LinkFailed as exc:
            self.counters[f"link failed: {exc.stage}"] += 1
            await line.close()
        except BaseException:
            await line.close()
            raise
        else:
            self._pending.came_up(key[0], time.monotonic())
            line.greet()
            self._on_line(line, key[0])
        finally:
            self._pending.end(key)


def _is_own_machine(address: Address) -> bool:
    return scope_of(address[0]) is Scope.LOOPBACK


def _first_named(offer: LinkOffer) -> Endpoint:
    """For carried questions nobody saw the caller's address: it gets back what it named."""
    if not offer.candidates:
        raise RemoteError("no address to link to")
    first = offer.candidates[0]
    return Endpoint(first.ip, first.port)


def _global_address(offer: LinkOffer) -> Address | None:
    named = [c.address for c in offer.candidates if c.kind is CandidateKind.SRFLX]
    return named[0] if named else None
