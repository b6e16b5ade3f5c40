"""Through a proxy to a relay: HTTP CONNECT (RFC 9110 §9.3.6) or SOCKS 5 (RFC 1928, 1929).

Names go to the proxy as they are and are looked up there, if at all.
"""

import base64
import ipaddress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit

import h11

from p2p.errors import RemoteError, UserError
from p2p.wire.web_place import WebPlace

_PORTS = {"http": 8080, "socks5": 1080}
_SAME = {"socks5h": "socks5", "socks": "socks5"}
_MAX_CREDENTIAL_BYTES = 255
_HEAD_MAX_BYTES = 8192
_NO_AUTH, _PASSWORD = 0, 2
_REPLY_BYTES = {1: 4, 4: 16}


class ProxyRefusedError(RemoteError):
    """The proxy does not let us through, or is none."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that a person named.

    Attributes:
        scheme: ``http`` or ``socks5``.
        host: Name or IP literal.
        port: Of TCP.
        user: Empty for none.
        password: Secret.
    """

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> "Proxy":
        """Read ``socks5://[user:password@]host[:port]`` or ``http://…``; http if none is named.

        Raises:
            UserError: It is neither.
        """
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            scheme = _SAME.get(parts.scheme, parts.scheme)
            usual = _PORTS[scheme]
            port = parts.port or usual
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            lengths = [len(part.encode()) for part in (user, password)]
            if not parts.hostname or max(lengths) > _MAX_CREDENTIAL_BYTES:
                raise ValueError("no host")
        except (ValueError, KeyError):
            raise UserError(
                "bad_proxy",
                "The proxy can not be used: it is not written as one.",
                "Write socks5://HOST:PORT or http://HOST:PORT; `--proxy none` goes without one.",
                exit_code=2,
            ) from None
        return cls(scheme, parts.hostname, port, user, password)

    def dialogue(self, place: WebPlace) -> "Dialogue":
        """What has to be said to it to get to a place."""
        return HttpConnect(self, place) if self.scheme == "http" else Socks5(self, place)


class Dialogue(Protocol):
    """What is said to a proxy before it passes on all that comes."""

    def begin(self) -> bytes:
        """What is said first."""
        ...

    def outgoing(self) -> bytes:
        """Takes what is to be said next; may be empty."""
        ...

    def receive(self, data: bytes) -> bytes | None:
        """Takes an answer.

        Returns:
            What came behind the last one; None: more is to come.

        Raises:
            ProxyRefusedError: It says no, or rubbish.
        """
        ...


class HttpConnect:
    """Asks an HTTP proxy.

    Args:
        proxy: It.
        place: Where to.
    """

    def __init__(self, proxy: Proxy, place: WebPlace) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX_BYTES)
        self._proxy, self._place = proxy, place

    def begin(self) -> bytes:
        """See ``Dialogue``."""
        target = str(WebPlace(self._place.host, self._place.port))
        headers = [("Host", target)]
        if self._proxy.user:
            secret = f"{self._proxy.user}:{self._proxy.password}".encode()
            headers.append(("Proxy-Authorization", f"Basic {base64.b64encode(secret).decode()}"))
        asked = h11.Request(method="CONNECT", target=target, headers=headers)
        return (self._http.send(asked) or b"") + (self._http.send(h11.EndOfMessage()) or b"")

    def outgoing(self) -> bytes:
        """See ``Dialogue``: there is nothing to add."""
        return b""

    def receive(self, data: bytes) -> bytes | None:
        """See ``Dialogue``."""
        try:
            self._http.receive_data(data)
            event = self._http.next_event()
        except h11.RemoteProtocolError:
            raise ProxyRefusedError("rubbish in place of a proxy's answer") from None
        if event is h11.NEED_DATA:
            return None
        if not isinstance(event, h11.Response) or not 200 <= event.status_code < 300:
            raise ProxyRefusedError("the proxy says no")
        return self._http.trailing_data[0]


class Socks5:
    """Asks a SOCKS proxy.

    Args:
        proxy: It.
        place: Where to.
    """

    def __init__(self, proxy: Proxy, place: WebPlace) -> None:
        self._proxy, self._place = proxy, place
        self._received = bytearray()
        self._outgoing = bytearray()
        self._step = self._method

    def begin(self) -> bytes:
        """See ``Dialogue``."""
        methods = bytes((_NO_AUTH, _PASSWORD) if self._proxy.user else (_NO_AUTH,))
        return bytes((5, len(methods))) + methods

    def outgoing(self) -> bytes:
        """See ``Dialogue``."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def receive(self, data: bytes) -> bytes | None:
        """See ``Dialogue``."""
        self._received += data
        while True:
            step = self._step
            if (rest := step()) is not None:
                return rest
            if self._step == step:
                return None

    def _method(self) -> bytes | None:
        if (answer := self._take(2)) is None:
            return None
        if answer == bytes((5, _PASSWORD)) and self._proxy.user:
            user, password = self._proxy.user.encode(), self._proxy.password.encode()
            self._outgoing += bytes((1, len(user))) + user + bytes((len(password),)) + password
            self._step = self._credentials
        elif answer == bytes((5, _NO_AUTH)):
            self._ask()
        else:
            raise ProxyRefusedError("rubbish in place of a proxy's answer")
        return None

    def _credentials(self) -> bytes | None:
        if (answer := self._take(2)) is None:
            return None
        if answer[1] != 0:
            raise ProxyRefusedError("the proxy does not take the name and the password")
        self._ask()
        return None

    def _ask(self) -> None:
        host = self._place.host
        if self._place.is_name:
            named = bytes((3, len(host))) + host.encode()
        else:
            packed = ipaddress.ip_address(host).packed
            named = bytes((1 if len(packed) == 4 else 4,)) + packed
        self._outgoing += bytes((5, 1, 0)) + named + self._place.port.to_bytes(2, "big")
        self._step = self._reply

    def _reply(self) -> bytes | None:
        head = bytes(self._received[:5])
        if len(head) < 5:
            return None
        version, reply, _, kind, first = head
        length = 1 + first if kind == 3 else _REPLY_BYTES.get(kind)
        if version != 5 or reply != 0 or length is None:
            raise ProxyRefusedError("the proxy says no")
        if self._take(4 + length + 2) is None:
            return None
        return bytes(self._received)

    def _take(self, count: int) -> bytes | None:
        if len(self._received) < count:
            return None
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken
