"""The long invite: a room key with contacts, for a line of text or a QR code.

``TEAHOUSE:`` and upper-case base 32, so that a QR code takes its compact alphabet:
33 characters of room key as in ``words.to_line``, then a MessagePack array
[contacts, ticket] and a checksum of 4 bytes over key and array. The key stands by itself:
it still works when the rest was cut off.

A ticket makes the invite a personal one: 16 secret bytes, from which a signing key follows, and
the id of the operation in which a member has named that key. Who comes by it signs its own name.
"""

import hashlib
import re
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Annotated, NamedTuple

import msgspec

from crypto import base32
from crypto.contact import Contact, PackedContact
from crypto.errors import LocalError, RemoteError, UserError
from crypto.identity import sign, sign_public_of
from crypto.ids import MemberId, OpId, RoomId, SignKey
from crypto.kdf import hkdf
from crypto.keycode import LINE
from crypto.keyhints import bad_key, too_long, two_keys
from crypto.keytext import MAX_TEXT_CHARS, alnum_groups, normalise
from crypto.repair import Repair
from crypto.roomkey import RoomKey
from crypto.words import parse_verbose, to_line

__all__ = ["MAX_CONTACTS", "SEED_BYTES", "Contact", "Invite", "Ticket", "parse_key_text"]

PREFIX = "TEAHOUSE:"
MAX_CONTACTS = 4
SEED_BYTES = 16
ID_BYTES = 16
TICKET_BYTES = SEED_BYTES + ID_BYTES
MAX_INVITE_CHARS = 1_000
_MAX_PREFIXES = 8
_CHECK_BYTES = 4
_PERSON = b"teahouse/invite"
_CONTEXT = b"invite"
_PREFIX = re.compile(r"teahouse\s*:", re.IGNORECASE)


class _Hints(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    contacts: Annotated[list[PackedContact], msgspec.Meta(max_length=MAX_CONTACTS)]
    ticket: Annotated[bytes, msgspec.Meta(min_length=TICKET_BYTES, max_length=TICKET_BYTES)] | None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Hints)


class Ticket(NamedTuple):
    """What makes an invite a personal one.

    Attributes:
        seed: 16 secret bytes.
        invite: Id of the operation that names the key, 16 bytes; not secret.
    """

    seed: bytes
    invite: OpId

    def prove(self, room_id: RoomId, member_id: MemberId) -> bytes:
        """Sign the name of whoever comes by this invite: 64 bytes."""
        return sign(_sign_seed(self.seed), _CONTEXT, room_id + member_id)

    def __repr__(self) -> str:
        return "Ticket(…)"


def invite_key(seed: bytes) -> SignKey:
    """The Ed25519 public key of an invite's seed of 16 bytes, for the operation that names it."""
    return sign_public_of(_sign_seed(seed))


def _sign_seed(seed: bytes) -> bytes:
    return hkdf(seed, b"invite")


@dataclass(frozen=True, slots=True)
class Invite:
    """What somebody was handed to enter a room.

    Attributes:
        key: The room key, secret.
        contacts: At most four nodes to ask first, so that no DHT is needed.
        ticket: Of a personal invite, or ``None``.
        repair: The mistake that was corrected in reading, to be shown; or ``None``.
        contacts_lost: The part with the contacts was damaged, only the key is good.
    """

    key: RoomKey
    contacts: tuple[Contact, ...] = ()
    ticket: Ticket | None = field(default=None, repr=False)
    repair: Repair | None = field(default=None, compare=False)
    contacts_lost: bool = field(default=False, compare=False)

    def to_line(self) -> str:
        """Write the invite as one line, as secret as the key.

        Returns:
            42 characters without contacts, 247 with two IPv4 contacts and a ticket, 388 with four,
            at most 977 with names.

        Raises:
            LocalError: More than four contacts, a ticket of another length, or a contact
                that nobody could use.
        """
        ticket = None if self.ticket is None else b"".join(self.ticket)
        if len(self.contacts) > MAX_CONTACTS or len(ticket or bytes(TICKET_BYTES)) != TICKET_BYTES:
            raise LocalError("invite with too many contacts or a ticket of another length")
        line = PREFIX + to_line(self.key).replace("-", "")
        if not self.contacts and ticket is None:
            return line
        hints = _ENCODER.encode(_Hints([c.pack() for c in self.contacts], ticket))
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
        reading = parse_verbose(text)
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
            contacts, ticket = _read_hints(reading.key, letters[LINE.count : end])
        except RemoteError:
            continue
        return Invite(reading.key, contacts, ticket, reading.repair)
    return Invite(reading.key, repair=reading.repair, contacts_lost=LINE.count not in ends)


def _read_hints(key: RoomKey, letters: str) -> tuple[tuple[Contact, ...], Ticket | None]:
    data = base32.decode(letters)
    packed, checksum = data[:-_CHECK_BYTES], data[-_CHECK_BYTES:]
    if checksum != _checksum(key, packed):
        raise RemoteError("invite with a wrong checksum")
    try:
        hints = _DECODER.decode(packed)
    except msgspec.DecodeError as error:
        raise RemoteError("invite with malformed contacts") from error
    ticket = None
    if hints.ticket is not None:
        ticket = Ticket(hints.ticket[:SEED_BYTES], OpId(hints.ticket[SEED_BYTES:]))
    return tuple(Contact.unpack(contact) for contact in hints.contacts), ticket


def _checksum(key: RoomKey, hints: bytes) -> bytes:
    hashed = hashlib.blake2b(key.secret + hints, digest_size=_CHECK_BYTES, person=_PERSON)
    return hashed.digest()
