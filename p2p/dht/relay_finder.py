"""Where a relay says that it is now, by what was found in the DHT. Sans-IO."""

from collections.abc import Iterable
from dataclasses import dataclass

from crypto.errors import RemoteError
from crypto.ids import DhKey
from crypto.item import Item
from crypto.relay_record import open_relay_record
from p2p.wire.addresses import Address, Scope, known_scope


@dataclass(frozen=True, slots=True)
class Word:
    """What a relay says of itself.

    Attributes:
        item: Its record.
        addresses: Of the record those that may be believed.
    """

    item: Item
    addresses: tuple[Address, ...]


def newest_word(
    dh: DhKey, items: Iterable[bytes], known: Iterable[Address], beyond_seq: int = -1
) -> Word | None:
    """Read what may be records of a relay.

    An old one that somebody kept does no harm: what it says is tried beside what is known.

    Args:
        dh: The relay's public key.
        items: What somebody has found, encoded.
        known: Where we knew the relay to be: an address of a narrower scope is not believed, unless
            one of these has that scope.
        beyond_seq: What is not newer than that is not looked at.

    Returns:
        The newest good record; None if there is none.
    """
    scopes = {Scope.GLOBAL, *(known_scope(address[0]) for address in known)}
    newest: Word | None = None
    for data in items:
        try:
            item = Item.decode(data)
            if item.seq <= (beyond_seq if newest is None else newest.item.seq):
                continue
            said = open_relay_record(dh, item)
        except RemoteError:
            continue
        believed = tuple(address for address in said if known_scope(address[0]) in scopes)
        newest = Word(item, believed)
    return newest


def addresses_said(
    dh: DhKey, items: Iterable[bytes], known: Iterable[Address]
) -> tuple[Address, ...]:
    """Where a relay says that it is, as ``newest_word`` has it; none if it says nothing."""
    word = newest_word(dh, items, known)
    return () if word is None else word.addresses
