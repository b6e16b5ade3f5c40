"""Where a room can be entered: a key and an address, in invites and in DHT records."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from typing import Annotated, Literal

import msgspec

from crypto.dh import DH_BYTES
from crypto.errors import LocalError, RemoteError
from crypto.ids import DhKey

Address = tuple[str, int]
Kind = Literal["door", "relay"]
_KINDS: tuple[Kind, ...] = ("door", "relay")
_PORT_BYTES = 2
_ENDPOINT_BYTES = (4 + _PORT_BYTES, 16 + _PORT_BYTES)
_NAMED_FROM_BYTES = 16 + _PORT_BYTES
WEB_MAX_CHARS = 80
_MAPPED = bytes(10) + b"\xff\xff"
_WEB = re.compile(rf"[!-~]{{1,{WEB_MAX_CHARS}}}")
_THIS_NETWORK = IPv4Network("0.0.0.0/8")


class PackedContact(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A contact on the wire.

    Attributes:
        kind: 0 door, 1 relay.
        dh: X25519 public key, 32 bytes.
        endpoint: IP address in 4 or 16 bytes and port in 2, big endian, as in BEP 5 and 32; of one
            that has a name 16 bytes (IPv4 mapped into IPv6), port and the name in ASCII.
    """

    kind: Annotated[int, msgspec.Meta(ge=0, le=1)]
    dh: Annotated[DhKey, msgspec.Meta(min_length=32, max_length=32)]
    endpoint: Annotated[bytes, msgspec.Meta(min_length=6, max_length=18 + WEB_MAX_CHARS)]


@dataclass(frozen=True, slots=True)
class Contact:
    """A node that lets people into the room.

    Attributes:
        dh: The node's X25519 public key, 32 bytes: an address alone proves nothing.
        address: IP literal without zone and without ``::ffff:``, and UDP port.
        kind: ``door`` is a member and answers a knock; ``relay`` passes knocks on.
        web: Of a relay that has a name: what stands before the ``#`` of its line.
    """

    dh: DhKey
    address: Address
    kind: Kind = "door"
    web: str = field(default="", compare=False)

    def pack(self) -> PackedContact:
        """Give the wire form.

        Raises:
            LocalError: Nobody could use this contact.
        """
        host, port = self.address
        try:
            ip = ip_address(host)
            if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
                ip = ip.ipv4_mapped
            packed_ip = ip.packed
            if self.web and len(packed_ip) == 4:
                packed_ip = _MAPPED + packed_ip
            endpoint = packed_ip + port.to_bytes(_PORT_BYTES, "big") + self.web.encode("ascii")
            packed = PackedContact(_KINDS.index(self.kind), self.dh, endpoint)
            Contact.unpack(packed)
        except (ValueError, OverflowError, RemoteError) as error:
            raise LocalError("contact that nobody could use") from error
        if len(self.dh) != DH_BYTES:
            raise LocalError("contact with a key of another length")
        return packed

    @classmethod
    def unpack(cls, packed: PackedContact) -> "Contact":
        """Check a contact that came from somewhere else.

        Loopback and private addresses pass: whether they may be used depends on who
        asks, which the caller knows.

        Raises:
            RemoteError: No single host can have this address.
        """
        endpoint, web = packed.endpoint[:_NAMED_FROM_BYTES], packed.endpoint[_NAMED_FROM_BYTES:]
        if len(endpoint) not in _ENDPOINT_BYTES:
            raise RemoteError("contact with an endpoint of no known length")
        name = web.decode("latin-1")
        if web and not _WEB.fullmatch(name):
            raise RemoteError("contact with a name that is none")
        ip = ip_address(endpoint[:-_PORT_BYTES])
        port = int.from_bytes(endpoint[-_PORT_BYTES:], "big")
        if name and isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        mapped = isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None
        nobody = isinstance(ip, IPv4Address) and (ip.is_reserved or ip in _THIS_NETWORK)
        if mapped or nobody or ip.is_unspecified or ip.is_multicast or port == 0:
            raise RemoteError("contact with an address of no host")
        return cls(packed.dh, (str(ip), port), _KINDS[packed.kind], name)
