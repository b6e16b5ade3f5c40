"""The long invite: a room key with contacts, for a line of text or a QR code.

``TEAHOUSE:`` and upper-case base 32, so that a QR code takes its compact alphabet:
33 characters of room key as in ``words.to_line``, then a MessagePack array
[contacts, seed] and a checksum of 4 bytes over key and array. The key stands by itself:
it still works when the rest was cut off.
"""

import hashlib
import re
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Annotated

import msgspec

from crypto import base32
from crypto.contact import Contact, PackedContact
from crypto.errors import LocalError, RemoteError, UserError
from crypto.keycode import LINE
from crypto.keyhints import bad_key, too_long, two_keys
from crypto.keytext import MAX_TEXT_CHARS, alnum_groups, normalise
from crypto.repair import Repair
from crypto.roomkey import RoomKey
from crypto.words import parse_verbose, to_line

__all__ = ["MAX_CONTACTS", "SEED_BYTES", "Contact", "Invite", "parse_key_text"]

PREFIX = "TEAHOUSE:"
MAX_CONTACTS = 2
SEED_BYTES = 16
MAX_INVITE_CHARS = 400
_MAX_PREFIXES = 8
_CHECK_BYTES = 4
_PERSON = b"teahouse/invite"
_PREFIX = re.compile(r"teahouse\s*:", re.IGNORECASE)


class _Hints(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    contacts: Annotated[list[PackedContact], msgspec.Meta(max_length=MAX_CONTACTS)]
    seed: Annotated[bytes, msgspec.Meta(min_length=SEED_BYTES, max_length=SEED_BYTES)] | None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Hints)


@dataclass(frozen=True, slots=True)
class Invite:
    """What somebody was handed to enter a room.

    Attributes:
        key: The room key, secret.
        contacts: At most two nodes to ask first, so that no DHT is needed.
        seed: Reserved: 16 secret bytes of a personal invitation, or ``None``.
        repair: The mistake that was corrected in reading, to be shown; or ``None``.
        contacts_lost: The part with the contacts was damaged, only the key is good.
    """

    key: RoomKey
    contacts: tuple[Contact, ...] = ()
    seed: bytes | None = field(default=None, repr=False)
    repair: Repair | None = field(default=None, compare=False)
    contacts_lost: bool = field(default=False, compare=False)

    def to_line(self) -> str:
        """Write the invite as one line, as secret as the key.

        Returns:
            42 characters without contacts, at most 194 with two IPv4 contacts.

        Raises:
            LocalError: More than two contacts, a seed of another length, or a contact
                that nobody could use.
        """
        if len(self.contacts) > MAX_CONTACTS or len(self.seed or bytes(SEED_BYTES)) != SEED_BYTES:
            raise LocalError("invite with too many contacts or a seed of another length")
        line = PREFIX + to_line(self.key).replace("-", "")
        if not self.contacts and self.seed is None:
            return line
        hints = _ENCODER.encode(_Hints([c.pack() for c in self.contacts], self.seed))
        return line + base32.encode(hints + _checksum(self.key, hints))


def parse_key_text(text: str) -> Invite:
    """Read whatever a person pasted to enter a room: a long invite or a room key in any form.

    An invite is found in the middle of other text, in any case, broken into lines. One
    wrong character of its key part is corrected; a damaged rest is left out. If no
    invite is good the text is searched for a room key.

    Raises:
        UserError: ``bad_key`` or ``newer_key``, as ``words.parse_verbose`` says.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise too_long()
    plain = normalise(text)
    candidates = _candidates(plain)
    found = [invite for groups in candidates if (invite := _read(groups))]
    if len({invite.key for invite in found}) > 1:
        raise two_keys()
    if found:
        return min(found, key=lambda invite: invite.contacts_lost)
    try:
        reading = parse_verbose(plain)
    except UserError as error:
        looks_like_invite = any(len(groups[0]) >= LINE.count - 1 for groups in candidates)
        if error.code == "bad_key" and looks_like_invite:
            raise bad_key(
                "The key in this invite is damaged.",
                "Ask for the invite again, or for the 15 words.",
            ) from None
        raise
    return Invite(reading.key, repair=reading.repair)


def _candidates(plain: str) -> list[list[str]]:
    """Give the groups of letters and digits behind each prefix, as far as an invite may go."""
    candidates = []
    for match in islice(_PREFIX.finditer(plain), _MAX_PREFIXES):
        groups = alnum_groups(plain[match.end() : match.end() + 2 * MAX_INVITE_CHARS])
        if groups:
            candidates.append(groups)
    return candidates


def _read(groups: list[str]) -> Invite | None:
    """Read one invite; other text may follow it. ``None`` if not even its key is good."""
    letters = "".join(groups)[:MAX_INVITE_CHARS]
    try:
        reading = parse_verbose(letters[: LINE.count])
    except UserError as error:
        if error.code == "newer_key":
            raise
        return None
    ends = list(accumulate(map(len, groups)))
    for end in reversed(ends):
        try:
            contacts, seed = _read_hints(reading.key, letters[LINE.count : end])
        except RemoteError:
            continue
        return Invite(reading.key, contacts, seed, reading.repair)
    return Invite(reading.key, repair=reading.repair, contacts_lost=LINE.count not in ends)


def _read_hints(key: RoomKey, letters: str) -> tuple[tuple[Contact, ...], bytes | None]:
    data = base32.decode(letters)
    packed, checksum = data[:-_CHECK_BYTES], data[-_CHECK_BYTES:]
    if checksum != _checksum(key, packed):
        raise RemoteError("invite with a wrong checksum")
    try:
        hints = _DECODER.decode(packed)
    except msgspec.DecodeError as error:
        raise RemoteError("invite with malformed contacts") from error
    return tuple(Contact.unpack(contact) for contact in hints.contacts), hints.seed


def _checksum(key: RoomKey, hints: bytes) -> bytes:
    hashed = hashlib.blake2b(key.secret + hints, digest_size=_CHECK_BYTES, person=_PERSON)
    return hashed.digest()
