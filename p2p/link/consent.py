"""Connectivity checks of a way that is settled, without taking each apart (RFC 8489, RFC 7675).

A relay with a thousand links answers thousands of checks a second that differ in transaction and
proof only. The first of its kind is handled by aioice; here its repeats are recognised, and the
three messages of a consent check are made and read. Every proof is checked as ever. Sans-IO.
"""

import binascii
import hmac
import ipaddress
import struct
from collections.abc import Callable
from typing import NamedTuple

from p2p.wire.addresses import Address, on_the_wire

TRANSACTION_BYTES = 12

_HEADER_BYTES = 20
_PROOF_BYTES = 32
"""MESSAGE-INTEGRITY and FINGERPRINT at the end of a message, with their heads."""

_INTEGRITY_HEAD = b"\x00\x08\x00\x14"
_FINGERPRINT_HEAD = b"\x80\x28\x00\x04"
_FINGERPRINT_XOR = 0x5354554E
_MAPPED_HEADS = {b"\x00\x20\x00\x08\x00\x01": 4, b"\x00\x20\x00\x14\x00\x02": 16}
_SUCCESS = b"\x01\x01"
_COOKIE = slice(4, 8)


def transaction_of(message: bytes) -> bytes:
    """Its 12 bytes, of anything that passed ``demux.stun_head``."""
    return message[8:_HEADER_BYTES]


def signed(message: bytes, transaction: bytes, key: bytes) -> bytes:
    """Makes a STUN message ready to go.

    Args:
        message: Without proof; its transaction and length are replaced.
        transaction: 12 bytes.
        key: The password of whoever is to check it. Secret.
    """
    head, attributes = message[:2], message[_HEADER_BYTES:]
    rest = message[_COOKIE] + transaction + attributes
    covered = head + struct.pack("!H", len(attributes) + 24) + rest
    rest += _INTEGRITY_HEAD + hmac.digest(key, covered, "sha1")
    whole = head + struct.pack("!H", len(attributes) + _PROOF_BYTES) + rest
    return whole + _FINGERPRINT_HEAD + struct.pack("!I", binascii.crc32(whole) ^ _FINGERPRINT_XOR)


def is_signed(message: bytes, key: bytes) -> bool:
    """Whether a STUN message ends in a proof and a fingerprint, and both are right.

    Args:
        message: Its own length field is taken for checked.
        key: Our password for requests, the peer's for answers. Secret.
    """
    end = len(message) - _PROOF_BYTES
    if end < _HEADER_BYTES or message[end : end + 4] != _INTEGRITY_HEAD:
        return False
    if message[-8:-4] != _FINGERPRINT_HEAD:
        return False
    print_ = struct.pack("!I", binascii.crc32(message[:-8]) ^ _FINGERPRINT_XOR)
    if message[-4:] != print_:
        return False
    covered = message[:2] + struct.pack("!H", end - _HEADER_BYTES + 24) + message[4:end]
    return hmac.compare_digest(hmac.digest(key, covered, "sha1"), message[end + 4 : -8])


def answer_to(request: bytes, address: Address, key: bytes) -> bytes:
    """A success response that says from where the request came.

    Args:
        request: With its header.
        address: Its sender; an IP literal.
        key: Our password. Secret.
    """
    host, port = on_the_wire(address)
    ip = ipaddress.ip_address(host).packed
    head = next(head for head, size in _MAPPED_HEADS.items() if size == len(ip))
    mapped = _masked(port.to_bytes(2, "big") + ip, request)
    return signed(
        _SUCCESS + bytes(2) + request[4:8] + bytes(12) + head + mapped, transaction_of(request), key
    )


def mapped_address(answer: bytes) -> Address | None:
    """The address in a success response that holds one and a proof, and nothing else."""
    size = _MAPPED_HEADS.get(answer[_HEADER_BYTES : _HEADER_BYTES + 6])
    if answer[:2] != _SUCCESS or size is None:
        return None
    if len(answer) != _HEADER_BYTES + 8 + size + _PROOF_BYTES:
        return None
    plain = _masked(answer[_HEADER_BYTES + 6 : -_PROOF_BYTES], answer)
    return str(ipaddress.ip_address(plain[2:])), int.from_bytes(plain[:2], "big")


class _Known(NamedTuple):
    way: object
    address: Address
    head: bytes
    attributes: bytes


class SettledChecks:
    """Recognises repeats of the peer's last check, and makes ours once."""

    def __init__(self) -> None:
        self._known: _Known | None = None
        self._own: tuple[object, bytes] = (None, b"")

    def own(self, way: object, make: Callable[[], bytes]) -> bytes:
        """Our check of a way, without proof.

        Args:
            way: Not None; another one needs another check.
            make: Called if the last one was of another way.
        """
        if self._own[0] != way:
            self._own = way, make()
        return self._own[1]

    def learn(self, request: bytes, address: Address, way: object) -> None:
        """A check was found to be authentic, and to change nothing.

        Args:
            request: As it came.
            address: From where.
            way: What it was found for; equal as long as a repeat would change nothing either.
        """
        attributes = request[_HEADER_BYTES:-_PROOF_BYTES]
        self._known = _Known(way, address, request[:8], attributes)

    def repeats(self, request: bytes, address: Address, way: object) -> bool:
        """Whether a message says what the learned one said; its proof is yet to be checked."""
        known = self._known
        return (
            known is not None
            and known.address == address
            and known.way == way
            and request[:8] == known.head
            and request[_HEADER_BYTES:-_PROOF_BYTES] == known.attributes
        )


def _masked(value: bytes, message: bytes) -> bytes:
    """XORs port and address with cookie and transaction (RFC 8489 §14.2)."""
    mask = message[4:6] + message[4 : 2 + len(value)]
    mixed = int.from_bytes(value, "big") ^ int.from_bytes(mask, "big")
    return mixed.to_bytes(len(value), "big")
