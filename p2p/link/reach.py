"""Asks for a link and makes it: question, answer, then ICE and DTLS."""

from collections.abc import Callable
from dataclasses import dataclass

from crypto.knock import HELLO, KNOCK
from p2p.errors import RemoteError
from p2p.link.calls import Calls
from p2p.link.candidates import believable
from p2p.link.line import Line
from p2p.link.link import Certificate, MediaLink
from p2p.link.mux import Mux
from p2p.link.routes import Address
from p2p.link.whereabouts import Whereabouts
from p2p.wire.offers import Candidate, CandidateKind, Hello, HelloAck, Knock, LinkOffer, Welcome
from p2p.wire.version import PROTOCOL_VERSION

LINK_LIMIT_S = 4.0


@dataclass(frozen=True, slots=True)
class Station:
    """What every link of a node shares: socket, certificate, open questions, own addresses."""

    mux: Mux
    certificate: Certificate
    calls: Calls
    whereabouts: Whereabouts

    def new_link(self, *, controlling: bool, toward: Address | None) -> MediaLink:
        """A link that is not connected yet.

        Args:
            controlling: True for the side that asked.
            toward: For choosing which own addresses the offer names.
        """
        return MediaLink(
            self.mux,
            self.certificate,
            controlling=controlling,
            candidates=self.whereabouts.offer(toward),
        )


@dataclass(frozen=True, slots=True)
class Ways:
    """How questions get to a peer.

    Attributes:
        direct: The peer's own address, if one is known.
        carriers: Each takes a datagram to the peer through somebody else.
        toward: An address in the widest scope of all carriers; None: far away.
    """

    direct: Address | None = None
    carriers: tuple[Callable[[bytes], None], ...] = ()
    toward: Address | None = None


async def reach(
    station: Station, dh: bytes, psk: bytes, purpose: bytes, ways: Ways, limit_s: float
) -> tuple[Line, Welcome | HelloAck]:
    """Gets a link to the holder of ``dh``.

    Args:
        station: Ours.
        dh: The peer's public key, 32 bytes.
        psk: The room's pre-shared key for ``KNOCK``, ``NO_PSK`` for ``HELLO``.
        purpose: ``KNOCK`` or ``HELLO``.
        ways: All are tried at once; the first answer counts.
        limit_s: For the answer; the link may take ``LINK_LIMIT_S`` more.

    Raises:
        TimeoutError: Nobody answered.
        RemoteError: The answer is no good, or the link did not come up.
    """

    def send(datagram: bytes) -> None:
        if ways.direct is not None:
            station.mux.send(datagram, ways.direct)
        for carry in ways.carriers:
            carry(datagram)

    toward = ways.toward if ways.carriers else ways.direct
    link = station.new_link(controlling=True, toward=toward)
    line = Line(link, dialled=True)
    greeting = (Knock if purpose == KNOCK else Hello)(PROTOCOL_VERSION, link.offer)
    try:
        answer = await station.calls.ask(dh, psk, purpose, greeting.encode(), send, limit_s)
        ack = (HelloAck if purpose == HELLO else Welcome).decode(answer)
        if not ways.carriers:
            station.whereabouts.saw(ack.seen.address)
        await link.connect(_reachable(station, ack.offer, ways, toward), LINK_LIMIT_S)
    except BaseException:
        await line.close()
        raise
    return line, ack


def _reachable(station: Station, offer: LinkOffer, ways: Ways, toward: Address | None) -> LinkOffer:
    """The peer's offer without addresses it has no business to name, with the one we know."""
    seen = station.whereabouts.seen
    candidates = list(believable(offer.candidates, toward, seen))
    if ways.direct is not None and all(c.address != ways.direct for c in candidates):
        candidates.insert(0, Candidate.of(ways.direct, CandidateKind.HOST))
    if not candidates:
        raise RemoteError("no address to link to")
    return LinkOffer(offer.ufrag, offer.pwd, offer.fingerprint, tuple(candidates[:8]))
