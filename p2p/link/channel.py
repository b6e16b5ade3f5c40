"""The one data channel of a link: reliable, ordered, for messages of at most 16 KiB.

It is agreed beforehand (RFC 8831 §6.5 "negotiated"), so it costs no round trip to open and the
peer can open no other. aiortc's SCTP stands behind ``sctp_guard``.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

from aiortc import RTCDataChannel, RTCDataChannelParameters, RTCSctpTransport
from aiortc.rtcsctptransport import Chunk, RTCSctpCapabilities, SackChunk
from OpenSSL import SSL

from p2p.errors import LocalError, RemoteError
from p2p.link.dtls import DtlsTransport
from p2p.link.sctp_guard import check_packet

MAX_MESSAGE_BYTES = 16 * 1024
MAX_UNSENT_BYTES = 1 << 20
MAX_UNREAD_BYTES = 1 << 19

_PORT = 5000
_WINDOW_BYTES = 1 << 20
_STREAM = 0
_PPID_BINARY = 53
_MIN_REPEAT_S = 0.25
_MAX_REPEAT_S = 2.0


class Channel(RTCSctpTransport):
    """Messages over DTLS.

    Args:
        dtls: Below; connected.
        on_message: Takes each message.
        rtt_s: Round trip, for the first repeats; aiortc would wait 3 s.
        counters: Counts what was refused.
    """

    def __init__(
        self,
        dtls: DtlsTransport,
        on_message: Callable[[bytes], None],
        rtt_s: float | None,
        counters: Counter[str],
    ) -> None:
        super().__init__(dtls, _PORT)
        self._dtls = dtls
        self._on_message = on_message
        self._counters = counters
        self._rto = max(_MIN_REPEAT_S, 3.0 * (rtt_s or 0.0))
        self._advertised_rwnd = _WINDOW_BYTES
        self._ready = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self._gone = False
        self.on_gone: Callable[[], None] = lambda: None
        parameters = RTCDataChannelParameters(negotiated=True, id=_STREAM)
        self._stream = RTCDataChannel(self, parameters)
        self._stream.on("open", self._ready.set)
        self._stream.on("close", self._stream_closed)

    async def open(self) -> bool:
        """Sets up the association; returns whether it works."""
        await self.start(RTCSctpCapabilities(maxMessageSize=MAX_MESSAGE_BYTES), _PORT)
        await self._dtls.hand_over(self)
        await self._ready.wait()
        return not self._gone

    def send_message(self, data: bytes) -> bool:
        """Queues one message.

        Returns:
            False if the channel is closed or the peer does not keep up.

        Raises:
            LocalError: It is empty or longer than 16 KiB.
        """
        if not 0 < len(data) <= MAX_MESSAGE_BYTES:
            raise LocalError("message of a size that cannot be sent")
        stream = self._stream
        if stream.readyState != "open" or stream.bufferedAmount + len(data) > MAX_UNSENT_BYTES:
            return False
        stream.send(data)
        return True

    async def drain(self, limit_s: float) -> None:
        """Waits until the peer has all messages, for a bounded time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await asyncio.sleep(0)
                while self._unfinished():
                    self._acknowledged.clear()
                    await self._acknowledged.wait()

    def cut(self) -> None:
        """Ends timers and the channel without a word to the peer."""
        self._set_state(self.State.CLOSED)

    def _unfinished(self) -> bool:
        if self._stream.readyState != "open":
            return False
        return bool(self._data_channel_queue or self._outbound_queue or self._sent_queue)

    def _stream_closed(self) -> None:
        self._gone = True
        self._ready.set()
        self._acknowledged.set()
        self.on_gone()

    async def _handle_data(self, data: bytes) -> None:
        """Takes a packet from the peer; whatever is wrong with it is counted, never raised."""
        up = self._association_state == self.State.ESTABLISHED
        try:
            check_packet(data, last_tsn=self._last_received_tsn, established=up)
            await super()._handle_data(data)
        except RemoteError:
            self._counters["sctp_refused"] += 1
        except Exception:
            self._counters["sctp_failed"] += 1
        if self._advertised_rwnd < _WINDOW_BYTES - MAX_UNREAD_BYTES:
            self._counters["sctp_flood"] += 1
            self.cut()

    async def _receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        if stream_id != _STREAM or pp_id != _PPID_BINARY or len(data) > MAX_MESSAGE_BYTES:
            self._counters["message_refused"] += 1
            return
        try:
            self._on_message(data)
        except RemoteError:
            self._counters["message_refused"] += 1
        except Exception as exc:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "the receiver of a message failed", "exception": exc}
            )

    async def _receive_sack_chunk(self, chunk: SackChunk) -> None:
        await super()._receive_sack_chunk(chunk)
        self._acknowledged.set()

    async def _send_chunk(self, chunk: Chunk) -> None:
        # Timers and flushes of aiortc run in tasks that nobody awaits.
        with contextlib.suppress(ConnectionError, SSL.Error):
            await super()._send_chunk(chunk)

    def _update_rto(self, R: float) -> None:  # noqa: N803  aiortc's name
        super()._update_rto(R)
        estimate_s = (self._srtt or 0.0) + 4.0 * (self._rttvar or 0.0)
        self._rto = min(max(estimate_s, _MIN_REPEAT_S), _MAX_REPEAT_S)

    def _t3_expired(self) -> None:
        self._rto = min(2.0 * self._rto, _MAX_REPEAT_S)
        super()._t3_expired()
