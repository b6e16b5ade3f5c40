"""Ids that fit the address of their node (BEP 42): nobody chooses freely where it is."""

import ipaddress
from collections.abc import Callable

from p2p.wire.addresses import Scope, scope_of

ID_BYTES = 20
_MASK_V4 = bytes.fromhex("030f3fff")
_MASK_V6 = bytes.fromhex("0103070f1f3f7fff")
_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), reflected
_BOUND_BITS = 21


def _row(number: int) -> int:
    for _ in range(8):
        number = (number >> 1) ^ (_POLYNOMIAL if number & 1 else 0)
    return number


_TABLE = tuple(map(_row, range(256)))


def crc32c(data: bytes) -> int:
    """Give the CRC-32C of some bytes (RFC 3720 §B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def make_id(ip: str | None, rng: Callable[[int], bytes]) -> bytes:
    """Make an id for a node.

    Args:
        ip: Its address as others see it; None: not known yet, any id will do.
        rng: Source of random bytes.

    Returns:
        20 bytes, of which 131 bits are random.
    """
    made = rng(ID_BYTES)
    if ip is None or scope_of(ip) is not Scope.GLOBAL:
        return made
    bound = _bound_bits(ip, made[-1])
    head = int.from_bytes(made[:3], "big") & 0x07 | bound << 3
    return head.to_bytes(3, "big") + made[3:]


def fits(node_id: bytes, ip: str) -> bool:
    """Tell whether an id is one that a node at an address may have.

    Args:
        node_id: 20 bytes.
        ip: IP literal; on loopback and private nets every id fits.
    """
    if scope_of(ip) is not Scope.GLOBAL:
        return True
    return int.from_bytes(node_id[:3], "big") >> 3 == _bound_bits(ip, node_id[-1])


def _bound_bits(ip: str, last_byte: int) -> int:
    packed = ipaddress.ip_address(ip).packed
    mask = _MASK_V4 if len(packed) == 4 else _MASK_V6
    masked = bytearray(byte & bits for byte, bits in zip(packed, mask, strict=False))
    masked[0] |= (last_byte & 7) << 5
    return crc32c(bytes(masked)) >> (32 - _BOUND_BITS)
