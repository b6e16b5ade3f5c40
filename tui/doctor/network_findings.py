"""What the doctor says of the network."""

from collections.abc import Iterator, Sequence

from p2p.link.probe import Probe
from p2p.link.stream_dialer import Refusal
from tui.doctor.findings import Finding, State
from tui.doctor.network import Nat, Network, Node, nat_kind
from tui.i18n import mark, tr
from tui.texts.failures import told

_NATS: dict[Nat, tuple[str, str]] = {
    "unknown": (mark("not known: nobody outside has said how it sees this machine"), ""),
    "none": (mark("none: this machine has a public address of its own"), ""),
    "one_place": (
        mark("there is one; its kind shows only when two relays or entry nodes answer"),
        "",
    ),
    "same": (mark("it shows one address to everybody: direct links work with most networks"), ""),
    "differs": (
        mark("it shows another address to everybody: direct links often fail"),
        mark("Stay in shield mode, or give --relay: sound then goes through a relay."),
    ),
}


def network_findings(network: Network) -> list[Finding]:
    """Return a line for UDP, TCP, NAT, and one for each node that was asked."""
    probes = [node.probe for node in network.nodes]
    return [
        *([] if network.by_proxy else [_udp(network, probes)]),
        *_tcp(network, probes),
        *([] if network.by_proxy else [_nat(probes)]),
        *_nodes([node for node in network.nodes if node.role == "relay"]),
        *_entry_nodes([node for node in network.nodes if node.role == "entry_node"]),
    ]


def _udp(network: Network, probes: Sequence[Probe]) -> Finding:
    if network.problem is not None:
        return Finding("udp", "bad", *told(network.problem))
    if any(probe.udp_ms is not None for probe in probes):
        return Finding("udp", "ok", tr("goes out and comes back"))
    if not network.families:
        return Finding(
            "udp",
            "note" if any(probe.answered for probe in probes) else "bad",
            tr("this machine knows no way to the Internet"),
            tr("Join a network. In a room on one local network that is enough."),
        )
    if not probes:
        versions = tr(" and ").join(f"IPv{version}" for version in network.families)
        return Finding(
            "udp",
            "ok",
            tr("a socket opens; there is a way out by {versions}", versions=versions),
            tr("Whether it gets through shows with a relay: teahouse doctor --relay LINE"),
        )
    if any(probe.answered for probe in probes):
        return Finding(
            "udp",
            "note",
            tr("nothing comes back: this network lets no UDP through"),
            tr("Nothing: sound goes by TCP through a relay, a little later when packets get lost."),
        )
    return Finding(
        "udp",
        "bad",
        tr("nothing comes back, from nobody that was asked"),
        tr("Check the network; if it is well, ask for another relay."),
    )


def _tcp(network: Network, probes: Sequence[Probe]) -> Iterator[Finding]:
    if network.by_proxy and network.problem is None:
        yield Finding("proxy", "ok", tr("everything goes through it, by TCP; UDP is not used"))
    if not probes:
        return
    if any(probe.tcp_ms is not None for probe in probes):
        yield Finding("tcp", "ok", tr("goes out and comes back"))
    elif any(probe.refusal is not None for probe in probes):
        yield Finding(
            "tcp", "note", tr("a connection opens, and nobody who is known answers there")
        )
    elif any(probe.udp_ms is not None for probe in probes):
        yield Finding(
            "tcp",
            "note",
            tr("no connection opens: where UDP is shut, too, nothing will work"),
            tr("Ask who runs the relay to open its port for TCP, too."),
        )
    else:
        yield Finding("tcp", "bad", tr("no connection opens"))


def _nat(probes: Sequence[Probe]) -> Finding:
    kind = nat_kind(probes)
    text, hint = _NATS[kind]
    state: State = "note" if kind == "differs" else "ok"
    return Finding("nat", state, tr(text), tr(hint) if hint else "", values={"kind": kind})


def _nodes(nodes: Sequence[Node]) -> Iterator[Finding]:
    for number, node in enumerate(nodes, start=1):
        probe = node.probe
        text, hint = _answer(node)
        values = {
            key: round(value, 1)
            for key, value in (("udp_ms", probe.udp_ms), ("tcp_ms", probe.tcp_ms))
            if value is not None
        }
        yield Finding(
            node.role, "ok" if probe.answered else "bad", text, hint, number, dict(values)
        )


def _entry_nodes(nodes: Sequence[Node]) -> Iterator[Finding]:
    """One of them that answers is enough, so that another which does not hinders nobody."""
    if not nodes:
        yield Finding(
            "entry_node",
            "note",
            tr("none is known: by words alone a room is found in open mode only"),
            tr("Use the long invite, or name one that you trust with --bootstrap LINE."),
        )
    enough = any(node.probe.answered for node in nodes)
    for found in _nodes(nodes):
        if found.state == "bad" and enough:
            yield Finding(found.code, "note", found.text, "", found.number, found.values)
        else:
            yield found


_REFUSALS: dict[Refusal, tuple[str, str]] = {
    "web": (
        mark("somebody is there, and does not answer to this line's key"),
        mark("Copy the line again from who gave it: its key, or its program, may be another."),
    ),
    "certificate": (
        mark("its certificate is not good for its name"),
        mark(
            "Something on the way may open connections. Use another network, or tell who runs it."
        ),
    ),
    "proxy": (
        mark("the proxy does not lead there"),
        mark(
            "Look at --proxy and at ALL_PROXY: is it one of SOCKS5 or HTTP, and does it know you?"
        ),
    ),
}


def _answer(node: Node) -> tuple[str, str]:
    probe = node.probe
    if probe.udp_ms is not None and probe.tcp_ms is not None:
        udp, tcp = _ms(probe.udp_ms), _ms(probe.tcp_ms)
        return tr("answers in {udp} ms, by TCP in {tcp} ms", udp=udp, tcp=tcp), ""
    if probe.udp_ms is not None:
        return tr("answers in {udp} ms by UDP, not by TCP", udp=_ms(probe.udp_ms)), ""
    if probe.tcp_ms is not None and not node.has_udp:
        return tr("answers in {tcp} ms by TCP", tcp=_ms(probe.tcp_ms)), ""
    if probe.tcp_ms is not None:
        return tr("answers in {tcp} ms by TCP, not by UDP", tcp=_ms(probe.tcp_ms)), ""
    text, hint = (
        mark("does not answer"),
        mark("Ask who gave you the line whether it runs, and for the line as it is now."),
    )
    if probe.refusal is not None:
        text, hint = _REFUSALS[probe.refusal]
    return tr(text), tr(hint)


def _ms(value: float) -> str:
    return f"{value:.0f}"
