"""The relays that a person has chosen to trust with its address.

They come from the invite, from ``--relay`` and from the lists of entry nodes, and from nowhere
else: whoever could name another one through the DHT or in the room could learn who is in it.
"""

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.invite import Invite
from p2p.api.settings import Settings
from p2p.dht.contact import NodeContact
from p2p.wire.addresses import Address

ADDRESSES_MAX = 4


def trusted_relays(
    settings: Settings, entry_nodes: list[NodeContact], invite: Invite | None
) -> list[Contact]:
    """List them, the nearest to the person first.

    Args:
        settings: With the lines of ``--relay``, checked before.
        entry_nodes: From ``--bootstrap`` and the file.
        invite: What we were given, if anything.

    Raises:
        UserError: A line of ``--relay`` is no good.
    """
    chosen = _all_lines(settings, entry_nodes, invite)
    return list({contact.dh: contact for contact in reversed(chosen)}.values())[::-1]


def addresses_of_relays(
    settings: Settings, entry_nodes: list[NodeContact], invite: Invite | None
) -> dict[DhKey, list[Address]]:
    """Every address of each of them, by its key: one may be named by an IPv4 and an IPv6 line.

    Args and raises: as ``trusted_relays``.
    """
    found: dict[DhKey, list[Address]] = {}
    for contact in _all_lines(settings, entry_nodes, invite):
        found.setdefault(contact.dh, []).append(contact.address)
    return {dh: list(dict.fromkeys(each))[:ADDRESSES_MAX] for dh, each in found.items()}


def _all_lines(
    settings: Settings, entry_nodes: list[NodeContact], invite: Invite | None
) -> list[Contact]:
    named = [NodeContact.parse(line) for line in settings.relays]
    given = [] if invite is None else [c for c in invite.contacts if c.kind == "relay"]
    known = [Contact(c.key, c.address, "relay") for c in [*named, *entry_nodes]]
    return [*known[: len(named)], *given, *known[len(named) :]]
