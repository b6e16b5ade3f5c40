import asyncio

from crypto.ids import DhKey
from crypto.veil import Veil
from p2p.link.demux import KINDS, Kind
from p2p.link.fanout import FanOut
from p2p.link.link import MediaLink
from p2p.link.mux import Mux
from p2p.wire.offers import Candidate, CandidateKind
from tests.p2p.link.conftest import CERTIFICATE

KEYS = [DhKey(bytes((n,)) * 32) for n in (1, 2)]


async def test_all_that_a_link_sends_is_lifted_by_its_peer_alone(bench):
    """Checks, handshake, messages and sound, of both ends, each of which has a key of its own."""
    veils = [Veil(key) for key in KEYS]
    bench.muxes += [await Mux.open(("127.0.0.1", 0), own=veil) for veil in veils]
    sent: list[list[bytes]] = []
    for mux in bench.muxes:
        sent.append([])
        real = mux._transport.sendto
        mux._transport.sendto = lambda data, to, real=real, kept=sent[-1]: (
            kept.append(data),
            real(data, to),
        )
    links = [
        MediaLink(
            mux,
            CERTIFICATE,
            veils[1 - n],
            controlling=n == 0,
            candidates=[Candidate.of(("127.0.0.1", mux.local_port), CandidateKind.HOST)],
        )
        for n, mux in enumerate(bench.muxes)
    ]
    frames: list[bytes] = []
    links[1].media.frames_to(
        type("Ear", (), {"frame": lambda _, frame, _at_s: frames.append(frame)})()
    )
    await asyncio.gather(links[0].connect(links[1].offer), links[1].connect(links[0].offer))
    links[0].send_message(b"message")
    links[0].media.send(b"a frame of sound")
    FanOut(bench.muxes[0]).send(b"a copy of a frame", [links[0]])
    await bench.until(lambda: len(frames) == 2)
    for link in links:
        await link.close()
    for n in (0, 1):
        kinds = {under(veils[1 - n], data) for data in sent[n]}
        assert kinds == {Kind.STUN, Kind.DTLS, Kind.MEDIA} if n == 0 else {Kind.STUN, Kind.DTLS}
        assert {under(veils[n], data) for data in sent[n]} == {Kind.NOISE}


def under(veil: Veil, data: bytes) -> Kind:
    bare = veil.lift(data)
    if bare is not None:
        return KINDS[bare[0]]
    return Kind.MEDIA if len(data) > 28 and veil.mask(data)[:2] == b"\x80\x6f" else Kind.NOISE
