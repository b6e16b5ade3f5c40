"""The words alone, with nobody's server: through a network of libtorrent's DHT nodes."""

import os

import pytest

from lab.programs import netlab
from lab.programs.mainline_swarm import address, swarm
from lab.programs.people import House, words_of
from lab.programs.roommates import Roommate

pytest.importorskip("libtorrent")
SLACK = float(os.environ.get("TEAHOUSE_TEST_SLACK", "3"))
REASON = netlab.why_not(long_lines=True)
NODES = 40
NET = "11"


def entering(found):
    return ("--mainline", *(part for line in found for part in ("--mainline-entry", line)))


@pytest.mark.e2e
async def test_two_meet_by_fifteen_words_through_bittorrents_network_alone():
    with swarm(NODES) as found:
        entries = entering(found)
        async with House() as house:
            host = await house.create("ann", "--only", "dht", *entries, mic="tone:440")
            guest = await house.knock("bob", await words_of(host), "--only", "dht", *entries)
            assert (await guest.hears("joined"))["via"] == "dht"
            await guest.sees("ann", role="host")


@pytest.mark.slow
@pytest.mark.netns
@pytest.mark.skipif(REASON is not None, reason=REASON or "")
def test_two_homes_behind_port_restricted_routers_meet_by_the_words_and_talk():
    with netlab.NetLab() as lab:
        (public,) = lab.site("p", "public", delay_ms=5)
        (home_a,) = lab.site("a", "portres", delay_ms=25)
        (home_b,) = lab.site("b", "portres", delay_ms=25)
        lab.give("p", [address(n, NET) for n in range(NODES)])
        within = ("ip", "netns", "exec", public.namespace)
        with swarm(NODES, NET, within=within) as found:
            known = entering(found)
            ann = Roommate(home_a, "ann", "", (*known, "--mic", "tone:440"))
            words = ann.wait("key", 30)["words"]
            ann.wait("joined")
            while "BitTorrent's network holds" not in ann.talk.get(timeout=20 * SLACK):
                pass
            ann.say("mic on")
            ann.wait("mic")
            bob = Roommate(home_b, "bob", words, known)
            assert bob.wait("joined", 20 * SLACK)["via"] == "dht"
            bob.wait("first_sound", 20 * SLACK)
            assert bob.paths() == {"ann": "direct"}
            assert bob.leave()["why"] == "asked"
