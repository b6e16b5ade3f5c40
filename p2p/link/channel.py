"""The one data channel of a link: reliable, ordered, for messages of at most 16 KiB and a seal.

It is agreed beforehand (RFC 8831 §6.5 "negotiated"), so it costs no round trip to open and the
peer can open no other. aiortc's SCTP stands behind ``sctp_guard``.

Its timers assume a short line or a patient person. Here set-up is repeated after a quarter of a
second, then each time after twice as long; what is sent is repeated after one and a half round
trips; and on a long line a short message goes twice from the start, because one that is lost
costs as much time as several that are not.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable

from OpenSSL import SSL

from crypto.kem import SEAL_BYTES
from p2p.errors import LocalError, RemoteError
from p2p.link.dtls import DtlsTransport
from p2p.link.pace import Pace
from p2p.link.sctp_guard import check_packet
from p2p.link.transports import (
    Chunk,
    HeartbeatAckChunk,
    HeartbeatChunk,
    RTCDataChannel,
    RTCDataChannelParameters,
    RTCSctpCapabilities,
    RTCSctpTransport,
    SackChunk,
    rtcsctptransport,
)

MAX_MESSAGE_BYTES = 16 * 1024 + SEAL_BYTES
MAX_UNSENT_BYTES = 1 << 20
MAX_UNREAD_BYTES = 1 << 19

_PORT = 5000
_WINDOW_BYTES = 1 << 20
_STREAM = 0
_PPID_BINARY = 53
CHUNK_BYTES = 1_080
"""Of a message in one datagram, which then has at most 1,145 bytes."""
WINDOW_FIRST_CHUNKS = 10
WINDOW_LEAST_CHUNKS = 4
"""What may be under way at first (as RFC 6928 has it for TCP), and after a loss."""
TWICE_AFTER_S = 0.08

_INIT_REPEAT_S = 0.25
_HEARTBEAT_INFO = 1

rtcsctptransport.USERDATA_MAX_LENGTH = CHUNK_BYTES
rtcsctptransport.SCTP_MAX_INIT_RETRANS = 1000  # the link has the limit


class Channel(RTCSctpTransport):
    """Messages over DTLS.

    Args:
        dtls: Below; connected.
        on_message: Takes each message.
        rtt_s: Round trip, for the first repeats; aiortc would wait 3 s.
        counters: Counts what was refused.

    Attributes:
        on_gone: Called when the channel ends.
        on_progress: Called for every packet from the peer.
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
        self._pace = Pace(rtt_s, time.monotonic())
        self._cwnd = WINDOW_FIRST_CHUNKS * CHUNK_BYTES
        self._advertised_rwnd = _WINDOW_BYTES
        self._ready = asyncio.Event()
        self._acknowledged = asyncio.Event()
        self.on_gone: Callable[[], None] = lambda: None
        self.on_progress: Callable[[], None] = lambda: None
        parameters = RTCDataChannelParameters(negotiated=True, id=_STREAM)
        self._stream = RTCDataChannel(self, parameters)
        self._stream.on("open", self._ready.set)
        self._stream.on("close", self._stream_closed)

    async def open(self) -> bool:
        """Sets up the association; returns whether it works."""
        await self.start(RTCSctpCapabilities(maxMessageSize=MAX_MESSAGE_BYTES), _PORT)
        await self._dtls.hand_over(self)
        await self._ready.wait()
        self._rto = self._pace.repeat_s
        return self._stream.readyState == "open"

    def send_message(self, data: bytes) -> bool:
        """Queues one message.

        Returns:
            False if the channel is closed or the peer does not keep up.

        Raises:
            LocalError: It is empty or too long.
        """
        if not 0 < len(data) <= MAX_MESSAGE_BYTES:
            raise LocalError("message of a size that cannot be sent")
        stream = self._stream
        if stream.readyState != "open" or stream.bufferedAmount + len(data) > MAX_UNSENT_BYTES:
            return False
        stream.send(data)
        if self._pace.is_long:
            asyncio.get_running_loop().call_later(TWICE_AFTER_S, self._send_twice)
        return True

    def listen(self, now: float) -> bool:
        """Asks the peer for a sign of life if it said nothing for a while; call it often.

        Args:
            now: Monotonic seconds.

        Returns:
            False if it is deaf: it was asked so often that loss alone is no reason.
        """
        if self._pace.asks(now):
            question = HeartbeatChunk()
            question.params.append((_HEARTBEAT_INFO, bytes(4)))
            self._send_soon(question)
        return not self._pace.is_deaf(now)

    def _send_twice(self) -> None:
        """Sends again what is not acknowledged yet and went once."""
        if self._association_state != self.State.ESTABLISHED or self._outbound_queue:
            return
        again = self._pace.again([chunk.tsn for chunk in self._sent_queue])
        for chunk in [chunk for chunk in self._sent_queue if chunk.tsn in again]:
            self._send_soon(chunk)

    def _send_soon(self, chunk: Chunk) -> None:
        asyncio.ensure_future(self._send_chunk(chunk))  # noqa: RUF006  it is done in one step

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
        self._ready.set()
        self._acknowledged.set()
        self.on_gone()

    async def _handle_data(self, data: bytes) -> None:
        """Takes a packet from the peer; whatever is wrong with it is counted, never raised."""
        # An INIT that comes after its answer is a late repeat: heeded, it would undo what followed.
        up = self._association_state in (self.State.ESTABLISHED, self.State.COOKIE_ECHOED)
        self.on_progress()
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

    async def _receive_chunk(self, chunk: Chunk) -> None:
        # Only an answer shows that we are heard: what the peer repeats comes also where nothing
        # of ours gets through.
        if isinstance(chunk, SackChunk | HeartbeatAckChunk):
            self._pace.heard(time.monotonic())
        await super()._receive_chunk(chunk)

    async def _receive_sack_chunk(self, chunk: SackChunk) -> None:
        await super()._receive_sack_chunk(chunk)
        self._acknowledged.set()

    async def _send_chunk(self, chunk: Chunk) -> None:
        # Timers and flushes of aiortc run in tasks that nobody awaits.
        with contextlib.suppress(ConnectionError, SSL.Error):
            await super()._send_chunk(chunk)

    def _update_rto(self, R: float) -> None:  # noqa: N803  aiortc's name
        self._pace.measured(R)
        self._rto = self._pace.repeat_s

    def _t1_start(self, chunk: Chunk) -> None:
        self._rto = _INIT_REPEAT_S
        super()._t1_start(chunk)

    def _t1_expired(self) -> None:
        self._rto = min(2.0 * self._rto, self._pace.longest_s)
        super()._t1_expired()

    def _t3_expired(self) -> None:
        self._rto = min(2.0 * self._rto, self._pace.longest_s)
        super()._t3_expired()
        self._cwnd = WINDOW_LEAST_CHUNKS * CHUNK_BYTES
