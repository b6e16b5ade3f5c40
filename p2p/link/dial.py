"""Asks for a link and makes it: question, answer, then ICE and DTLS."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

from crypto.ids import DhKey
from crypto.knock import HELLO, KNOCK
from crypto.veil import Veil
from p2p.errors import RemoteError
from p2p.link.candidates import believable
from p2p.link.carried import CarriedLine, CarriedLines
from p2p.link.line import Line
from p2p.link.link import Certificate, MediaLink, make_certificate
from p2p.link.mux import Mux
from p2p.link.own_addresses import Whereabouts
from p2p.link.second_seal import SecondSeal
from p2p.link.transactions import Answer, Calls
from p2p.link.unverified import Hearsay
from p2p.rng import system_rng
from p2p.wire.addresses import Address, is_stream
from p2p.wire.offers import Candidate, Hello, HelloAck, Knock, LinkOffer, Welcome
from p2p.wire.version import PROTOCOL_VERSION

WAYS_MAX = 8
LOOK_FOR_WAYS_S = 0.05


@dataclass(frozen=True, slots=True)
class Station:
    """What all links of a node share: socket, questions, addresses, lines.

    Attributes:
        certificate: What a node shows on all its links that is known by its key anyway, as relays
            are. None: every link shows one of its own. Certificates pass in clear, so by one that
            came twice whoever watches two lines would know that the same member is at both.
    """

    mux: Mux
    certificate: Certificate | None
    calls: Calls
    whereabouts: Whereabouts
    carried: CarriedLines = field(default_factory=CarriedLines)
    hearsay: Hearsay = field(default_factory=Hearsay)

    def new_link(
        self, veil: Veil, *, controlling: bool, candidates: tuple[Candidate, ...] = ()
    ) -> MediaLink:
        """A link that is not connected yet.

        Args:
            veil: Of the peer.
            controlling: True for the side that asked.
            candidates: Own addresses that the offer names.
        """
        certificate = self.certificate or make_certificate()
        link = MediaLink(
            self.mux, certificate, veil, controlling=controlling, candidates=candidates
        )
        link.witness = self
        return link

    def saw(self, address: Address, witness: str) -> None:
        """The peer at the IP ``witness`` sees us at this address."""
        self.whereabouts.saw(address, witness)

    def answered(self, address: Address) -> None:
        """A check of ours was answered from there, with the peer's proof."""
        self.hearsay.answered(address)


@dataclass(frozen=True, slots=True)
class Carrier:
    """Somebody who takes sealed datagrams to a peer.

    Attributes:
        send: Takes each datagram.
        toward: An address in the scope of the whole way; None: far away.
        name: Tells it from others; a way that is named again replaces the one before.
    """

    send: Callable[[bytes], None]
    toward: Address | None
    name: bytes


Way = Address | Carrier
"""How questions get to a peer: straight to its address, or through somebody else."""


class Ways:
    """All known ways to one peer; more may be learned while it is asked.

    Args:
        known: Ways known from the start.
    """

    def __init__(self, *known: Way) -> None:
        self._known: dict[object, Way] = {}
        for way in known:
            self.add(way)

    def add(self, way: Way) -> None:
        """Learns of a way; beyond the limit the oldest is forgotten."""
        name = way.name if isinstance(way, Carrier) else way
        self._known.pop(name, None)
        self._known[name] = way
        if len(self._known) > WAYS_MAX:
            del self._known[next(iter(self._known))]

    @property
    def all(self) -> list[Way]:
        """Every way, the newest last."""
        return list(self._known.values())


async def reach(
    station: Station,
    dh: DhKey,
    psk: bytes,
    purpose: bytes,
    ways: Ways,
    limit_s: float,
    link: MediaLink | None = None,
) -> tuple[Line, Welcome | HelloAck]:
    """Gets a link to the holder of ``dh``.

    All ways are tried at once, for one and the same link: two of them in the making would take
    the peer's address from each other. The first answer counts.

    Args:
        station: Ours.
        dh: The peer's public key, 32 bytes.
        psk: The room's pre-shared key for ``KNOCK``, ``NO_PSK`` for ``HELLO``.
        purpose: ``KNOCK`` or ``HELLO``.
        ways: Those that are added meanwhile are tried as well.
        limit_s: For the answer; the link then has the time that its line needs.
        link: Made by ``station.new_link(…, controlling=True)``; None: one is made here.

    Raises:
        TimeoutError: Nobody answered.
        RemoteError: The answer is no good, or the link did not come up.
    """
    veil = Veil(dh)
    link = link or station.new_link(veil, controlling=True)
    if purpose == HELLO:
        link.be_patient()
    second = SecondSeal(asked=False, rng=system_rng) if purpose == KNOCK else None
    line = Line(link, dialled=True, second=second)
    greeting = Knock if purpose == KNOCK else Hello

    async def ask(way: Way) -> Answer:
        toward, send = _toward(way), _sender(station.mux, way, veil)
        own = link.offer
        candidates = station.whereabouts.offer(toward)
        offer = LinkOffer(own.ufrag, own.pwd, own.fingerprint, candidates)
        payload = greeting(PROTOCOL_VERSION, offer).encode()
        return await station.calls.ask(dh, psk, purpose, payload, send, limit_s)

    try:
        way, answer = await _first_answer(ask, ways, limit_s)
        link.setup.progress()
        line.rtt_s = answer.rtt_s
        ack = (HelloAck if purpose == HELLO else Welcome).decode(answer.payload)
        if ack.offer is None:
            raise RemoteError("it wants no link")
        if isinstance(way, Carrier):
            await link.connect(_reachable(station, ack.offer, way))
        else:
            if not is_stream(way) and ack.seen is not None:
                station.whereabouts.saw(ack.seen.address, way[0])
            offer = _reachable(station, ack.offer, way)
            await link.connect(offer, known=(way,), rtt_s=answer.rtt_s)
    except BaseException:
        await line.close()
        raise
    return line, ack


async def reach_through(
    station: Station, dh: DhKey, psk: bytes, carrier: Carrier, limit_s: float
) -> tuple[CarriedLine, Welcome]:
    """Gets a line to a door through a carrier; neither end names an address.

    Args:
        station: Ours.
        dh: The door's public key, 32 bytes.
        psk: The room's pre-shared key.
        carrier: Who takes datagrams there and back.
        limit_s: Seconds until it is given up.

    Raises:
        TimeoutError: Nobody answered.
        RemoteError: The answer is no good.
    """
    payload, lines = Knock(PROTOCOL_VERSION, None).encode(), list[CarriedLine]()

    def answered(answer: Answer) -> None:
        transport, tag = answer.transport, answer.tag
        lines.append(station.carried.open(transport, tag, carrier.send, dialled=True))

    try:
        answer = await station.calls.ask(dh, psk, KNOCK, payload, carrier.send, limit_s, answered)
        welcome = Welcome.decode(answer.payload)
    except BaseException:
        for line in lines:
            await line.close()
        raise
    lines[0].rtt_s = answer.rtt_s
    return lines[0], welcome


async def _first_answer(
    ask: Callable[[Way], Coroutine[None, None, Answer]], ways: Ways, limit_s: float
) -> tuple[Way, Answer]:
    """Asks by every way, by new ones as they come."""
    asked: dict[asyncio.Future[Answer], Way] = {}
    never = asyncio.get_running_loop().create_future()
    try:
        async with asyncio.timeout(limit_s):
            while True:
                for way in ways.all:
                    if way not in asked.values():
                        asked[asyncio.ensure_future(ask(way))] = way
                await asyncio.wait(
                    asked or [never],
                    timeout=LOOK_FOR_WAYS_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for each in asked:
                    if each.done():
                        return asked[each], each.result()
    finally:
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


def _toward(way: Way) -> Address | None:
    return way.toward if isinstance(way, Carrier) else way


def _sender(mux: Mux, way: Way, veil: Veil) -> Callable[[bytes], None]:
    if isinstance(way, Carrier):
        return way.send
    return lambda datagram: mux.send(datagram, way, veil)


def _reachable(station: Station, offer: LinkOffer, way: Way) -> LinkOffer:
    """The peer's offer without addresses that it has no business to name: by a stream, any."""
    if not isinstance(way, Carrier) and is_stream(way):
        return LinkOffer(offer.ufrag, offer.pwd, offer.fingerprint, ())
    named = believable(offer.candidates, _toward(way), station.whereabouts.seen)
    candidates = station.hearsay.checkable(named, time.monotonic())
    if not candidates and isinstance(way, Carrier):
        raise RemoteError("no address to link to")
    return LinkOffer(offer.ufrag, offer.pwd, offer.fingerprint, candidates)
