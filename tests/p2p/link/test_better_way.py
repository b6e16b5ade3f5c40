"""Of several ways that work, the shortest is used, whichever answers first."""

import asyncio

import pytest

from p2p.wire.offers import Candidate, CandidateKind, LinkOffer


def late(mux, slow):
    """From now on datagrams take a while, those of one IP version longer.

    Long enough for the checks of both to be under way before the first is answered.
    """
    transmit, loop = mux._transmit, asyncio.get_running_loop()

    def later(data, address, veil):
        version = 6 if ":" in address[0] else 4
        loop.call_later(0.06 if version == slow else 0.03, transmit, data, address, veil)

    mux._transmit = later


@pytest.mark.parametrize("shorter", [4, 6])
@pytest.mark.parametrize("slow", [4, 6])
async def test_the_last_success_does_not_replace_a_shorter_way(bench, shorter, slow):
    muxes = [await bench.mux(None) for _ in range(2)]
    if any(mux.families != (6, 4) for mux in muxes):
        pytest.skip("needs IPv6")
    ends = [bench.end(m, controlling=n == 0, host="127.0.0.1") for n, m in enumerate(muxes)]
    offers = []
    for end in ends:
        late(end.mux, slow)
        own, port = end.link.offer, end.mux.local_port
        addresses = {4: ("127.0.0.1", port), 6: ("::1", port)}
        candidates = tuple(
            Candidate.of(address, CandidateKind.HOST if version == shorter else CandidateKind.SRFLX)
            for version, address in addresses.items()
        )
        offers.append(LinkOffer(own.ufrag, own.pwd, own.fingerprint, candidates))
    await asyncio.gather(ends[0].link.connect(offers[1]), ends[1].link.connect(offers[0]))
    await asyncio.sleep(0.4)
    remote = ends[0].link.remote_address
    assert (6 if ":" in remote[0] else 4) == shorter
    await bench.talks(*ends)
