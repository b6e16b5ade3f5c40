"""DTLS over the shared socket: aiortc's transport, fed datagram by datagram.

OpenSSL repeats a lost flight after a second at the earliest. Here a flight is also repeated after
a quarter of one, byte for byte, then each time after twice as long: the peer drops what it has
already (RFC 6347 §4.1.2.6). On a line that is longer than that every flight goes several times;
what that costs is little beside a round trip lost.
"""

import asyncio
from typing import Any, cast

from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL import SSL

from p2p.link.ice import MuxConnection
from p2p.link.srtp import MASTER_BYTES, Opener, SealKey
from p2p.link.transports import (
    SRTP_AEAD_AES_256_GCM,
    DataReceiver,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCIceTransport,
)

MAX_WAITING_DATAGRAMS = 64
MAX_FLIGHT_DATAGRAMS = 8
MAX_EARLY_DATAGRAMS = 8
FIRST_REPEAT_S = 0.25
MAX_REPEATS = 6
MAX_RECORD_BYTES = 1500
MTU_BYTES = 1100
"""Of a datagram of the handshake; tunnels in tunnels leave less than 1,280 of a packet."""

_MEDIA_LABEL = b"EXTRACTOR-dtls_srtp"
"""RFC 5764 §4.2."""


class Certificate(RTCCertificate):
    """Our certificate, with one context of OpenSSL for all links that show it, if several do."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: Any) -> SSL.Context:
        if self._context is None:
            context = super()._create_ssl_context(srtp_profiles)
            # No link may be taken up again by what another has agreed on.
            context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
            # An idle link keeps no 16 KiB for what it may send.
            context.set_mode(SSL.MODE_RELEASE_BUFFERS)
            self._context = context
        return self._context


def make_certificate() -> Certificate:
    """Makes a key pair and a certificate that says nothing."""
    return Certificate.generateCertificate()


def fingerprint_of(certificate: Certificate) -> bytes:
    """SHA-256 of a certificate, 32 bytes."""
    return certificate._cert.fingerprint(SHA256())  # noqa: SLF001  only its text is public


class DtlsPipe:
    """What aiortc takes for its ICE transport.

    Args:
        connection: Where datagrams go out.

    Attributes:
        settled: The peer has all of the handshake.
    """

    def __init__(self, connection: MuxConnection) -> None:
        self._connection = connection
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_WAITING_DATAGRAMS)
        self._flight: list[bytes] = []
        self._peer_spoke = False
        self.settled = False
        self._repeats = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def role(self) -> str:
        """The ICE role, from which aiortc derives the DTLS role."""
        return "controlling" if self._connection.ice_controlling else "controlled"

    def put(self, data: bytes) -> bool:
        """Takes a datagram from the socket.

        Returns:
            False if too many wait already and this one is lost.
        """
        if self._waiting.full():
            return False
        self._waiting.put_nowait(data)
        return True

    def settle(self) -> None:
        """The peer has all of the handshake: nothing needs repeating any more."""
        self.settled = True
        self._flight.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Ends a pending receive."""
        self.settle()
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def _recv(self) -> bytes:
        data = await self._waiting.get()
        if data is None:
            raise ConnectionError
        self._peer_spoke = True
        return data

    async def _send(self, data: bytes) -> None:
        if not self.settled:
            self._remember(data)
        self._connection.send_dtls(data)

    def _remember(self, data: bytes) -> None:
        if self._peer_spoke:
            self._peer_spoke = False
            self._flight.clear()
            self._repeats = 0
        if len(self._flight) < MAX_FLIGHT_DATAGRAMS:
            self._flight.append(data)
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait_s = FIRST_REPEAT_S * 2**self._repeats
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._repeat)

    def _repeat(self) -> None:
        self._timer = None
        if self._repeats < MAX_REPEATS:
            self._repeats += 1
            for data in self._flight:
                self._connection.send_dtls(data)
            self._arm()


class _EarlyData:
    """Keeps what arrives before the data channel listens."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    async def _handle_data(self, data: bytes) -> None:
        if len(self.kept) < MAX_EARLY_DATAGRAMS:
            self.kept.append(data)


class DtlsTransport(RTCDtlsTransport):
    """One DTLS association; media does not pass here.

    Args:
        pipe: Below.
        certificate: Our own.
    """

    def __init__(self, pipe: DtlsPipe, certificate: Certificate) -> None:
        super().__init__(cast("RTCIceTransport", pipe), [certificate])
        self._early = _EarlyData()
        self._data_receiver: DataReceiver | None = self._early
        self._srtp_profiles = [SRTP_AEAD_AES_256_GCM]

    async def handshake(self, fingerprint: bytes) -> bool:
        """Runs the handshake and checks the peer's certificate.

        Args:
            fingerprint: SHA-256 of the certificate that the peer must have.

        Returns:
            Whether keys are agreed with its owner.
        """
        text = fingerprint.hex(":").upper()
        # The answering end is done first, and its INIT comes with the last flight.
        self._set_role("client" if self.transport.role == "controlling" else "server")
        await self.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", text)]))
        return self.state == "connected"

    async def hand_over(self, receiver: DataReceiver) -> None:
        """Gives a receiver that has just registered what arrived before it did."""
        kept, self._early.kept = self._early.kept, []
        for data in kept:
            await receiver._handle_data(data)  # noqa: SLF001  aiortc's interface
        await self._drain()

    async def end(self) -> None:
        """Says goodbye to the peer and waits until nothing of the transport runs any more."""
        task = self._task
        await self.stop()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    def media_keys(self) -> tuple[SealKey, Opener]:
        """What seals our sound and what opens the peer's, after the handshake. Secret."""
        assert self._ssl is not None  # noqa: S101  it has shaken hands
        keys = self._ssl.export_keying_material(_MEDIA_LABEL, 2 * MASTER_BYTES)
        master = SRTP_AEAD_AES_256_GCM.get_key_and_salt(keys, int(self._role == "server"))
        return SealKey(master), self._rx_srtp

    async def _do_handshake(self) -> None:
        assert self._ssl is not None  # noqa: S101  aiortc has just made it
        self._ssl.set_ciphertext_mtu(MTU_BYTES)
        await super()._do_handshake()

    def _setup_srtp(self) -> None:
        super()._setup_srtp()
        del self._tx_srtp  # libsrtp seals nothing here

    def _register_data_receiver(self, receiver: DataReceiver) -> None:
        self._data_receiver = None
        super()._register_data_receiver(receiver)

    async def _recv_next(self) -> None:
        await super()._recv_next()
        if self.encrypted:
            await self._drain()

    async def _drain(self) -> None:
        # aiortc reads one record for each datagram, and would stay one behind for ever after one
        # that came before the handshake's end.
        while self._ssl is not None and self._data_receiver is not None:
            try:
                data = self._ssl.recv(MAX_RECORD_BYTES)
            except SSL.ZeroReturnError as exc:
                raise ConnectionError from exc
            except SSL.Error:
                return
            await self._data_receiver._handle_data(data)  # noqa: SLF001  aiortc's interface
