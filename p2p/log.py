"""The log: it says what the program does, never who, where, or with which key.

Addresses, keys, ids and names are taken out of every record by their type, and what looks like
one of them out of every text, foreign libraries' and tracebacks' included.
"""

import ipaddress
import logging
import os
import re
import sys
from typing import IO

from p2p.errors import UserError
from p2p.room.ops.canonical import Quiet
from p2p.room.text.names import DisplayName

ADDRESS = "[address]"
SECRET = "[bytes]"  # noqa: S105
NAME = "[name]"
TEXT = "[key]"
LEVELS = ("debug", "info", "warning", "error")
PACKAGES = ("crypto", "audio", "p2p", "tui", "teahouse", "teahouse.trace")

_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.]*\w)")
_IPV6 = re.compile(
    r"(?<![\w:.])\[?([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?:%\w+)?(?:\]:\d{1,5}|\])?(?!\w)"
)
_BYTES = re.compile(r"""\b(?:bytearray\()?b(?P<quote>['"])(?:\\.|(?!(?P=quote)).)*(?P=quote)\)?""")
_KEYS = re.compile(
    r"""TEAHOUSE:\S+
    |\b[0-9A-Fa-f]{16,}\b
    |\b(?=[A-Za-z]*[0-9])[0-9A-Za-z+=]{26,}
    |\b[0-9A-Za-z]{5}(?:-[0-9A-Za-z]{1,5}){5,}\b
    |\b\d{5}(?:[ -]\d{5}){5,}\b""",
    re.IGNORECASE | re.VERBOSE,
)


def scrub(text: str) -> str:
    """Take out of a text what looks like an address or a key.

    Args:
        text: One or more lines, such as a message of the operating system.

    Returns:
        The text with ``[address]``, ``[bytes]`` and ``[key]`` in their place. Versions such as
        ``1.16.0``, times such as ``12:30`` and ordinary words stay.
    """
    text = _BYTES.sub(SECRET, text)
    text = _KEYS.sub(TEXT, text)
    text = _IPV4.sub(ADDRESS, text)
    return _IPV6.sub(_address_or_not, text)


def _address_or_not(match: re.Match[str]) -> str:
    """A time of day has colons as well."""
    try:
        ipaddress.IPv6Address(match[1].rstrip("."))
    except ValueError:
        return match[0]
    return ADDRESS


def scrub_value(value: object) -> object:
    """Replace a value that a log record was given, by its type.

    Numbers stay. Names, bytes, wire structs and ``(ip, port)`` pairs become their label;
    collections are gone through; all else becomes its scrubbed text.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return SECRET
    if isinstance(value, DisplayName):
        return NAME
    if isinstance(value, Quiet):
        return repr(value)
    if isinstance(value, tuple) and _is_address(value):
        return ADDRESS
    if isinstance(value, dict):
        return {str(scrub_value(key)): scrub_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub_value(item) for item in value]
    return scrub(str(value))


def _is_address(value: tuple[object, ...]) -> bool:
    """Tell whether this is what sockets call an address (IPv6 ones have four parts)."""
    return len(value) in (2, 4) and isinstance(value[0], str) and isinstance(value[1], int)


class Scrubber(logging.Filter):
    """Makes every record that passes harmless."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub the record in place; it always passes."""
        if isinstance(record.args, dict):
            record.args = {str(key): scrub_value(item) for key, item in record.args.items()}
        elif record.args:
            record.args = tuple(scrub_value(item) for item in record.args)
        try:
            text = record.getMessage()
        except (TypeError, ValueError, KeyError):
            text = "a log message that does not fit its values"
        record.msg, record.args = scrub(text), None
        if record.exc_info:
            full = logging.Formatter().formatException(record.exc_info)
            record.exc_text, record.exc_info = scrub(full), None
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        return True


def start_log(level: str = "warning", stream: IO[str] | None = None) -> logging.Handler:
    """Send the program's log, scrubbed, to one place and nowhere else.

    Args:
        level: One of ``LEVELS``, for our own packages; of others warnings are kept.
        stream: Where to; stderr by default. Never a file.

    Returns:
        The handler, for tests that take it off again.
    """
    return _attach(stream or sys.stderr, level, "%(levelname)s %(name)s: %(message)s")


def start_trace(path: str) -> logging.Handler:
    """Write all of the log, scrubbed, to a file that only its owner can read.

    Each line begins with the milliseconds since the program began; the file says no time of day.

    Args:
        path: As the person gave it. What is there is written over.

    Returns:
        The handler, for tests that take it off again.

    Raises:
        UserError: It can not be written.
    """
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as exc:
        raise UserError(
            "bad_trace",
            "The file for --trace can not be written.",
            "Give one in a folder that is yours.",
            exit_code=2,
        ) from exc
    stream = os.fdopen(file, "w", encoding="utf-8")
    return _attach(stream, "debug", "%(relativeCreated)8d %(levelname)s %(name)s: %(message)s")


def _attach(stream: IO[str], level: str, line: str) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter(line))
    handler.addFilter(Scrubber())
    handler.setLevel(level.upper())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for package in PACKAGES:
        logger = logging.getLogger(package)
        levels = [logger.level or logging.CRITICAL, handler.level]
        logger.setLevel(min(levels))  # a log at the screen takes nothing away from a file
    return handler
