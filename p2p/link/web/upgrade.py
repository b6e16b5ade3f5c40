"""From HTTP to WebSocket (RFC 6455 §4), for those alone that know the relay's key.

A member's request has a token that follows from the request's own nonce, the relay's public key,
which stands in the relay's line, and the certificate that the member was shown. To every other
request a relay answers as a web server with one page would. The token keeps out strangers that look
for relays, and boxes that open TLS with a certificate of their own: what they see is of no use at
the relay. That the other end is the relay is proven by the handshakes inside.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable

import h11

from p2p.errors import RemoteError
from p2p.link.web.page import page_for
from p2p.wire.web_place import WebPlace

HEAD_MAX_BYTES = 8192
PAGES_MAX = 32
"""Over one connection, as a browser may ask for several; strangers are not to cost more."""
_HALF_BYTES = 12
_HALF_CHARS = 16
_PERSON = b"teahouse web 2"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_COOKIE = "sid="
_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/152.0.0.0 Safari/537.36"
)


def token_for(relay_key: bytes, nonce: str, certificate: bytes) -> str:
    """Make the token of a request.

    Args:
        relay_key: The relay's public X25519 key, 32 bytes.
        nonce: ``Sec-WebSocket-Key`` of the request.
        certificate: Hash of the certificate that the server shows.

    Returns:
        32 characters of base64url; the first 16 say nothing of the certificate, which a relay
        behind a web server does not know.
    """
    said = nonce.encode("latin-1")
    return _half(relay_key, said) + _half(relay_key, said + certificate)


def _half(relay_key: bytes, said: bytes) -> str:
    hashed = hashlib.blake2b(said, key=relay_key, digest_size=_HALF_BYTES, person=_PERSON)
    return base64.urlsafe_b64encode(hashed.digest()).decode()


def _accept_for(nonce: str) -> bytes:
    hashed = hashlib.sha1(nonce.encode("latin-1") + _GUID, usedforsecurity=False)
    return base64.b64encode(hashed.digest())


class UpgradeRequest:
    """The member's end.

    Args:
        place: The relay's.
        relay_key: Its public key, 32 bytes.
        rng: Source of the nonce.
    """

    def __init__(self, place: WebPlace, relay_key: bytes, rng: Callable[[int], bytes]) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_MAX_BYTES)
        self._place = place
        self._nonce = base64.b64encode(rng(16)).decode()
        self._relay_key = relay_key

    def encode(self, certificate: bytes) -> bytes:
        """The request, with the headers that a browser sends with one.

        Args:
            certificate: Hash of what the server has shown.
        """
        token = token_for(self._relay_key, self._nonce, certificate)
        host = str(WebPlace(self._place.host, self._place.port))
        host = host.removesuffix(":443")
        headers = [
            ("Host", host),
            ("Connection", "Upgrade"),
            ("Pragma", "no-cache"),
            ("Cache-Control", "no-cache"),
            ("User-Agent", _BROWSER),
            ("Upgrade", "websocket"),
            ("Origin", f"https://{host}"),
            ("Sec-WebSocket-Version", "13"),
            ("Accept-Encoding", "gzip, deflate, br, zstd"),
            ("Accept-Language", "en-US,en;q=0.9"),
            ("Cookie", _COOKIE + token),
            ("Sec-WebSocket-Key", self._nonce),
        ]
        asked = h11.Request(method="GET", target=self._place.path or "/", headers=headers)
        return (self._http.send(asked) or b"") + (self._http.send(h11.EndOfMessage()) or b"")

    def receive(self, data: bytes) -> bytes | None:
        """Takes what the server answers.

        Returns:
            What came behind its consent; None: more is to come.

        Raises:
            RemoteError: It does not take us: a web server that is no relay, or rubbish.
        """
        try:
            self._http.receive_data(data)
            event = self._http.next_event()
        except h11.RemoteProtocolError:
            raise RemoteError("no answer of a web server") from None
        if event is h11.NEED_DATA:
            return None
        if not isinstance(event, h11.InformationalResponse) or event.status_code != 101:
            raise RemoteError("a web server that is no relay, or not this one")
        if _header(event.headers, b"sec-websocket-accept") != _accept_for(self._nonce).decode():
            raise RemoteError("an answer to another request")
        return self._http.trailing_data[0]


class UpgradeAnswer:
    """The relay's end.

    Args:
        relay_key: Its own public key, 32 bytes.
        date: Now, as HTTP writes it (RFC 9110 §5.6.7).
        certificate: Hash of what we have shown; None: a web server before us has shown its own.

    Attributes:
        ended: Whether the connection is to be closed after what is outgoing.
        forwarded_for: The last address of ``X-Forwarded-For``, as text of the request; empty if
            there is none.
    """

    def __init__(self, relay_key: bytes, date: str, certificate: bytes | None) -> None:
        self.ended = False
        self.forwarded_for = ""
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_MAX_BYTES)
        self._relay_key = relay_key
        self._date = date
        self._certificate = certificate
        self._outgoing = bytearray()
        self._pages = 0
        self._request: h11.Request | None = None

    def outgoing(self) -> bytes:
        """Takes what is to go to the other end."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    def receive(self, data: bytes) -> bytes | None:
        """Takes what somebody asks.

        Returns:
            What came behind a member's request, which is granted; None: nobody's so far.
        """
        if self.ended:
            return None
        try:
            self._http.receive_data(data)
            return self._take()
        except (h11.RemoteProtocolError, h11.LocalProtocolError):
            self._answer(400, b"GET")
            return None

    def _take(self) -> bytes | None:
        while not self.ended:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._request = event
                if _has_body(event):  # it is not read: a body can be cut into any number of pieces
                    self._answer(None, event.method)
            elif isinstance(event, h11.EndOfMessage) and self._request is not None:
                if self._is_member(self._request):
                    return self._grant(self._request)
                self._answer(None, self._request.method)
            else:
                return None
        return None

    def _is_member(self, request: h11.Request) -> bool:
        nonce = _header(request.headers, b"sec-websocket-key")
        cookie = _header(request.headers, b"cookie")
        upgrade = _header(request.headers, b"upgrade").lower()
        given = next((c for c in cookie.split("; ") if c.startswith(_COOKIE)), "")
        wanted = _COOKIE + token_for(self._relay_key, nonce, self._certificate or b"")
        if self._certificate is None:
            given, wanted = (one[: len(_COOKIE) + _HALF_CHARS] for one in (given, wanted))
        is_known = hmac.compare_digest(given.encode("latin-1"), wanted.encode())
        return is_known and request.method == b"GET" and upgrade == "websocket"

    def _grant(self, request: h11.Request) -> bytes:
        forwarded = _header(request.headers, b"x-forwarded-for")
        self.forwarded_for = forwarded.rpartition(",")[2].strip()
        headers = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            (
                "Sec-WebSocket-Accept",
                _accept_for(_header(request.headers, b"sec-websocket-key")).decode(),
            ),
        ]
        granted = h11.InformationalResponse(status_code=101, headers=headers)
        self._outgoing += self._http.send(granted) or b""
        return self._http.trailing_data[0]

    def _answer(self, status: int | None, method: bytes) -> None:
        """The page, or what a web server says in its place."""
        target = self._request.target if self._request is not None else b"/"
        status, reason, body = page_for(method, target, status)
        self._pages += 1
        goes_on = status in (200, 404) and self._pages < PAGES_MAX
        headers = [
            ("Date", self._date),
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Connection", "keep-alive" if goes_on else "close"),
        ]
        response = h11.Response(status_code=status, headers=headers, reason=reason)
        self._outgoing += self._http.send(response) or b""
        if method != b"HEAD":
            self._outgoing += self._http.send(h11.Data(data=body)) or b""
        self._outgoing += self._http.send(h11.EndOfMessage()) or b""
        self._request = None
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.ended = True


def _has_body(request: h11.Request) -> bool:
    length = _header(request.headers, b"content-length")
    return length not in ("", "0") or _header(request.headers, b"transfer-encoding") != ""


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    found = next((bytes(value) for key, value in headers if key == name), b"")
    return found.decode("latin-1")
