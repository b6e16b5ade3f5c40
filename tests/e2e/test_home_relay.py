"""A relay at home, behind real routers: it works where strangers get in, and says where not."""

import os
import re
import subprocess

import pytest

from lab.programs import netlab
from lab.programs.netlab import Host, NetLab
from lab.programs.roommates import PROGRAM, Roommate, start_entry

REASON = netlab.why_not()
pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(REASON is not None, reason=REASON or ""),
]
LIMIT_S = 40.0 * float(os.environ.get("TEAHOUSE_TEST_SLACK", "3"))
PORT = 40_500
"""The lab's routers leave it as it is, as most do."""


@pytest.fixture
def lab():
    with NetLab() as made:
        yield made


def entry_nodes(lab: NetLab, count: int) -> list[str]:
    """Public ones that know each other."""
    lines: list[str] = []
    for number in range(count):
        (host,) = lab.site(f"e{number}", "public")
        known = [part for line in lines for part in ("--bootstrap", line)]
        lines.append(start_entry(host, *known))
    return lines


def relay_at(home: Host, entries: list[str]) -> subprocess.Popen:
    known = [part for line in entries for part in ("--bootstrap", line)]
    return home.start(
        *PROGRAM,
        *("relay", "--home", "--listen", f"0.0.0.0:{PORT}", "--state-dir", "", *known),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_who_hide_talk_through_a_home_that_strangers_reach(lab: NetLab) -> None:
    entries = entry_nodes(lab, 2)
    (home,) = lab.site("h", "fullcone")
    people = [lab.site(name, "sym")[0] for name in "ab"]
    relay = relay_at(home, entries)
    assert relay.stdout is not None
    line = relay.stdout.readline().strip()
    assert re.match(rf"11\.0\.3\.2:{PORT}#", line), line
    ways = ("--mode", "shield", "--relay", line, "--mic", "tone:440")
    ann = Roommate(people[0], "ann", options=ways)
    words = ann.wait("key", 30)["words"]
    ann.wait("joined", LIMIT_S)
    ann.say("mic on")
    bob = Roommate(people[1], "bob", words, ways)
    bob.wait("first_sound", LIMIT_S)
    assert bob.paths() == {"ann": "relay"}


@pytest.mark.slow
def test_a_home_that_gets_another_address_says_its_new_line(lab: NetLab) -> None:
    entries = entry_nodes(lab, 3)
    (home,) = lab.site("h", "fullcone")
    relay = relay_at(home, entries)
    assert relay.stdout is not None
    assert relay.stdout.readline().startswith("11.0.4.2:")
    lab.readdress("h")
    assert relay.stdout.readline().startswith("11.0.4.3:")  # after a minute


@pytest.mark.parametrize("kind", ["portres", "fw"])
def test_a_home_that_lets_in_answers_alone_says_that_it_is_not_reached(
    lab: NetLab, kind: str
) -> None:
    entries = entry_nodes(lab, 3)
    (home,) = lab.site("h", kind)
    relay = relay_at(home, entries)
    out, err = relay.communicate(timeout=LIMIT_S)
    assert (relay.returncode, out) == (3, "")
    assert err.startswith("teahouse relay: asking others")
    assert f"UDP port {PORT}" in err


def test_one_node_that_knows_no_other_can_not_tell_and_that_is_said(lab: NetLab) -> None:
    entries = entry_nodes(lab, 1)
    (home,) = lab.site("h", "fullcone")
    out, err = relay_at(home, entries).communicate(timeout=LIMIT_S)
    assert out == ""
    assert "Nobody outside could tell" in err
