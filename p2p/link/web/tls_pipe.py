"""TLS without a socket: bytes of the network in and out, bytes of ours in and out."""

import ssl
from typing import Any

from p2p.errors import RemoteError
from p2p.link.web.tls import certificate_hash

_READ_BYTES = 1 << 16


class CertificateRefusedError(RemoteError):
    """The certificate is not one for this host: somebody else answers, or has it made."""


class TlsPipe:
    """One end of one TLS connection.

    Args:
        context: Of ``p2p.link.web.tls``.
        server: Which end.
        host: The name or IP literal that was dialled; None at the server.

    Attributes:
        ready: Whether the handshake is done.
    """

    def __init__(self, context: ssl.SSLContext, *, server: bool, host: str | None = None) -> None:
        self.ready = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: Any = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server, server_hostname=host
        )

    def receive(self, data: bytes) -> bytes:
        """Takes bytes of the network; ``b""`` begins the handshake of a client.

        Returns:
            What of the peer's own bytes they hold.

        Raises:
            RemoteError: It is no TLS, or it has ended; a ``CertificateRefusedError`` for its
                certificate.
        """
        self._incoming.write(data)
        parts = []
        try:
            if not self.ready:
                self._tls.do_handshake()
                self.ready = True
            while chunk := self._tls.read(_READ_BYTES):
                parts.append(chunk)
        except ssl.SSLWantReadError:
            return b"".join(parts)
        except ssl.SSLCertVerificationError:
            raise CertificateRefusedError("a certificate that is not good for this host") from None
        except (ssl.SSLError, OSError):
            raise RemoteError("no TLS") from None
        raise RemoteError("the TLS connection has ended")

    @property
    def peer(self) -> bytes:
        """Hash of the certificate that the server has shown, once it is ``ready``."""
        return certificate_hash(self._tls.getpeercert(binary_form=True) or b"")

    def write(self, data: bytes) -> None:
        """Seals bytes of ours; only once it is ``ready``."""
        self._tls.write(data)

    def outgoing(self) -> bytes:
        """Takes what is to go to the network."""
        return self._outgoing.read()
