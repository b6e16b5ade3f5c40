"""A link sends to the addresses it was given, and to nobody else; it asks nobody anything."""

import asyncio
import subprocess
import sys

import aioice.ice
import aioice.mdns
import ifaddr
import pytest

SCRIPT = """
import asyncio, ipaddress, sys

seen = []

def hook(event, args):
    if event in ("socket.sendto", "socket.connect", "socket.sendmsg"):
        seen.append(args[1])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostname"):
        seen.append(("looked up", args[0] if args else ""))

sys.addaudithook(hook)

from p2p.link.candidates import host_address_towards
from p2p.link.link import MediaLink, make_certificate
from p2p.link.mux import Mux
from p2p.wire.offers import Candidate, CandidateKind
from tests.p2p.link.conftest import VEIL

async def main():
    muxes = [await Mux.open(own=VEIL), await Mux.open(own=VEIL)]
    links = []
    for n, mux in enumerate(muxes):
        other = ("127.0.0.1", muxes[1 - n].local_port)
        here = Candidate.of(host_address_towards(mux, other), CandidateKind.HOST)
        certificate = make_certificate()
        links.append(MediaLink(mux, certificate, VEIL, controlling=n == 0, candidates=[here]))
    await asyncio.gather(links[0].connect(links[1].offer), links[1].connect(links[0].offer))
    for link in links:
        link.media.send(b"frame")
        link.send_message(b"message")
    await asyncio.sleep(1.5)
    for link in links:
        await link.close()
    expected = {("127.0.0.1", mux.local_port) for mux in muxes}
    for address in seen:
        plain = (str(address[0]).removeprefix("::ffff:"), address[1])
        assert plain in expected, address
    assert len(seen) > 20
    for mux in muxes:
        mux.close()
    print("quiet")

asyncio.run(main())
"""


@pytest.mark.e2e
def test_no_datagram_and_no_question_leaves_for_anybody_else():
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, timeout=60
    )
    assert (run.stdout, run.stderr) == ("quiet\n", "")


async def test_neither_interfaces_nor_servers_nor_names_are_asked_for(bench, monkeypatch):
    def forbidden(*_args, **_more):
        raise AssertionError("asked")

    monkeypatch.setattr(ifaddr, "get_adapters", forbidden)
    monkeypatch.setattr(aioice.ice, "get_host_addresses", forbidden)
    monkeypatch.setattr(aioice.ice, "server_reflexive_candidate", forbidden)
    monkeypatch.setattr(aioice.ice, "relayed_candidate", forbidden)
    monkeypatch.setattr(aioice.mdns, "create_mdns_protocol", forbidden)
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", forbidden)
    a, b = [bench.end(await bench.mux(), controlling=c) for c in (True, False)]
    weathers = [bench.weather(end.mux) for end in (a, b)]
    await a.link._ice.gather_candidates()
    await bench.up(a, b)
    await bench.talks(a, b)
    for end, weather, peer in zip((a, b), weathers, (b, a), strict=True):
        assert {address for _, address in weather.sent} == {("127.0.0.1", peer.mux.local_port)}
        assert end.link._ice.stun_server is None
        assert end.link._ice.turn_server is None


async def test_an_offer_names_only_what_its_maker_chose(bench):
    end = bench.end(await bench.mux(None), controlling=True, host="127.0.0.1")
    assert [c.address for c in end.link.offer.candidates] == [("127.0.0.1", end.mux.local_port)]


async def test_nothing_is_sent_before_the_peer_is_named(bench):
    end = bench.end(await bench.mux(), controlling=True)
    await asyncio.sleep(0.05)
    assert end.mux.counters["sent"] == 0
