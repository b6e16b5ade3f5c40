"""DTLS and SRTP of a link, over the one socket (protocol.md, section 4)."""

import asyncio
import struct
from typing import Any, cast

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcdtlstransport import SRTP_AEAD_AES_256_GCM

from tests.second.wire import Wire

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
