"""A link with a relay or a door: question, ICE, DTLS, data channel (protocol.md, 3 and 4)."""

import asyncio
import struct
from typing import Any, NamedTuple

from aiortc import RTCCertificate, RTCDataChannel, RTCDataChannelParameters, RTCSctpTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities
from cryptography.hazmat.primitives.hashes import SHA256

from tests.second.checks import Checks
from tests.second.dtls import PAYLOAD_TYPE, Dtls, Pipe
from tests.second.offer import Offer
from tests.second.question import Question, body_of
from tests.second.records import pack, unpack
from tests.second.wire import Wire

SCTP_PORT, MESSAGE_BYTES = 5000, 16 * 1024 + 16
LIMIT_S, FIRST_REPEAT_S, LONGEST_REPEAT_S = 20.0, 0.3, 2.0


class Peer(NamedTuple):
    """Whom to ask, with KNOCK or HELLO (``kind``), and under which psk."""

    address: tuple[str, int]
    dh: bytes
    kind: int
    psk: bytes


class Link:
    """Made by ``dial``. ``messages`` are as they come, ``frames`` with their hop byte.

    ``answer`` is what the peer's answer says beside its offer; ``tie`` names the link.
    """

    def __init__(self, wire: Wire, peer: Peer, member_dh: bytes) -> None:
        self._wire, self._peer, self._member_dh = wire, peer, member_dh
        self._tasks: list[asyncio.Task[None]] = []
        self.messages: asyncio.Queue[bytes] = asyncio.Queue()
        self._sent = 0

    @classmethod
    async def dial(cls, wire: Wire, peer: Peer, member_dh: bytes) -> "Link":
        made = cls(wire, peer, member_dh)
        async with asyncio.timeout(LIMIT_S):
            await made._open()
        return made

    async def _open(self) -> None:
        certificate = RTCCertificate.generateCertificate()
        fingerprint = certificate._cert.fingerprint(SHA256())
        self._ours = Offer.make(fingerprint, ("127.0.0.1", self._wire.port))
        pipe = Pipe(self._wire, self._peer.address)
        _, _, theirs, *self.answer = await self._ask()
        self._theirs = Offer(*theirs)
        self.tie = self._ours.with_(self._theirs)
        checks = Checks(self._wire, self._ours, self._theirs, self._peer.address)
        self._tasks.append(asyncio.create_task(checks.run()))
        await checks.works.wait()
        self._dtls = Dtls(pipe, certificate)
        self._dtls.ssrc = self._theirs.ssrc_to(self._ours)
        self.frames = self._dtls.frames
        await self._dtls.agree(self._theirs.fingerprint)
        await self._open_channel()

    async def _ask(self) -> Any:
        """Asks, anew each time, until there is an answer."""
        body, asked = body_of([*self._ours]), dict[bytes, Question]()
        answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def take(data: bytes, _address: tuple[str, int]) -> None:
            question = asked.get(data[1:9])
            if question is not None and data[0] == self._peer.kind + 1 and not answered.done():
                answered.set_result(question.answered(data))

        def take_cookie(data: bytes, _address: tuple[str, int]) -> None:
            if (question := asked.get(data[:8])) is not None:
                self._wire.send(question.with_cookie(data[8:24]), self._peer.address)

        self._wire.on_answer, self._wire.on_cookie = take, take_cookie
        wait_s = FIRST_REPEAT_S
        while not answered.done():
            peer = self._peer
            question = Question(peer.kind, peer.psk, self._member_dh, peer.dh, body)
            asked[question.tag] = question
            self._wire.send(question.data, peer.address)
            await asyncio.wait([answered], timeout=wait_s)
            wait_s = min(1.5 * wait_s, LONGEST_REPEAT_S)
        return answered.result()

    async def _open_channel(self) -> None:
        self._sctp = RTCSctpTransport(self._dtls, SCTP_PORT)
        self._channel = RTCDataChannel(
            self._sctp, RTCDataChannelParameters(label="", negotiated=True, id=0)
        )
        opened = asyncio.Event()
        self._channel.on("open", opened.set)
        self._channel.on("message", self.messages.put_nowait)
        await self._sctp.start(RTCSctpCapabilities(maxMessageSize=MESSAGE_BYTES), SCTP_PORT)
        await opened.wait()

    async def receive(self) -> Any:
        return unpack(await self.receive_data())

    def send(self, tag: int, *fields: object) -> None:
        self.send_data(pack([tag, *fields]))

    async def receive_data(self) -> bytes:
        return await self.messages.get()

    def send_data(self, data: bytes) -> None:
        self._channel.send(data)

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
