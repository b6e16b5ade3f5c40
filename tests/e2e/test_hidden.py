"""Nobody in a room learns where the hidden members are, whatever it holds and runs."""

import ipaddress
import sys
import time

import pytest

from lab.programs import netlab
from lab.programs.roommates import ENTRY_PORT, Roommate, start_entry

pytestmark = [pytest.mark.e2e, pytest.mark.netns, pytest.mark.slow]

if (reason := netlab.why_not()) is not None:
    pytest.skip(reason, allow_module_level=True)

AT_ONCE = 4


def all_forms(ip: str) -> tuple[bytes, ...]:
    """An address as bytes and as text."""
    return ipaddress.ip_address(ip).packed, ip.encode()


@pytest.mark.parametrize("count", [4, 20])
def test_an_infiltrator_with_dht_servers_of_its_own_learns_no_address(count, tmp_path):
    kept = tmp_path / "kept"
    with netlab.NetLab() as lab:
        (carrier,) = lab.site("relay", "public")
        (spy,) = lab.site("spy", "public")
        homes = [lab.site(f"h{i}", "portres")[0] for i in range(count)]
        for host in (spy, *homes):
            lab.watch(host)
        relay = start_entry(carrier)
        # With so few nodes, each of them is beside every id of the room.
        spying = [
            start_entry(spy, "--bootstrap", relay, listen=f"{spy.ip}:{port}")
            for port in range(6000, 6003)
        ]
        hidden = ("--mode", "shield", "--relay", relay)
        host = Roommate(homes[0], "m0", options=(*hidden, "--mic", "tone:440"))
        words = host.wait("key", 30)["words"]
        host.wait("joined", 30)
        host.say("mic on")
        known = tuple(part for line in (relay, *spying) for part in ("--bootstrap", line))
        infiltrator = Roommate(
            spy,
            "spy",
            words,
            (*known, "--relay", relay),  # in open mode: it offers and asks for direct links
            (sys.executable, "-P", "-B", "tests/e2e/infiltrator.py", str(kept)),
        )
        infiltrator.wait("first_sound", 60)
        members: list[Roommate] = []
        for first in range(1, count, AT_ONCE):  # this one machine starts them all
            few = range(first, min(count, first + AT_ONCE))
            coming = [Roommate(homes[n], f"m{n}", words, hidden) for n in few]
            for member in coming:
                member.wait("joined", 60)
            members += coming
        for member in members:
            member.wait("first_sound", 60)
        members[-1].say("hand")
        host.wait(lambda event: event["event"] == "hand" and event["place"] == 1)
        host.say("accept 1")
        members[-1].wait(lambda event: event["event"] == "mic" and event["why"] == "granted")
        time.sleep(8.0)
        assert len(set(infiltrator.names().values())) == count + 1
        # What the homes send goes to the relay, and what they get comes from it.
        for home in homes:
            assert lab.destinations(home) == {("udp", carrier.ip, ENTRY_PORT)}
            assert lab.sources(home) == {carrier.ip}
        assert lab.sources(spy) == {carrier.ip}
        infiltrator.leave()
    opened = kept.read_bytes()
    assert b"m0" in opened
    assert any(form in opened for form in all_forms(carrier.ip)), "it keeps what it opens"
    for number, home in enumerate(homes):
        for ip in (home.ip, f"11.0.{number + 3}.2"):
            assert not any(form in opened for form in all_forms(ip))
