"""Homes whose network lets out the web alone: TCP to the ports 80 and 443."""

import time

import pytest

from lab.programs import netlab
from lab.programs.roommates import Roommate, start_entry

REASON = netlab.why_not(long_lines=True)
pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(REASON is not None, reason=REASON or ""),
]
TALK_S = 5.0


def test_two_homes_with_the_web_alone_meet_at_a_relay_on_port_443_and_hear_all():
    with netlab.NetLab() as lab:
        (public,) = lab.site("p", "public", delay_ms=5)
        homes = [lab.site(name, "web", delay_ms=25)[0] for name in "ab"]
        line = start_entry(public, listen=f"{public.ip}:443")
        ways = ("--mode", "shield", "--relay", line)
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
