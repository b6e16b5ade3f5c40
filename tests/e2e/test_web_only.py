"""Homes whose network lets out the web alone, and homes from which all goes by a proxy."""

import subprocess
import sys
import time

import pytest

from lab.programs import netlab
from lab.programs.roommates import Roommate, start_entry
from p2p.dht.contact import NodeContact
from p2p.wire.web_place import WebPlace

REASON = netlab.why_not(long_lines=True)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.netns,
    pytest.mark.skipif(REASON is not None, reason=REASON or ""),
]
TALK_S = 5.0


def test_two_homes_with_the_web_alone_meet_at_a_relay_on_port_443_and_hear_all():
    with netlab.NetLab() as lab:
        (public,) = lab.site("p", "public", delay_ms=5)
        homes = [lab.site(name, "web", delay_ms=25)[0] for name in "ab"]
        line = start_entry(public, listen=f"{public.ip}:443")
        they_meet_and_hear_all(homes, ("--mode", "shield", "--relay", line))


def test_with_a_line_of_the_web_alone_no_datagram_goes_either_way():
    """A watcher sees one TLS connection, though UDP would work and both ends have addresses."""
    with netlab.NetLab() as lab:
        (public,) = lab.site("p", "public", delay_ms=5, v6=True)
        homes = [lab.site(name, "fw", delay_ms=10, v6=True)[0] for name in "ab"]
        relay = NodeContact.parse(start_entry(public, listen="[::]:443"))
        place = WebPlace(public.ip, 443, "/tea")
        for machine in (*homes, public):
            lab.watch(machine)
        line = str(NodeContact(place.address, relay.key, place))
        they_meet_and_hear_all(homes, ("--mode", "shield", "--relay", line))
        for home in homes:
            assert lab.destinations(home) == {("tcp", public.ip, 443)}
        assert {protocol for protocol, _, _ in lab.destinations(public)} == {"tcp"}


@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_of_who_is_behind_a_proxy_nothing_goes_anywhere_else(kind):
    with netlab.NetLab() as lab:
        (public,) = lab.site("p", "public", delay_ms=5)
        (gate,) = lab.site("g", "public", delay_ms=5)
        homes = [lab.site(name, "portres", delay_ms=10)[0] for name in "ab"]
        relay = NodeContact.parse(start_entry(public, listen=f"{public.ip}:443"))
        # Nobody in this network could look it up.
        name = WebPlace("relay.example.org", 443)
        line = str(NodeContact(name.address, relay.key, name))
        program = (sys.executable, "-P", "-B", "tests/e2e/proxy_program.py")
        place = (gate.ip, "1080", public.ip, "443")
        proxy = gate.start(*program, kind, *place, stdout=subprocess.PIPE, text=True)
        assert proxy.stdout is not None
        url = proxy.stdout.readline().strip()
        for home in homes:
            lab.watch(home)
        they_meet_and_hear_all(homes, ("--mode", "shield", "--relay", line, "--proxy", url))
        for home in homes:
            assert lab.destinations(home) == {("tcp", gate.ip, 1080)}
            assert lab.sources(home) == {gate.ip}


def they_meet_and_hear_all(homes, ways):
    host = Roommate(homes[0], "host", "", (*ways, "--mic", "tone:440"))
    words = host.wait("key", 30)["words"]
    host.wait("joined", 30)
    guest = Roommate(homes[1], "guest", words, ways)
    guest.wait("joined", 30)
    time.sleep(2.0)  # until its seat at the relay is warm
    host.say("mic on")
    guest.wait("first_sound", 30)
    time.sleep(TALK_S)
    host.say("mic off")
    time.sleep(1.0)
    said = host.stats()["me"]["sealed"]
    assert said > 20 * TALK_S
    opened = guest.opened("host")
    assert opened >= 0.99 * said, (opened, said)
