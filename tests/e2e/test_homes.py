"""Real members in real homes: behind NATs, behind firewalls, on one wire. Limits have slack."""

import os

import pytest

from tests.e2e import netlab
from tests.e2e.roommates import Roommate, start_entry

SLACK = float(os.environ.get("TEAHOUSE_TEST_SLACK", "3"))
REASON = netlab.why_not()
pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(REASON is not None, reason=REASON or ""),
]


@pytest.fixture
def lab():
    with netlab.NetLab() as made:
        yield made


def speaker(host, name, entry, words=""):
    """A member with the microphone on; a guest is given the floor later."""
    return Roommate(host, name, words, ("--bootstrap", entry, "--mic", "tone:440"))


def open_room(host, name, entry):
    """Creates a room, speaks; returns its maker and its words."""
    maker = speaker(host, name, entry)
    words = maker.wait("key", 30)["words"]
    maker.wait("joined")
    maker.say("mic on")
    maker.wait("mic")
    return maker, words


def test_two_homes_behind_nats_meet_by_the_words_alone(lab):
    (public,) = lab.site("p", "public", delay_ms=5)
    (home_a,) = lab.site("a", "portres", delay_ms=25)
    (home_b,) = lab.site("b", "portres", delay_ms=25)
    entry = start_entry(public)
    _, words = open_room(home_a, "ann", entry)
    bob = Roommate(home_b, "bob", words, ("--bootstrap", entry))
    assert bob.wait("first_sound", 40)["ms"] <= 5000 * SLACK
    assert bob.paths() == {"ann": "direct"}
    assert bob.leave()["why"] == "asked"
