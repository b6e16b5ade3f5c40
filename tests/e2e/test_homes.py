"""Real members in real homes: behind NATs, behind firewalls, on one wire. Limits have slack."""

import ipaddress
import os
import time

import pytest

from lab.programs import netlab
from lab.programs.roommates import Roommate, start_entry

SLACK = float(os.environ.get("TEAHOUSE_TEST_SLACK", "3"))
REASON = netlab.why_not(long_lines=True)
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


def homes(lab, kind="portres", entry=(), **more):
    """A public entry node with these options and two homes on long lines."""
    (public,) = lab.site("p", "public", delay_ms=5, **more)
    (home_a,) = lab.site("a", kind, delay_ms=25, **more)
    (home_b,) = lab.site("b", kind, delay_ms=25, **more)
    return start_entry(public, *entry), home_a, home_b


def guest(host, name, entry, words, *more):
    return Roommate(host, name, words, ("--bootstrap", entry, *more))


def give_floor(maker, member):
    """The member raises its hand, is let on the stage, and speaks."""
    member.say("hand")
    maker.wait(lambda event: event["event"] == "hand" and event["place"] == 1)
    maker.say("accept 1")
    member.wait(lambda event: event["event"] == "mic" and event["why"] == "granted")
    member.say("mic on")
    member.wait(lambda event: event["event"] == "mic" and event["on"])


def sound_back_s(listener, speaker, since_s, limit_s=40):
    """Seconds from then until frames of the speaker can be opened again, one after the other."""
    before = listener.opened(speaker)
    while time.monotonic() < since_s + limit_s:
        time.sleep(0.1)
        opened = listener.opened(speaker)
        if opened >= before + 4:
            return time.monotonic() - since_s
        before = opened
    raise AssertionError("the sound did not come back")


def becomes_direct(listener, speaker, limit_s=20, path="direct"):
    """Whether a direct way is found soon."""
    until_s = time.monotonic() + limit_s * SLACK
    while time.monotonic() < until_s:
        if listener.paths() == {speaker: path}:
            return True
        time.sleep(0.3)
    return False


def test_two_homes_behind_nats_meet_by_the_words_alone(lab):
    entry, home_a, home_b = homes(lab)
    _, words = open_room(home_a, "ann", entry)
    bob = guest(home_b, "bob", entry, words)
    assert bob.wait("first_sound", 40)["ms"] <= 5000 * SLACK
    # Sound never waits for a direct way: it begins through the entry node, which carries it.
    assert becomes_direct(bob, "ann")
    assert bob.leave()["why"] == "asked"


@pytest.mark.slow
def test_two_homes_and_a_public_member_are_all_linked_directly(lab):
    entry, home_a, home_b = homes(lab)
    (public,) = lab.site("c", "public", delay_ms=15)
    ann, words = open_room(home_a, "ann", entry)
    bob, cid = (guest(*who, entry, words) for who in ((home_b, "bob"), (public, "cid")))
    names = {"ann", "bob", "cid"}
    for member in (bob, cid):
        member.wait("first_sound", 40)
    until_s = time.monotonic() + 5 * SLACK
    for member in (ann, bob, cid):
        wanted = dict.fromkeys(names - {member.name}, "direct")
        while member.paths() != wanted:
            assert time.monotonic() < until_s, member.paths()
            time.sleep(0.2)


@pytest.mark.slow
def test_two_laptops_on_one_wire_with_no_way_out_meet_by_the_words_alone(lab):
    left, right = lab.site("w", "lan", 2)
    ann = Roommate(left, "ann", options=("--mic", "tone:440"))
    words = ann.wait("key", 30)["words"]
    ann.wait("joined")
    ann.say("mic on")
    bob = Roommate(right, "bob", words)
    assert bob.wait("joined", 30)["via"] == "lan"
    assert bob.wait("first_sound")["ms"] <= 2000 * SLACK
    assert becomes_direct(bob, "ann", path="lan")


@pytest.mark.slow
def test_sound_outlives_routers_that_reboot_and_lines_that_are_cut(lab):
    entry, home_a, home_b = homes(lab)
    ann, words = open_room(home_a, "ann", entry)
    bob = speaker(home_b, "bob", entry, words)
    bob.wait("first_sound", 40)
    give_floor(ann, bob)
    time.sleep(2.0)

    def cut():
        lab.cut("a")
        time.sleep(20.0)
        lab.heal("a")

    troubles = (
        lambda: lab.rebind("a"),
        lambda: lab.rebind("b"),
        lambda: (lab.rebind("a"), lab.rebind("b")),
        cut,
    )
    for trouble in troubles:
        trouble()
        since_s = time.monotonic()
        time.sleep(0.5)
        for listener, other in ((bob, "ann"), (ann, "bob")):
            assert sound_back_s(listener, other, since_s) <= 5.0 * SLACK
        time.sleep(2.0)
    assert set(ann.names().values()) == set(bob.names().values()) == {"ann", "bob"}
    assert bob.leave()["totals"]["role"] == "speaker"
    assert ann.stats()["me"]["mic"]


@pytest.mark.slow
def test_a_hand_keeps_its_place_while_its_home_is_cut_off(lab):
    entry, home_a, home_b = homes(lab)
    ann, words = open_room(home_a, "ann", entry)
    bob = guest(home_b, "bob", entry, words)
    bob.wait("first_sound", 40)
    bob.say("hand")
    ann.wait(lambda event: event["event"] == "hand" and event["place"] == 1)
    lab.rebind("b")
    time.sleep(0.5)
    sound_back_s(bob, "ann", time.monotonic())
    ann.say("hands")
    assert ann.wait("hand")["place"] == 1
    ann.say("accept 1")
    bob.wait(lambda event: event["event"] == "mic" and event["why"] == "granted")


@pytest.mark.slow
def test_homes_with_ipv6_link_without_nat(lab):
    entry, home_a, home_b = homes(lab, v6=True)
    _, words = open_room(home_a, "ann", entry)
    bob = guest(home_b, "bob", entry, words)
    bob.wait("first_sound", 40)
    assert becomes_direct(bob, "ann", path="ipv6")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["dht", "relay"])
def test_two_members_of_one_home_link_at_home(lab, way):
    (public,) = lab.site("p", "public", delay_ms=5)
    one, two = lab.site("a", "portres", 2, delay_ms=25)
    entry = start_entry(public)
    _, words = open_room(one, "ann", entry)
    bob = guest(two, "bob", entry, words, "--only", way)
    bob.wait("first_sound", 40)
    assert becomes_direct(bob, "ann", path="lan")


@pytest.mark.slow
def test_homes_that_cannot_link_hear_each_other_through_the_relay(lab):
    entry, home_a, home_b = homes(lab, "sym")
    _, words = open_room(home_a, "ann", entry)
    bob = guest(home_b, "bob", entry, words)
    bob.wait("first_sound", 40)
    assert bob.paths() == {"ann": "relay"}


@pytest.mark.slow
def test_without_a_relay_for_sound_they_are_not_shown_as_here_and_nobody_hangs(lab):
    entry, home_a, home_b = homes(lab, "sym", ("--bootstrap-only",))
    _, words = open_room(home_a, "ann", entry)
    bob = guest(home_b, "bob", entry, words)
    bob.wait("joined", 40)
    time.sleep(8.0)
    assert bob.stats()["links"] == []
    ann = [e["state"] for e in bob.events if e["event"] == "member" and e["name"] == "ann"]
    assert ann == ["gone"]
    assert bob.leave()["why"] == "asked"


@pytest.mark.slow
def test_packets_go_to_the_entry_node_and_the_other_members_only(lab):
    entry, home_a, home_b = homes(lab)
    for home in (home_a, home_b):
        lab.watch(home)
    ann, words = open_room(home_a, "ann", entry)
    bob = guest(home_b, "bob", entry, words)
    bob.wait("first_sound", 40)
    time.sleep(2.0)
    bob.leave()
    ann.leave()
    for home, other in ((home_a, "11.0.3.2"), (home_b, "11.0.2.2")):
        sent = lab.destinations(home)
        assert {protocol for protocol, _, _ in sent} == {"udp"}
        far = {ip for _, ip, _ in sent if not ipaddress.ip_address(ip).is_multicast}
        assert far == {"11.0.1.2", other}
        assert 53 not in {port for _, _, port in sent}
