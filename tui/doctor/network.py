"""The doctor's look at the network: every relay and entry node that is known is asked once."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from crypto.dh import KeyPair
from crypto.veil import Veil
from p2p.dht.contact import NodeContact
from p2p.errors import UserError
from p2p.link.candidates import ANYWHERE_V4, ANYWHERE_V6, own_address_towards
from p2p.link.mux import Mux
from p2p.link.probe import Probe, Prober
from p2p.link.web.proxy import Proxy
from p2p.node.relays.trusted import TrustedRelays, look_up
from p2p.rng import system_rng
from p2p.wire.addresses import Address, Scope, scope_of

LIMIT_S = 4.0
ASKED_MAX = 16
"""Nodes that are asked: the list of entry nodes may be long."""

Role = Literal["relay", "entry_node"]
Nat = Literal["unknown", "none", "one_place", "same", "differs"]


@dataclass(frozen=True, slots=True)
class Node:
    """One that is known, and how it answered.

    Attributes:
        role: ``relay`` if the person named it for sound, else ``entry_node``.
        has_udp: Its line says where it is by UDP, too.
        probe: What came back.
    """

    role: Role
    has_udp: bool
    probe: Probe


@dataclass(frozen=True, slots=True)
class Network:
    """What was seen of the network.

    Attributes:
        families: IP versions by which the Internet can be reached as far as this machine knows.
        nodes: All that were asked.
        problem: Why no socket could be opened; None if one could.
        by_proxy: Everything goes through a proxy.
    """

    families: tuple[int, ...]
    nodes: tuple[Node, ...]
    problem: UserError | None = None
    by_proxy: bool = False


async def look(
    named: Sequence[NodeContact],
    entry_nodes: Sequence[NodeContact],
    proxy: Proxy | None = None,
    limit_s: float = LIMIT_S,
) -> Network:
    """Ask them all at once.

    Args:
        named: Relays that the person named.
        entry_nodes: Others that are known.
        proxy: Through which everything goes; None: there is none.
        limit_s: After so long there is no answer.
    """
    families = tuple(
        version
        for version, far in ((4, ANYWHERE_V4), (6, ANYWHERE_V6))
        if own_address_towards(far) is not None
    )
    # Behind a proxy nothing is looked up here: it is told the names.
    found = await look_up([*named, *entry_nodes]) if proxy is None else {}
    known = TrustedRelays.of(named, entry_nodes, None, found)
    asked = known.contacts[:ASKED_MAX]
    try:
        secret = system_rng(32)
        mux = await Mux.open(None, proxy, Veil(KeyPair(secret).public))
    except UserError as problem:
        return Network(families, (), problem)
    prober = Prober(mux, secret, system_rng)
    places = [known.places[one.dh] for one in asked]
    try:
        probes = await asyncio.gather(
            *(
                prober.probe(one.dh, where.addresses, where.webs, limit_s)
                for one, where in zip(asked, places, strict=True)
            )
        )
    finally:
        with contextlib.suppress(OSError):
            mux.close()
    of_person = {one.key for one in named}
    nodes = [
        Node("relay" if one.dh in of_person else "entry_node", bool(where.addresses), probe)
        for one, where, probe in zip(asked, places, probes, strict=True)
    ]
    return Network(families, tuple(nodes), by_proxy=proxy is not None)


def nat_kind(probes: Sequence[Probe]) -> Nat:
    """Tell what stands between this machine and the Internet, by how nodes there see us.

    Args:
        probes: Of nodes anywhere; only such as see a public IPv4 address of ours count.

    Returns:
        ``none``: they see our own address. ``same``: two or more see one and the same, so others
        can reach it too. ``differs``: each sees another, so nobody else knows which (RFC 4787
        §4.1). ``one_place``: there is a NAT, and one node alone has seen us. ``unknown``: none has.
    """
    seen: list[tuple[Address, Address | None]] = [
        (one.seen, one.own) for one in probes if one.seen is not None and _public_v4(one.seen)
    ]
    if not seen:
        return "unknown"
    if all(there == own for there, own in seen):
        return "none"
    if len({there for there, _ in seen}) > 1:
        return "differs"
    return "same" if len(seen) > 1 else "one_place"


def _public_v4(address: Address) -> bool:
    return ":" not in address[0] and scope_of(address[0]) is Scope.GLOBAL
