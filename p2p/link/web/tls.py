"""What our TLS connections are made with: a browser's hello, a web server's certificate.

Who a relay is shows inside, by the key in its line; so a relay may show a certificate that it has
made itself. One that is known as ``wss://name`` must show one that a browser would take.
"""

import contextlib
import datetime
import hashlib
import importlib
import os
import ssl
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from p2p.errors import UserError

ALPN = ["http/1.1"]
"""What a browser offers for a WebSocket."""
_FINGERPRINT = "chrome:stable"
_DAYS = 365
_BEFORE = datetime.timedelta(days=1)


class RelayContext(ssl.SSLContext):
    """What a relay answers with.

    Attributes:
        certificate: Hash of the certificate that it shows now.
    """

    certificate = b""


def certificate_hash(der: bytes) -> bytes:
    """Name a certificate: SHA-256 of it, as "tls-server-end-point" (RFC 5929 §4) does of most."""
    return hashlib.sha256(der).digest()


@cache
def member_context(*, checked: bool) -> ssl.SSLContext:
    """What members dial with.

    The first bytes are those of a current Chrome where the library ``utls`` is there, else those of
    Python.

    Args:
        checked: Whether the certificate must be good for the host.
    """
    tls = _browser_like()
    context = tls.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if tls is not ssl:
        context.set_fingerprint(_FINGERPRINT)
    context.set_alpn_protocols(ALPN)
    if checked:
        context.load_default_certs()
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    made: ssl.SSLContext = context
    return made


def _browser_like() -> Any:
    """The library with a browser's hello, or Python's own."""
    try:
        return importlib.import_module("utls")
    except ImportError:
        return ssl


def relay_context(certificate: Path | None, key: Path | None) -> RelayContext:
    """What a relay answers with.

    Args:
        certificate: PEM file with the chain, of ``--tls-cert``; None: one is made in memory.
        key: PEM file of ``--tls-key``; None: it stands in the same file.

    Raises:
        UserError: The files can not be used.
    """
    context = RelayContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # what web servers still do
    context.set_alpn_protocols(ALPN)
    if certificate is None:
        with _own_certificate() as path:
            _show(context, Path(path), None)
    else:
        load_certificate(context, certificate, key)
    return context


def load_certificate(context: RelayContext, certificate: Path, key: Path | None) -> None:
    """Reads the operator's certificate, at the start and when it has been renewed.

    Raises:
        UserError: The files can not be used.
    """
    try:
        _show(context, certificate, key)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else "no PEM"
        if isinstance(exc, ssl.SSLError):
            reason = exc.reason or "no PEM"
        raise UserError(
            "bad_certificate",
            "The certificate for the web can not be used: {reason}.",
            "Give the files of one certificate and its key with --tls-cert and --tls-key.",
            exit_code=2,
            reason=reason,
        ) from None


def _show(context: RelayContext, certificate: Path, key: Path | None) -> None:
    """Takes a certificate with its chain; its own comes first in the file."""
    context.load_cert_chain(certificate, key, password="")
    text = certificate.read_text("latin-1")
    begin = text.index(ssl.PEM_HEADER)
    end = text.index(ssl.PEM_FOOTER, begin) + len(ssl.PEM_FOOTER)
    context.certificate = certificate_hash(ssl.PEM_cert_to_DER_cert(text[begin:end]))


@contextlib.contextmanager
def _own_certificate() -> Iterator[str]:
    """A certificate of this run with its key, as a file that is gone after."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with _short_file(pem) as path:
        yield path


@contextlib.contextmanager
def _short_file(data: bytes) -> Iterator[str]:
    """OpenSSL reads certificates from files alone: in memory where the system has such."""
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("certificate")
        try:
            os.write(number, data)
            yield f"/proc/self/fd/{number}"
        finally:
            os.close(number)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate"
        path.write_bytes(data)
        yield str(path)
