"""Where each relay is, as far as we know by now: by its lines, and by its own signed word. Sans-IO.

What others hand us of a relay counts only as far as the relay has signed it, and leads only to a
relay that we use anyway. Words of others that a room names are kept to be handed on.
"""

import contextlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from crypto.contact import Contact
from crypto.ids import DhKey
from crypto.item import Item
from p2p.dht.relay_finder import newest_word
from p2p.link.dial import Ways
from p2p.node.relays.trusted import RelayPlaces, places_of
from p2p.wire.addresses import Address

WORDS_MAX = 128
"""Relays whose word is kept: all that a room can name, and our own."""


class RelayMap:
    """See the module.

    Args:
        places: Of relays that are known by more than one line, by their keys.
    """

    def __init__(self, places: Mapping[DhKey, RelayPlaces]) -> None:
        self._places = dict(places)
        self._words: OrderedDict[DhKey, Item] = OrderedDict()
        self._tried: dict[DhKey, list[Ways]] = {}

    def of(self, relay: Contact) -> RelayPlaces:
        """Where we would look for a relay that we use."""
        return self._places.get(relay.dh) or places_of(relay)

    def put(self, relay: Contact, places: RelayPlaces) -> None:
        """From now on it is looked for there."""
        self._places[relay.dh] = places

    def add(self, relay: Contact, addresses: Sequence[Address]) -> None:
        """It may be at these addresses as well; who is calling it tries them at once."""
        self._places[relay.dh] = self.of(relay).with_first(addresses)
        for ways in self._tried.get(relay.dh, ()):
            for address in addresses:
                if address not in ways.all:
                    ways.add(address)

    @contextlib.contextmanager
    def trying(self, relay: Contact, ways: Ways) -> Iterator[None]:
        """While it is called: new addresses become ways."""
        tried = self._tried.setdefault(relay.dh, [])
        tried.append(ways)
        try:
            yield
        finally:
            tried.remove(ways)
            if not tried:
                del self._tried[relay.dh]

    def word(self, relay: DhKey) -> tuple[bytes, ...]:
        """The newest record of a relay that we have, encoded; none if there is none."""
        word = self._words.get(relay)
        return () if word is None else (word.encode(),)

    def hear(self, relay: Contact, items: Iterable[bytes], *, ours: bool) -> bool:
        """Take what may be records of a relay.

        Args:
            relay: The relay, as we or the room know it.
            items: Encoded; foreign.
            ours: We use it. A relay that we know by lines of the web alone is looked for nowhere.

        Returns:
            Whether they say that it is where neither we nor the room knew it to be.
        """
        known = self.of(relay).addresses
        held = self._words.get(relay.dh)
        found = newest_word(relay.dh, items, known, -1 if held is None else held.seq)
        if found is None:
            return False
        before = () if held is None else newest_said(relay.dh, held, known)
        self._words[relay.dh] = found.item
        self._words.move_to_end(relay.dh)
        if len(self._words) > WORDS_MAX:
            self._words.popitem(last=False)
        if ours and known:
            self.add(relay, found.addresses)
        return not {*found.addresses} <= {*known, *before}


def newest_said(dh: DhKey, word: Item, known: Iterable[Address]) -> tuple[Address, ...]:
    """What a record that was good says."""
    found = newest_word(dh, [word.encode()], known)
    return () if found is None else found.addresses
