"""The room key in every form in which it can be handed over."""

from collections.abc import Iterable

from crypto.contact import Contact
from crypto.invite import MAX_CONTACTS, Invite
from crypto.roomkey import RoomKey
from crypto.words import to_digits, to_line, to_words
from p2p.api.events import KeyShown


def key_forms(key: RoomKey, contacts: Iterable[Contact]) -> KeyShown:
    """Words, line, digits and the long invite with the first four contacts."""
    invite = Invite(key, tuple(contacts)[:MAX_CONTACTS])
    return KeyShown(to_words(key), to_line(key), to_digits(key), invite.to_line())
