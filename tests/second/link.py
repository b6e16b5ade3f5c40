"""A link with a relay: HELLO, ICE, DTLS, SRTP and the data channel (protocol.md, 3 and 4)."""

import asyncio
import struct
from typing import Any, cast

from aiortc import (
    RTCCertificate,
    RTCDataChannel,
    RTCDataChannelParameters,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    RTCSctpTransport,
)
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_256_GCM
from aiortc.rtcsctptransport import RTCSctpCapabilities
from cryptography.hazmat.primitives.hashes import SHA256

from tests.second.checks import Checks
from tests.second.offer import Offer
from tests.second.question import COOKIE, HELLO, HELLO_ACK, Question, body_of
from tests.second.records import pack, unpack
from tests.second.relay_line import RelayLine
from tests.second.wire import Wire

SCTP_PORT, MESSAGE_BYTES = 5000, 16 * 1024
PAYLOAD_TYPE = 111


class Pipe:
    """What stands below DTLS: datagrams from and to one address."""

    role = "controlling"

    def __init__(self, wire: Wire, address: tuple[str, int]) -> None:
        self._wire, self._address = wire, address
        self._came: asyncio.Queue[bytes] = asyncio.Queue(1000)
        wire.on_secure = self._take

    def _take(self, data: bytes, address: tuple[str, int]) -> None:
        if address == self._address and not self._came.full():
            self._came.put_nowait(data)

    async def _recv(self) -> bytes:
        return await self._came.get()

    async def _send(self, data: bytes) -> None:
        self._wire.send(data, self._address)


class Dtls(RTCDtlsTransport):
    """The asking end is the client; only one SRTP profile; frames are kept as they are."""

    def __init__(self, pipe: Pipe, certificate: RTCCertificate) -> None:
        super().__init__(cast("Any", pipe), [certificate])
        self._srtp_profiles = [SRTP_AEAD_AES_256_GCM]
        self.frames: asyncio.Queue[bytes] = asyncio.Queue(10_000)
        self.ssrc = 0

    async def agree(self, fingerprint: bytes) -> None:
        self._set_role("client")
        text = fingerprint.hex(":").upper()
        await self.start(RTCDtlsParameters([RTCDtlsFingerprint("sha-256", text)]))
        if self.state != "connected":
            raise ConnectionError("no keys agreed")

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        (ssrc,) = struct.unpack_from("!I", data, 8)
        if data[0] == 0x80 and data[1] == PAYLOAD_TYPE and ssrc == self.ssrc:
            self.frames.put_nowait(data[12:])


class Link:
    """Made by ``dial``. ``messages`` are records as they come, ``frames`` with their hop byte."""

    def __init__(self, wire: Wire, relay: RelayLine, member_dh: bytes) -> None:
        self._wire, self.relay, self._member_dh = wire, relay, member_dh
        self._tasks: list[asyncio.Task[None]] = []
        self.messages: asyncio.Queue[Any] = asyncio.Queue()
        self._sent = 0

    @classmethod
    async def dial(cls, wire: Wire, relay: RelayLine, member_dh: bytes) -> "Link":
        made = cls(wire, relay, member_dh)
        async with asyncio.timeout(20):
            await made._open()
        return made

    async def _open(self) -> None:
        certificate = RTCCertificate.generateCertificate()
        fingerprint = certificate._cert.fingerprint(SHA256())
        self._ours = Offer.make(fingerprint, ("127.0.0.1", self._wire.port))
        self._pipe = Pipe(self._wire, self.relay.address)
        _, _, theirs = await self._ask()
        self._theirs = Offer(*theirs)
        self.tie = self._ours.with_(self._theirs)
        checks = Checks(self._wire, self._ours, self._theirs, self.relay.address)
        self._tasks.append(asyncio.create_task(checks.run()))
        await checks.works.wait()
        self._dtls = Dtls(self._pipe, certificate)
        self._dtls.ssrc = self._theirs.ssrc_to(self._ours)
        self.frames = self._dtls.frames
        await self._dtls.agree(self._theirs.fingerprint)
        await self._open_channel()

    async def _ask(self) -> Any:
        body = body_of([*self._ours])
        question = Question(HELLO, bytes(32), self._member_dh, self.relay.dh, body)
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def take(data: bytes, _address: tuple[str, int]) -> None:
            if data[1:9] != question.tag or answered.done():
                return
            if data[0] == COOKIE:
                self._wire.send(question.with_cookie(data[9:]), self.relay.address)
            elif data[0] == HELLO_ACK:
                answered.set_result(question.answered(data))

        self._wire.on_answer = take
        self._wire.send(question.data, self.relay.address)
        return await answered

    async def _open_channel(self) -> None:
        self._sctp = RTCSctpTransport(self._dtls, SCTP_PORT)
        self._channel = RTCDataChannel(
            self._sctp, RTCDataChannelParameters(label="", negotiated=True, id=0)
        )
        opened = asyncio.Event()
        self._channel.on("open", opened.set)
        self._channel.on("message", lambda data: self.messages.put_nowait(unpack(data)))
        await self._sctp.start(RTCSctpCapabilities(maxMessageSize=MESSAGE_BYTES), SCTP_PORT)
        await opened.wait()

    def send(self, tag: int, *fields: object) -> None:
        self._channel.send(pack([tag, *fields]))

    async def send_frame(self, frame: bytes) -> None:
        """One RTP packet with a frame in it, hop byte in front."""
        self._sent += 1
        header = struct.pack(
            "!BBHII",
            *(0x80, PAYLOAD_TYPE, self._sent & 0xFFFF),
            *(960 * (self._sent - 1) & 0xFFFF_FFFF, self._ours.ssrc_to(self._theirs)),
        )
        await self._dtls._send_rtp(header + frame)

    async def close(self) -> None:
        await self._sctp.stop()
        await self._dtls.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
