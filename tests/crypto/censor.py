"""A rule of a censor, as it was measured from outside.

Wu et al., "How the Great Firewall of China Detects and Blocks Fully Encrypted Traffic" (USENIX
Security 2023), §4.1: the first payload of a flow is blocked unless one of these exempts it.
"""

_PRINTABLE = range(0x20, 0x7F)
_TLS = (b"\x16\x03", b"\x17\x03")
_HTTP = (b"GET ", b"PUT ", b"POST ", b"HEAD ")


def would_block(payload: bytes) -> bool:
    """Whether the rule blocks a first payload, of TCP there, of UDP too in these tests."""
    ones = sum(byte.bit_count() for byte in payload) / len(payload)
    printable = [byte in _PRINTABLE for byte in payload]
    return not (
        ones <= 3.4
        or ones >= 4.6
        or all(printable[:6])
        or sum(printable) > len(payload) / 2
        or _longest_run(printable) > 20
        or payload.startswith(_TLS)
        or payload.startswith(_HTTP)
    )


def _longest_run(flags: list[bool]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest
