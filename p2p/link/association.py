"""What DTLS carries of a link: the keys, then its data channel (RFC 6347, RFC 8261)."""

from collections import Counter
from collections.abc import Callable

from p2p.link.channel import Channel
from p2p.link.demux import APPLICATION_DATA
from p2p.link.dtls import Certificate, DtlsPipe, DtlsTransport
from p2p.link.errors import LinkFailed
from p2p.link.ice import MuxConnection
from p2p.link.srtp import Opener, SealKey


class Association:
    """One association; ``agree``, then ``open_channel``, each once.

    Args:
        connection: Where datagrams go out.
        certificate: Our own.
        on_gone: Called when the peer ends it, or it breaks.

    Attributes:
        pipe: Between the socket and DTLS.
        channel: Where messages pass; None before it is opened.
    """

    def __init__(
        self, connection: MuxConnection, certificate: Certificate, on_gone: Callable[[], None]
    ) -> None:
        self.pipe = DtlsPipe(connection)
        self.channel: Channel | None = None
        self._certificate = certificate
        self._on_gone = on_gone
        self._dtls: DtlsTransport | None = None
        self._agreed = False

    def put(self, record: bytes) -> bool:
        """Takes a datagram from the socket.

        Returns:
            False if too many wait already and this one is lost.
        """
        if not self.pipe.put(record):
            return False
        if self._agreed and record[0] == APPLICATION_DATA:
            self.pipe.settle()
        return True

    async def agree(self, fingerprint: bytes) -> tuple[SealKey, Opener]:
        """Agrees on keys with the owner of a certificate.

        Args:
            fingerprint: Its SHA-256.

        Returns:
            What seals our sound and what opens the peer's. Secret.

        Raises:
            LinkFailed: There are no keys, or somebody else would have them too.
        """
        self._dtls = dtls = DtlsTransport(self.pipe, self._certificate)
        if not await dtls.handshake(fingerprint):
            raise LinkFailed("identity" if dtls.encrypted else "keys")
        if dtls._role == "client":  # noqa: SLF001  its peer spoke last: it has everything
            self.pipe.settle()
        self._agreed = True
        dtls.on("statechange", self._changed)
        return dtls.media_keys()

    async def open_channel(
        self,
        on_message: Callable[[bytes], None],
        on_progress: Callable[[], None],
        rtt_s: float | None,
        counters: Counter[str],
    ) -> None:
        """Opens the data channel; see ``Channel``.

        Raises:
            LinkFailed: It does not open.
        """
        assert self._dtls is not None  # noqa: S101  keys come first
        self.channel = channel = Channel(self._dtls, on_message, rtt_s, counters)
        channel.on_gone = self._on_gone
        channel.on_progress = on_progress
        if not await channel.open():
            raise LinkFailed("channel")

    async def end(self) -> None:
        """Says goodbye to the peer and waits until nothing of it runs any more."""
        if self.channel is not None:
            await self.channel.stop()  # before DTLS, which carries its last word
        if self._dtls is not None:
            await self._dtls.end()

    def cut(self) -> None:
        """Gives back everything that can be given back without waiting."""
        self.pipe.close()
        if self.channel is not None:
            self.channel.cut()

    def _changed(self) -> None:
        if self._dtls is not None and self._dtls.state in ("closed", "failed"):
            self._on_gone()
