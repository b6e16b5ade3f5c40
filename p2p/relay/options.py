"""Every option of a relay, once: its name, what it means, how it is read, what it is otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from p2p.errors import RemoteError
from p2p.log import LEVELS
from p2p.relay.keyfile import default_state_dir
from p2p.relay.limits import LINKS_PER_NET, ROOMS_PER_NET
from p2p.relay.units import rate_of, time_of
from p2p.wire.addresses import Address, Scope, scope_of
from p2p.wire.web_place import WebPlace

_TRUE, _FALSE = ("yes", "true", "on", "1"), ("no", "false", "off", "0", "")
MOST = 100_000
HOME_KBPS = 1000
UP_KBPS_LEAST = 250
"""One speaker to one listener, in the profile ``table``."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: As a flag without the dashes in front, and as a key of the file.
        read: From text; raises ValueError with what should stand there.
        default: As text.
        metavar: What the help calls its value; empty for a switch.
        help: One line.
        many: May be given several times, or as a list.
    """

    name: str
    read: Callable[[str], object]
    default: str
    metavar: str
    help: str
    many: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"TEAHOUSE_RELAY_{self.name.upper().replace('-', '_')}"


def address_of(text: str) -> Address:
    """Read ``HOST:PORT``, IPv6 in brackets; raises ValueError."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError("write it as HOST:PORT, for instance 0.0.0.0:4433")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _public_address(text: str) -> Address | None:
    if not text.strip():
        return None
    host, port = address_of(text)
    if scope_of(host) is None or not port:
        raise ValueError("write the address and port that others reach: 203.0.113.7:4433")
    return host, port


def _behind(text: str) -> Address | None:
    """Without TLS what passes is readable: so never on an address that others reach."""
    if not text.strip():
        return None
    host, port = address_of(text)
    if scope_of(host) not in (Scope.LOOPBACK, Scope.PRIVATE):
        raise ValueError("write an address of this machine or home: 127.0.0.1:8080")
    return host, port


def _web_address(text: str) -> WebPlace | None:
    if not text.strip():
        return None
    try:
        return WebPlace.parse(text.strip())
    except RemoteError as mistake:
        raise ValueError(f"write it as wss://relay.example.org/path: {mistake}") from None


def _file(text: str) -> Path | None:
    return Path(text) if text else None


def _status(text: str) -> Address | None:
    return address_of(text) if text.strip() else None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MOST:
        raise ValueError(f"write a whole number from 1 to {MOST}")
    return int(text)


def _up_kbps(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or not UP_KBPS_LEAST <= int(text[:9]) <= 10**6:
        raise ValueError(f"write kbit/s, from {UP_KBPS_LEAST}: less carries no speaker")
    return int(text)


def _switch(text: str) -> bool:
    if text.strip().lower() not in (*_TRUE, *_FALSE):
        raise ValueError("write yes or no")
    return text.strip().lower() in _TRUE


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise ValueError(f"write one of {', '.join(LEVELS)}")
    return text.lower()


OPTIONS = (
    Option("listen", address_of, "0.0.0.0:4433", "HOST:PORT", "where to listen"),
    Option(
        "public-address",
        _public_address,
        "",
        "HOST:PORT",
        "what others reach it by, if that is another address (a forwarded port)",
    ),
    Option(
        "home",
        _switch,
        "no",
        "",
        "find out by other nodes whether this home is reached, and at which address; give what a "
        "home line carries",
    ),
    Option(
        "up-kbps",
        _up_kbps,
        str(HOME_KBPS),
        "KBPS",
        "with --home: what the line carries upwards, in kbit/s",
    ),
    Option(
        "tls-cert",
        _file,
        "",
        "FILE",
        "PEM file with the certificate of its name, for members by the web; else it makes one",
    ),
    Option("tls-key", _file, "", "FILE", "PEM file with the key of that certificate"),
    Option(
        "behind-proxy",
        _behind,
        "",
        "HOST:PORT",
        "take members by the web there, without TLS, from a web server on this machine",
    ),
    Option(
        "web-address",
        _web_address,
        "",
        "URL",
        "what members by the web reach it by: wss://relay.example.org/path",
    ),
    Option(
        "bootstrap",
        str,
        "",
        "HOST:PORT#NODEKEY",
        "another entry node; may be given several times",
        many=True,
    ),
    Option(
        "mainline",
        _switch,
        "no",
        "",
        "look ids up in BitTorrent's DHT for members that hide; it shows itself there",
    ),
    Option("max-rate", rate_of, "2MB/s", "RATE", "what it sends at most, all rooms together"),
    Option("per-link-rate", rate_of, "64kB/s", "RATE", "what one link may send to it"),
    Option("max-rooms", _count, "50", "N", "rooms at once"),
    Option("max-links", _count, "200", "N", "links at once"),
    Option(
        "max-links-per-net",
        _count,
        str(LINKS_PER_NET),
        "N",
        "of these those from one IPv4 /24 or IPv6 /48; when it is nearly full, fewer",
    ),
    Option(
        "max-rooms-per-net",
        _count,
        str(ROOMS_PER_NET),
        "N",
        "rooms whose first member came from one IPv4 /24 or IPv6 /48",
    ),
    Option("bootstrap-only", _switch, "no", "", "entry node and courier only: carry no sound"),
    Option(
        "status",
        _status,
        "127.0.0.1:9095",
        "HOST:PORT",
        "where /healthz and /metrics answer; '' for nowhere",
    ),
    Option(
        "state-dir",
        str,
        str(default_state_dir()),
        "DIR",
        "where it keeps its key; '' for a key of this run only",
    ),
    Option("log-level", _level, "info", "LEVEL", ", ".join(LEVELS)),
    Option("trace", str, "", "FILE", "write everything that happens to FILE, to look for a fault"),
    Option("summary-interval", time_of, "1h", "TIME", "how often it says what it did; 0 for never"),
    Option(
        "drain-timeout",
        time_of,
        "60s",
        "TIME",
        "how long it waits for members to move when it is told to stop",
    ),
)
