"""What two nodes say in the sealed handshake: how a direct link to each can be made.

KNOCK and WELCOME run between members, HELLO and HELLO_ACK between a node and a relay. Sizes are
chosen so that the largest value fits the padded datagram (512 bytes, WELCOME 1,024).
"""

import ipaddress
from enum import IntEnum
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from crypto.genesis import MAX_GENESIS_BYTES
from crypto.knock import MAX_ANSWER_BYTES, MAX_HELLO_ACK_BYTES, MAX_QUESTION_BYTES
from p2p.errors import LocalError
from p2p.room.ops.canonical import Quiet, pack, unpack
from p2p.wire.addresses import scope_of
from p2p.wire.version import PROTOCOL_VERSION, require_version

CANDIDATES_MAX = 8

PackedIp = Annotated[bytes, Meta(min_length=4, max_length=16)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Version = Annotated[int, Meta(ge=PROTOCOL_VERSION, le=PROTOCOL_VERSION)]
Fingerprint = Annotated[bytes, Meta(min_length=32, max_length=32)]
# RFC 8839 §5.4: ice-char, at least 24 bits of ufrag and 128 bits of pwd.
Ufrag = Annotated[str, Meta(min_length=4, max_length=8, pattern=r"^[A-Za-z0-9+/]+\Z")]
Pwd = Annotated[str, Meta(min_length=22, max_length=22, pattern=r"^[A-Za-z0-9+/]+\Z")]


def _require_unicast(ip: bytes) -> None:
    if len(ip) not in (4, 16):
        raise ValueError("neither IPv4 nor IPv6")
    address = ipaddress.ip_address(ip)
    if scope_of(str(address)) is None:
        raise ValueError("not one host")


class CandidateKind(IntEnum):
    """How a node learned the address it offers (RFC 8445 §5.1.1)."""

    HOST = 0
    SRFLX = 1


class Endpoint(Quiet, frozen=True):
    """One UDP address. ``ip`` is packed: 4 or 16 bytes, never IPv4 mapped into IPv6."""

    ip: PackedIp
    port: Port

    def __post_init__(self) -> None:
        _require_unicast(self.ip)

    @classmethod
    def of(cls, address: tuple[str, int]) -> Self:
        """From an IP literal and a port; raises ValueError if it is not one host."""
        return cls(ipaddress.ip_address(address[0]).packed, address[1])

    @property
    def address(self) -> tuple[str, int]:
        """IP literal and port, as sockets take them."""
        return str(ipaddress.ip_address(self.ip)), self.port


class Candidate(Quiet, frozen=True):
    """An address at which the offering node may be reached, for the link being made only."""

    ip: PackedIp
    port: Port
    kind: CandidateKind

    def __post_init__(self) -> None:
        _require_unicast(self.ip)

    @classmethod
    def of(cls, address: tuple[str, int], kind: CandidateKind) -> Self:
        """From an IP literal and a port; raises ValueError if it is not one host."""
        return cls(ipaddress.ip_address(address[0]).packed, address[1], kind)

    @property
    def address(self) -> tuple[str, int]:
        """IP literal and port, as sockets take them."""
        return str(ipaddress.ip_address(self.ip)), self.port


class LinkOffer(Quiet, frozen=True):
    """One side of a link: ICE credentials, DTLS certificate hash, addresses. Secret.

    Attributes:
        ufrag: ICE user name fragment, 4 to 8 characters (RFC 8839 §5.4).
        pwd: ICE password, 22 characters.
        fingerprint: SHA-256 of the DTLS certificate, 32 bytes (RFC 8122).
        candidates: At most 8.
    """

    ufrag: Ufrag
    pwd: Pwd
    fingerprint: Fingerprint
    candidates: Annotated[tuple[Candidate, ...], Meta(max_length=CANDIDATES_MAX)] = ()


class Greeting(Quiet, frozen=True):
    """A handshake payload: the version stands first, in this and every later version."""

    LIMIT_BYTES: ClassVar[int] = MAX_ANSWER_BYTES

    version: Version

    def encode(self) -> bytes:
        """Bytes for the handshake; raises LocalError if they would not fit the datagram."""
        data = pack(self)
        if len(data) > self.LIMIT_BYTES:
            raise LocalError("greeting does not fit its datagram")
        return data

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read hostile bytes.

        Raises:
            VersionMismatchError: The peer speaks another version.
            RemoteError: Anything else is wrong.
        """
        require_version(data)
        return unpack(data, msgspec.msgpack.Decoder(cls), cls.LIMIT_BYTES)


class Knock(Greeting, frozen=True):
    """A newcomer to a member: I hold the room key, link me.

    Attributes:
        offer: The newcomer's side of the link; None: only a line through the carrier.
    """

    LIMIT_BYTES: ClassVar[int] = MAX_QUESTION_BYTES

    offer: LinkOffer | None


class Welcome(Greeting, frozen=True):
    """The member's answer.

    Attributes:
        seen: The newcomer's address as the member saw it; None for a line through a carrier.
        offer: The member's side of the link; None: there is only the line through the carrier.
        genesis: The room's first record, from which with ``r`` the room key is checked.
        r: The 16 secret bytes that the room key commits to beside the genesis.
    """

    seen: Endpoint | None
    offer: LinkOffer | None
    genesis: Annotated[bytes, Meta(min_length=1, max_length=MAX_GENESIS_BYTES)]
    r: Annotated[bytes, Meta(min_length=16, max_length=16)]


class Hello(Greeting, frozen=True):
    """A node to a relay: link me."""

    LIMIT_BYTES: ClassVar[int] = MAX_QUESTION_BYTES

    offer: LinkOffer


class HelloAck(Greeting, frozen=True):
    """The relay's answer. ``seen``: the node's address as the relay saw it."""

    LIMIT_BYTES: ClassVar[int] = MAX_HELLO_ACK_BYTES

    seen: Endpoint
    offer: LinkOffer
