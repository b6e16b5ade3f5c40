"""Why a search ended without any answer: an empty room, or no way to ask."""

import socket

from p2p.api.settings import Settings
from p2p.errors import UserError
from p2p.link.candidates import ANYWHERE_V4, ANYWHERE_V6, own_address_towards
from p2p.node.endpoint import MemberEndpoint
from p2p.wire.addresses import Address, Scope, known_scope

NOBODY = "no_room"
_NO_NETWORK = 3


def explained(error: UserError, settings: Settings, net: MemberEndpoint) -> UserError:
    """Puts a better reason in the place of "no one is here", if there is one.

    Args:
        error: Why we did not get in; anything but ``no_room`` stays as it is.
        settings: Which ways were allowed.
        net: Our socket and DHT, after the search.
    """
    if error.code != NOBODY:
        return error
    if not _on_a_network():
        return UserError(
            "no_network",
            "This computer seems to be on no network.",
            "Connect it to one, then try again.",
            _NO_NETWORK,
        )
    if net.contacts and settings.allows("dht") and net.dht.peers == 0:
        return UserError(
            "no_entry_node",
            "Nothing answers: 0 of {count} entry nodes.",
            "Check the network, or name an entry node that runs with --bootstrap.",
            _NO_NETWORK,
            count=len(net.contacts),
        )
    return error


def _on_a_network() -> bool:
    """Whether the kernel knows a way out, or an interface beside the loopback one."""
    interfaces: list[Address] = [(f"ff02::1%{index}", 9) for index, _ in socket.if_nameindex()]
    own = [own_address_towards(address) for address in (ANYWHERE_V4, ANYWHERE_V6, *interfaces)]
    return any(ip is not None and known_scope(ip) is not Scope.LOOPBACK for ip in own)
