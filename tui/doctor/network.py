"""The doctor's look at the network: every relay and entry node that is known is asked once."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from p2p.dht.contact import NodeContact
from p2p.errors import UserError
from p2p.link.candidates import ANYWHERE_V4, ANYWHERE_V6, own_address_towards
from p2p.link.mux import Mux
from p2p.link.probe import Probe, Prober
from p2p.rng import system_rng
from p2p.wire.addresses import Address, Scope, scope_of

LIMIT_S = 4.0
ASKED_MAX = 16
"""Nodes that are asked of each kind: the list of entry nodes may be long."""

Role = Literal["relay", "entry_node"]
Nat = Literal["unknown", "none", "one_place", "same", "differs"]


@dataclass(frozen=True, slots=True)
class Node:
    """One that is known, and how it answered.

    Attributes:
        role: ``relay`` if the person named it for sound, else ``entry_node``.
        contact: Where it is.
        probe: What came back.
    """

    role: Role
    contact: NodeContact
    probe: Probe


@dataclass(frozen=True, slots=True)
class Network:
    """What was seen of the network.

    Attributes:
        families: IP versions by which the Internet can be reached as far as this machine knows.
        nodes: All that were asked.
        problem: Why no socket could be opened; None if one could.
    """

    families: tuple[int, ...]
    nodes: tuple[Node, ...]
    problem: UserError | None = None


async def look(
    relays: Sequence[NodeContact], entry_nodes: Sequence[NodeContact], limit_s: float = LIMIT_S
) -> Network:
    """Ask them all at once.

    Args:
        relays: That the person named.
        entry_nodes: Others that are known.
        limit_s: After so long there is no answer.
    """
    families = tuple(
        version
        for version, far in ((4, ANYWHERE_V4), (6, ANYWHERE_V6))
        if own_address_towards(far) is not None
    )
    asked: list[tuple[Role, NodeContact]] = [("relay", one) for one in relays[:ASKED_MAX]]
    asked += [("entry_node", one) for one in entry_nodes[:ASKED_MAX]]
    try:
        mux = await Mux.open()
    except UserError as problem:
        return Network(families, (), problem)
    prober = Prober(mux, system_rng)
    try:
        probes = await asyncio.gather(
            *(prober.probe(one.key, one.address, limit_s, one.web) for _, one in asked)
        )
    finally:
        with contextlib.suppress(OSError):
            mux.close()
    nodes = [Node(role, one, probe) for (role, one), probe in zip(asked, probes, strict=True)]
    return Network(families, tuple(nodes))


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
