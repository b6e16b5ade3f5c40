"""Where a relay is found by what a web browser would do: a host, a port and a path.

Two written forms: ``host:port``, where UDP is tried as well, and ``wss://host/path``, where only
the web leads, as behind a web server or a content delivery network (CDN).
"""

import ipaddress
import re
from dataclasses import dataclass

from crypto.errors import RemoteError
from p2p.wire.addresses import NOWHERE, normalise, scope_of

WSS = "wss://"
MAX_CHARS = 120
_PORT = 443
_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


@dataclass(frozen=True, slots=True)
class WebPlace:
    """See the module.

    Attributes:
        host: A name in lower case (punycode), or an IP literal without brackets.
        port: Of TCP.
        path: What is asked for there; empty in the form ``host:port``.
    """

    host: str
    port: int
    path: str = ""

    @property
    def is_name(self) -> bool:
        """Whether the host is a name that must be looked up."""
        return _ip_of(self.host) is None

    @property
    def is_checked(self) -> bool:
        """Whether its certificate must be good for the host, as for a browser: ``wss://name``."""
        return bool(self.path) and self.is_name

    @property
    def address(self) -> tuple[str, int]:
        """IP and port by UDP; of a name, and where only the web leads, an IP of no host."""
        return (NOWHERE if self.is_name or self.path else self.host), self.port

    @classmethod
    def parse(cls, text: str) -> "WebPlace":
        """Read ``host:port`` or ``wss://host[:port][/path]``.

        Raises:
            RemoteError: What is wrong with the text; the text itself is not repeated.
        """
        if len(text) > MAX_CHARS:
            raise RemoteError("the address is too long")
        if text[: len(WSS)].lower() != WSS:
            return _at(text, "")
        place, slash, path = text[len(WSS) :].partition("/")
        path = slash + path or "/"
        if not _PATH.fullmatch(path):
            raise RemoteError("a character in the path is not one of a web address")
        has_port = place.rpartition("]")[2].count(":") > 0
        return _at(place if has_port else f"{place}:{_PORT}", path)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if not self.path:
            return f"{host}:{self.port}"
        port = "" if self.port == _PORT else f":{self.port}"
        return f"{WSS}{host}{port}{self.path}"


def _at(place: str, path: str) -> WebPlace:
    host, colon, port_text = place.rpartition(":")
    if not colon:
        raise RemoteError("no port after the address")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise RemoteError("an IPv6 address needs brackets")
    if not (port_text.isascii() and port_text.isdigit() and 1 <= int(port_text[:6]) <= 65535):
        raise RemoteError("the port is not a number from 1 to 65535")
    return WebPlace(_host(host), int(port_text), path)


def _host(text: str) -> str:
    ip = _ip_of(text)
    if ip is not None:
        if scope_of(ip := normalise((ip, 0))[0]) is None or "%" in text:
            raise RemoteError("not the address of a node")
        return ip
    try:
        name = text.encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    # A name that ends in a number could be read as an IPv4 address of another form.
    if not _NAME.fullmatch(name) or name.rpartition(".")[2].isdigit():
        raise RemoteError("neither an IP address nor a name")
    return name


def _ip_of(text: str) -> str | None:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
