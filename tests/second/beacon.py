"""Asking on the local network (protocol.md, section 10)."""

from tests.second.kit import hkdf, seal

PLAIN_BYTES = 128


def place(lan_key: bytes) -> tuple[str, int]:
    """Multicast group and port."""
    g = hkdf(lan_key, b"group")[:4]
    return f"239.255.{g[0]}.{g[1]}", 20_000 + int.from_bytes(g[2:], "big") % 40_000


def question(lan_key: bytes, nonce: bytes, port: int, number: bytes, ipv4: bytes) -> bytes:
    plain = b"\x01" + port.to_bytes(2, "big") + number + ipv4.ljust(16, b"\0")
    return nonce + seal(hkdf(lan_key, b"ask"), nonce, b"", plain.ljust(PLAIN_BYTES, b"\0"))
