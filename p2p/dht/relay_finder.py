"""Where a relay says that it is now, by what was found in the DHT. Sans-IO."""

from collections.abc import Iterable

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.item import Item
from crypto.relay_record import open_relay_record
from p2p.wire.addresses import Address, Scope, known_scope


def addresses_said(
    dh: DhKey, items: Iterable[bytes], known: Iterable[Address]
) -> tuple[Address, ...]:
    """Read what may be records of a relay.

    An old one that somebody kept does no harm: what it says is tried beside what is known.

    Args:
        dh: The relay's public key.
        items: What somebody has found, encoded.
        known: Where we knew the relay to be: an address of a narrower scope is not believed, unless
            one of these has that scope.

    Returns:
        Of the newest good record; none if there is none.
    """
    scopes = {Scope.GLOBAL, *(known_scope(address[0]) for address in known)}
    said: tuple[Address, ...] = ()
    newest = -1
    for data in items:
        try:
            item = Item.decode(data)
            addresses = open_relay_record(dh, item)
        except RemoteError:
            continue
        if item.seq > newest:
            newest, said = item.seq, addresses
    return tuple(address for address in said if known_scope(address[0]) in scopes)
