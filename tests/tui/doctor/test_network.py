import pytest

from p2p.errors import UserError
from p2p.link.probe import Probe
from tui.doctor.network import Network, Node, nat_kind
from tui.doctor.network_findings import network_findings

HOME = ("192.168.1.7", 4000)
OUTSIDE, OTHER_PORT = ("203.0.113.7", 4000), ("203.0.113.7", 4001)
SILENT, BOTH = Probe(), Probe(udp_ms=20.0, tcp_ms=21.0)
BY_UDP, BY_TCP = Probe(udp_ms=20.0), Probe(tcp_ms=30.0)
SOMEBODY = Probe(refusal="web")


def seen(address, own=HOME):
    return Probe(udp_ms=9.0, seen=address, own=own)


@pytest.mark.parametrize(
    ("probes", "kind"),
    [
        ([], "unknown"),
        ([SILENT], "unknown"),
        ([seen(("10.0.0.9", 4000))], "unknown"),
        ([seen(("2001:db8::7", 4000))], "unknown"),
        ([seen(OUTSIDE, OUTSIDE)], "none"),
        ([seen(OUTSIDE)], "one_place"),
        ([seen(OUTSIDE), SILENT], "one_place"),
        ([seen(OUTSIDE), seen(OUTSIDE)], "same"),
        ([seen(OUTSIDE), seen(OTHER_PORT)], "differs"),
    ],
)
def test_the_kind_of_nat_follows_from_how_nodes_see_us(probes, kind):
    assert nat_kind(probes) == kind


def states(*probes, role="relay", families=(4,), problem=None):
    nodes = [Node(role, True, probe) for probe in probes]
    found = network_findings(Network(families, tuple(nodes), problem))
    return [f"{one.code} {one.state}" for one in found if one.code not in ("nat", "entry_node")]


@pytest.mark.parametrize(
    ("probes", "expected"),
    [
        ([BOTH], ["udp ok", "tcp ok", "relay ok"]),
        ([BY_UDP], ["udp ok", "tcp note", "relay ok"]),
        ([BY_TCP], ["udp note", "tcp ok", "relay ok"]),
        ([SILENT], ["udp bad", "tcp bad", "relay bad"]),
        ([SOMEBODY], ["udp bad", "tcp note", "relay bad"]),
        ([SILENT, BOTH], ["udp ok", "tcp ok", "relay bad", "relay ok"]),
        ([], ["udp ok"]),
    ],
)
def test_udp_tcp_and_relays_are_told_apart(probes, expected):
    assert states(*probes) == expected


def test_without_any_network_that_is_what_is_said():
    assert states(families=()) == ["udp bad"]
    assert states(BOTH, families=()) == ["udp ok", "tcp ok", "relay ok"]
    assert states(BY_TCP, families=()) == ["udp note", "tcp ok", "relay ok"]


def test_a_socket_that_can_not_be_opened_is_named_by_its_reason():
    found = network_findings(Network((4,), (), UserError("x", "No socket.", "Restart.")))
    assert (found[0].state, found[0].text, found[0].hint) == ("bad", "No socket.", "Restart.")


def entry_states(*probes):
    nodes = [Node("entry_node", True, probe) for probe in probes]
    found = network_findings(Network((4,), tuple(nodes)))
    return [one.state for one in found if one.code == "entry_node"]


def test_one_entry_node_that_answers_is_enough():
    assert entry_states() == ["note"]
    assert entry_states(SILENT) == ["bad"]
    assert entry_states(SILENT, BOTH) == ["note", "ok"]


def test_no_address_is_in_the_report():
    nodes = (Node("relay", True, seen(OUTSIDE, HOME)),)
    said = repr(network_findings(Network((4, 6), nodes)))
    assert OUTSIDE[0] not in said
    assert HOME[0] not in said


@pytest.mark.parametrize(
    ("refusal", "said"),
    [("web", "this line's key"), ("certificate", "certificate"), ("proxy", "the proxy")],
)
def test_why_no_stream_comes_up_is_told_apart(refusal, said):
    found = network_findings(Network((4,), (Node("relay", True, Probe(refusal=refusal)),)))
    (relay,) = [one for one in found if one.code == "relay"]
    assert relay.state == "bad"
    assert said in relay.text
    assert relay.hint


def test_a_relay_that_only_the_web_leads_to_is_not_blamed_for_udp():
    (relay,) = [
        one
        for one in network_findings(Network((4,), (Node("relay", False, BY_TCP),)))
        if one.code == "relay"
    ]
    assert relay.text == "answers in 30 ms by TCP"


def test_behind_a_proxy_nothing_is_said_of_udp():
    network = Network((4,), (Node("relay", True, BY_TCP),), by_proxy=True)
    codes = [one.code for one in network_findings(network)]
    assert codes[:2] == ["proxy", "tcp"]
    assert not {"udp", "nat"} & set(codes)
