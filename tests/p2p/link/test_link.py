import asyncio

from p2p.link.candidates import host_address_towards
from p2p.link.link import MediaLink, make_certificate
from p2p.link.mux import Mux
from p2p.wire.offers import Candidate, CandidateKind


async def test_two_links_carry_frames_and_messages_both_ways():
    a, b = [await Mux.open(("127.0.0.1", 0)) for _ in range(2)]
    cert = make_certificate()

    def cand(m):
        return (Candidate.of(("127.0.0.1", m.local_port), CandidateKind.HOST),)

    la = MediaLink(a, cert, controlling=True, candidates=cand(a))
    lb = MediaLink(b, make_certificate(), controlling=False, candidates=cand(b))
    got = []
    for name, link in (("a", la), ("b", lb)):
        link.on_frame = lambda f, t, n=name: got.append((n, "f", f))
        link.on_message = lambda m, n=name: got.append((n, "m", m))
        link.on_closed = lambda w, n=name: got.append((n, "closed", w))
    import time

    t = time.monotonic()
    await asyncio.gather(la.connect(lb.offer), lb.connect(la.offer))

    assert la.send_frame(b"x" * 100) and lb.send_frame(b"y" * 100)
    assert la.send_message(b"hello") and lb.send_message(b"z" * 16384)
    await asyncio.sleep(0.2)

    await la.close()
    await asyncio.sleep(0.05)

    await lb.close()
    a.close()
    b.close()
    await asyncio.sleep(0)
