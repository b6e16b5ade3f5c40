"""Amounts as a volunteer writes them: ``2MB/s``, ``90s``, ``1h``; and how they are said again."""

import re

_BYTES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}
_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?([kmgt]?)b/s", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?(s|m|min|h|d|)", re.IGNORECASE)
MONTH_S = 30 * 86_400


def rate_of(text: str) -> float:
    """Read a rate such as ``2MB/s`` or ``64 kB/s``.

    Returns:
        Bytes a second, more than 0.

    Raises:
        ValueError: It is written otherwise, or zero.
    """
    found = _RATE.fullmatch(text.strip())
    if found is None or float(found[1]) <= 0:
        raise ValueError("write a rate as 2MB/s or 64kB/s")
    return float(found[1]) * _BYTES[found[2].lower()]


def time_of(text: str) -> float:
    """Read a time such as ``90``, ``90s``, ``15min`` or ``1h``.

    Returns:
        Seconds.

    Raises:
        ValueError: It is written otherwise.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError("write a time as 60s, 15min or 1h")
    return float(found[1]) * _SECONDS[found[2].lower()]


def said_bytes(count: float) -> str:
    """Say an amount of data in decimal units, two digits or more: ``5.2 TB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.1f} {unit}" if count < 9.95 and unit != "B" else f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def said_time(seconds: float) -> str:
    """Say a time in its largest whole unit: ``1 h``, ``90 s``."""
    for unit, length_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length_s and seconds % length_s == 0:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.0f} s"
