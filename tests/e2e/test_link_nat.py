"""Links through real NATs, made of network namespaces; a public helper tells addresses."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.programs import netlab

HERE = Path(__file__).parent
HELPER_PORT = 7000


REASON = netlab.why_not()
pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(REASON is not None, reason=REASON or ""),
]


class Peer:
    """A peer program on a machine of the lab."""

    def __init__(self, host, listen=None):
        self.host = host
        self.process = host.start(
            sys.executable,
            str(HERE / "link_peer.py"),
            "peer",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = self.do("open", listen=listen)["port"]

    def tell(self, name, **command):
        self.process.stdin.write(json.dumps({"do": name} | command) + "\n")
        self.process.stdin.flush()

    def hear(self):
        return json.loads(self.process.stdout.readline())

    def do(self, name, **command):
        self.tell(name, **command)
        return self.hear()


@pytest.fixture
def lab():
    with netlab.NetLab() as made:
        yield made


def helper(lab, *, v6=False):
    (host,) = lab.site("p", "public", v6=v6)
    process = host.start(
        sys.executable,
        str(HERE / "link_peer.py"),
        "echo",
        str(HELPER_PORT),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return host


def connect(a, b, offers):
    """Both start at once, as when a carrier tells them."""
    a.tell("connect", offer=offers[1])
    b.tell("connect", offer=offers[0])
    return a.hear(), b.hear()


def talk(*peers, seconds=0.6):
    for peer in peers:
        peer.do("speak")
    time.sleep(seconds)
    return [peer.do("state") for peer in peers]


def link_by_helper(a, b, door):
    """Each side offers only what the helper saw."""
    seen = [peer.do("ask", helper=[door.ip, HELPER_PORT])["seen"] for peer in (a, b)]
    offers = [
        peer.do("offer", controlling=n == 0, seen=[seen[n]])["offer"]
        for n, peer in enumerate((a, b))
    ]
    return seen, connect(a, b, offers)


def test_two_homes_behind_port_restricted_nats_meet_directly(lab):
    door = helper(lab)
    homes = [lab.site(name, "portres")[0] for name in "ab"]
    a, b = map(Peer, homes)
    seen, results = link_by_helper(a, b, door)
    for result, other in zip(results, reversed(seen), strict=True):
        assert result["path"] == "direct"
        assert result["remote"] == other
        assert result["up_s"] < 2.0
    assert 40_000 <= seen[0][1] < 41_000  # it really went through a NAT
    for state in talk(a, b):
        assert state["received"] > 20
    for peer in (a, b):
        peer.do("quit")


@pytest.mark.slow
def test_a_router_that_forgets_its_ports_is_survived_with_a_word_from_somebody_else(lab):
    door = helper(lab)
    homes = [lab.site(name, "portres")[0] for name in "ab"]
    a, b = map(Peer, homes)
    link_by_helper(a, b, door)
    talk(a, b)
    lab.rebind("a")
    time.sleep(0.4)  # the silence that makes a node ask
    moved = a.do("ask", helper=[door.ip, HELPER_PORT])["seen"]
    assert moved[1] >= 41_000
    b.do("late", address=moved)
    before = [peer.do("state")["received"] for peer in (a, b)]
    time.sleep(1.5)
    states = [peer.do("state") for peer in (a, b)]
    assert states[1]["remote"] == moved
    for state, earlier in zip(states, before, strict=True):
        assert state["received"] > earlier + 30
        assert state["silent_s"] < 0.2
        assert state["closed"] == []


@pytest.mark.slow
def test_a_line_cut_for_seconds_comes_back_by_itself(lab):
    door = helper(lab)
    homes = [lab.site(name, "portres")[0] for name in "ab"]
    a, b = map(Peer, homes)
    link_by_helper(a, b, door)
    talk(a, b)
    lab.cut("a")
    time.sleep(2.0)
    lab.heal("a")
    time.sleep(1.0)
    for peer in (a, b):
        assert peer.do("state")["silent_s"] < 0.2


def test_a_home_and_a_public_node_meet_though_the_home_says_nothing_of_itself(lab):
    door = helper(lab)
    (home,) = lab.site("a", "portres")
    a, public = Peer(home), Peer(door)
    address = [door.ip, public.port]
    offers = [
        a.do("offer", controlling=True)["offer"],
        public.do("offer", controlling=False, hosts=[address])["offer"],
    ]
    results = connect(a, public, offers)
    assert [result["path"] for result in results] == ["direct", "direct"]
    for state in talk(a, public):
        assert state["received"] > 20


def test_two_homes_with_ipv6_meet_through_their_firewalls(lab):
    door = helper(lab, v6=True)
    homes = [lab.site(name, "portres", v6=True)[0] for name in "ab"]
    a, b = map(Peer, homes)
    offers = []
    for n, peer in enumerate((a, b)):
        seen = [peer.do("ask", helper=[ip, HELPER_PORT])["seen"] for ip in (door.ip6, door.ip)]
        assert seen[0][0] == homes[n].ip6
        offers.append(peer.do("offer", controlling=n == 0, seen=seen)["offer"])
    results = connect(a, b, offers)
    assert {result["path"] for result in results} <= {"ipv6", "direct"}
    # The first path that works is used at once, the better one as soon as it has answered.
    for _ in range(5):
        paths = [state["path"] for state in talk(a, b)]
        if paths == ["ipv6", "ipv6"]:
            break
    assert set(paths) <= {"ipv6", "direct"}
    for state in talk(a, b):
        assert state["received"] > 20


def test_two_laptops_on_one_wire_without_a_way_out_meet(lab):
    a, b = map(Peer, lab.site("w", "lan", 2))
    for peer, other in ((a, b), (b, a)):
        found = peer.do("host", toward=[other.host.ip, 9])["host"]
        assert found == [peer.host.ip, peer.port]
    offers = [
        peer.do("offer", controlling=n == 0, hosts=[[peer.host.ip, peer.port]])["offer"]
        for n, peer in enumerate((a, b))
    ]
    results = connect(a, b, offers)
    assert [result["path"] for result in results] == ["lan", "lan"]
    for state in talk(a, b):
        assert state["received"] > 20


def test_nothing_is_left_of_a_lab():
    with netlab.NetLab() as lab:
        lab.site("p", "public")
        (home,) = lab.site("a", "portres")
        sleeper = home.start("sleep", "100")
        prefix = lab.prefix
        assert prefix in _spaces()
    assert sleeper.poll() is not None
    assert prefix not in _spaces()


def _spaces():
    return subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
