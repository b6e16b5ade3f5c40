"""The other side of ``relay_vs_mumble.py``: mumble-server from Debian, and clients for it.

They speak its protocol as far as it is needed to send voice and to be sent it by UDP. Control is
TLS with ``type 2, length 4, protobuf``; voice is UDP, sealed with OCB2-AES128 as Mumble has it
(https://mumble-protocol.readthedocs.io, "Establishing a connection" and "Voice data").
"""

import asyncio
import itertools
import os
import shutil
import socket
import ssl
import struct
import subprocess
import time
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bench.datagram_count import Count
from bench.processes import end_with_parent, every

PACKAGE = "mumble-server"
PROGRAM = "/usr/sbin/murmurd"
USERS_MAX = 1500
START_LIMIT_S = 60.0
JOIN_LIMIT_S = 120.0
AT_A_TIME = 16
_VERSION, _AUTHENTICATE, _REJECT, _SERVER_SYNC, _CRYPT_SETUP = 0, 2, 4, 5, 15
_OPUS_TO_ALL = 4 << 5
_PING = 1 << 5
_BLOCK = 16
_TAG_BYTES = 3
_ONES = (1 << 128) - 1

_INI = """\
database={folder}/murmur.sqlite
logfile={folder}/murmur.log
pidfile={folder}/murmur.pid
host=127.0.0.1
port={port}
users={users}
usersperchannel=0
bandwidth=558000
autobanAttempts=0
timeout=3600
bonjour=false
allowping=true
sendversion=false
registerName=bench
"""


def install() -> str | None:
    """Makes sure that the program is there; None, or why it is not."""
    if Path(PROGRAM).exists():
        return None
    return install_from_debian(PACKAGE)


def install_from_debian(*packages: str) -> str | None:
    """``apt-get install``, said aloud; None, or why it failed."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return f"{', '.join(packages)}: not installed, and apt-get as root is not to be had"
    print(f"installing {', '.join(packages)} from Debian (apt-get, as root)", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    for refresh in (False, True):
        if refresh:
            subprocess.run(["apt-get", "update"], env=env, capture_output=True)
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        if done.returncode == 0:
            return None
    return f"{', '.join(packages)}: {done.stderr.strip().splitlines()[-1:]}"


class MumbleServer:
    """One mumble-server process on loopback, with limits that let the bench in.

    Args:
        folder: For its database and log.
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = ("127.0.0.1", port)
        ini = folder / "murmur.ini"
        shutil.chown(folder, PACKAGE)  # as which the program goes on when root starts it
        ini.write_text(_INI.format(folder=folder, port=port, users=USERS_MAX))
        self._log = folder / "murmur.log"
        self._process = subprocess.Popen(
            [PROGRAM, "-fg", "-ini", str(ini)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=end_with_parent,
        )
        self.pid = self._process.pid
        self._wait()

    def version(self) -> str:
        """As the program says."""
        done = subprocess.run([PROGRAM, "-version"], capture_output=True, text=True)
        lines = (done.stdout + done.stderr).strip().splitlines()
        return lines[-1].rpartition("-- ")[2] if lines else "unknown"

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(10.0)

    def _wait(self) -> None:
        until_s = time.monotonic() + START_LIMIT_S
        while time.monotonic() < until_s:
            with socket.socket() as probe:
                if probe.connect_ex(self.address) == 0:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("mumble-server does not start")


class Ocb2:
    """Mumble's packet encryption, both directions.

    Args:
        key: 16 bytes.
        own_nonce: 16 bytes, counts up with each packet sent.
        server_nonce: The server's.
    """

    def __init__(self, key: bytes, own_nonce: bytes, server_nonce: bytes) -> None:
        self._aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        self._back = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
        self._nonce = int.from_bytes(own_nonce, "little")
        self._server = int.from_bytes(server_nonce, "little")

    def seal(self, plain: bytes) -> bytes:
        """Makes a packet: one byte of the nonce, three of the tag, the rest."""
        self._nonce = (self._nonce + 1) & _ONES
        nonce = self._nonce.to_bytes(_BLOCK, "little")
        sealed, tag = self._run(nonce, plain, opening=False)
        return nonce[:1] + tag[:_TAG_BYTES] + sealed

    def open(self, packet: bytes) -> bytes | None:
        """None if it is not authentic. Packets must come in order, at most 127 lost in a row."""
        step = (packet[0] - self._server) & 0xFF
        nonce = (self._server + step) & _ONES
        plain, tag = self._run(nonce.to_bytes(_BLOCK, "little"), packet[4:], opening=True)
        if tag[:_TAG_BYTES] != packet[1:4]:
            return None
        self._server = nonce
        return plain

    def _block(self, value: int) -> int:
        return int.from_bytes(self._aes.update(value.to_bytes(_BLOCK, "big")), "big")

    def _unblock(self, value: int) -> int:
        return int.from_bytes(self._back.update(value.to_bytes(_BLOCK, "big")), "big")

    def _run(self, nonce: bytes, data: bytes, *, opening: bool) -> tuple[bytes, bytes]:
        delta, checksum, out, at = self._block(int.from_bytes(nonce, "big")), 0, b"", 0
        while len(data) - at > _BLOCK:
            delta = _double(delta)
            block = int.from_bytes(data[at : at + _BLOCK], "big")
            other = delta ^ (self._unblock if opening else self._block)(block ^ delta)
            checksum ^= other if opening else block
            out += other.to_bytes(_BLOCK, "big")
            at += _BLOCK
        delta = _double(delta)
        rest = data[at:]
        pad = self._block((len(rest) * 8) ^ delta).to_bytes(_BLOCK, "big")
        last = bytes(a ^ b for a, b in zip(rest, pad, strict=False))
        plain = last if opening else rest
        checksum ^= int.from_bytes(plain + pad[len(rest) :], "big")
        delta ^= _double(delta)
        return out + last, self._block(delta ^ checksum).to_bytes(_BLOCK, "big")


def _double(value: int) -> int:
    return ((value << 1) & _ONES) ^ (0x87 if value >> 127 else 0)


class Clients:
    """Clients of one process: one TLS connection and one UDP socket each."""

    def __init__(self, address, name: str) -> None:
        self._address, self._name = address, name
        self._numbers = itertools.count(1)
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._count = Count()
        self._kept: list = []
        self._speaker: tuple[Ocb2, socket.socket] | None = None
        self._witness: tuple[Ocb2, socket.socket] | None = None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._context = context

    async def join(self, members: int, role: str = "count") -> int:
        """Connects clients that ``count``, ``witness`` the content, or ``speak``."""
        await asyncio.gather(*(self._join(role) for _ in range(members)))
        return len(self._kept)

    async def _join(self, role: str) -> None:
        async with self._places, asyncio.timeout(JOIN_LIMIT_S):
            name = f"{self._name}{next(self._numbers)}"
            control = _Control(self._context, self._address)
            keys = await control.log_in(name)
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.setblocking(False)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            udp.connect(self._address)
            await _ping(keys, udp)
        # What the server says of others is never read: that is not what is measured.
        self._kept.append((control, udp))
        if role == "count":
            self._count.add(udp, lambda data: len(data) > 40)
        elif role == "speak":
            self._speaker = keys, udp
        else:
            self._witness = keys, udp

    async def speak(self, rate: int, seconds: float, payload_bytes: int) -> int:
        """Sends voice packets; says how many."""
        assert self._speaker is not None
        keys, udp = self._speaker
        payload, sent = os.urandom(payload_bytes), [0]

        def say() -> None:
            head = bytes([_OPUS_TO_ALL]) + varint(sent[0]) + varint(payload_bytes)
            udp.send(keys.seal(head + payload))
            sent[0] += 1

        await every(1.0 / rate, int(rate * seconds), say)
        return sent[0]

    def witnessed(self) -> int:
        """Payload bytes of the last voice packet that the witness got and could open."""
        assert self._witness is not None
        keys, udp = self._witness
        size = -1
        while True:
            try:
                plain = keys.open(udp.recv(2048))
            except BlockingIOError:
                return size
            if plain and plain[0] & 0xE0 == _OPUS_TO_ALL:
                _, at = read_varint(plain, 1)
                _, at = read_varint(plain, at)
                length, at = read_varint(plain, at)
                size = length & 0x1FFF if len(plain) == at + (length & 0x1FFF) else -2

    def heard(self) -> int:
        """Voice packets that arrived."""
        return self._count.sweep()


async def _ping(keys: Ocb2, udp: socket.socket) -> None:
    """One sealed ping, until it is answered: from then on the server sends voice by UDP."""
    for _ in range(20):
        udp.send(keys.seal(bytes([_PING]) + varint(1)))
        for _ in range(20):
            await asyncio.sleep(0.02)
            try:
                data = udp.recv(2048)
            except BlockingIOError:
                continue
            if keys.open(data) is not None:
                return
    raise RuntimeError("mumble-server does not answer by UDP")


class _Control:
    """One TLS connection, read until the login is done."""

    def __init__(self, context: ssl.SSLContext, address) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)
        self._sock = socket.socket()
        self._sock.setblocking(False)
        self._address = address
        self._buffer = b""

    async def log_in(self, name: str) -> Ocb2:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._sock, self._address)
        await self._through(self._tls.do_handshake)
        version = _field(1, 0x010304) + _field(2, b"bench")
        await self._send(_VERSION, version)
        await self._send(_AUTHENTICATE, _field(1, name.encode()) + _field(5, 1))
        keys = None
        while True:
            kind, fields = await self._message()
            if kind == _CRYPT_SETUP:
                keys = Ocb2(fields[1], fields[2], fields[3])
            elif kind == _REJECT:
                raise RuntimeError(f"mumble-server refused: {fields.get(2)}")
            elif kind == _SERVER_SYNC and keys is not None:
                loop.add_reader(self._sock.fileno(), self._discard)
                return keys

    def _discard(self) -> None:
        try:
            gone = not self._sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            asyncio.get_running_loop().remove_reader(self._sock.fileno())

    async def _send(self, kind: int, body: bytes) -> None:
        self._tls.write(struct.pack("!HI", kind, len(body)) + body)
        await self._flush()

    async def _flush(self) -> None:
        if self._out.pending:
            await asyncio.get_running_loop().sock_sendall(self._sock, self._out.read())

    async def _through(self, step, *args):
        while True:
            try:
                done = step(*args)
            except ssl.SSLWantReadError:
                await self._flush()
                data = await asyncio.get_running_loop().sock_recv(self._sock, 1 << 16)
                if not data:
                    raise RuntimeError("mumble-server hung up") from None
                self._in.write(data)
            else:
                await self._flush()
                return done

    async def _message(self) -> tuple[int, dict]:
        while True:
            if len(self._buffer) >= 6:
                kind, length = struct.unpack_from("!HI", self._buffer)
                if len(self._buffer) >= 6 + length:
                    body, self._buffer = self._buffer[6 : 6 + length], self._buffer[6 + length :]
                    wanted = (_CRYPT_SETUP, _REJECT, _SERVER_SYNC)
                    return kind, _fields(body) if kind in wanted else {}
            self._buffer += await self._through(self._tls.read, 1 << 16)


def varint(value: int) -> bytes:
    """Mumble's own variable length integer, up to 28 bits."""
    if value < 0x80:
        return bytes([value])
    if value < 0x4000:
        return (0x8000 | value).to_bytes(2, "big")
    if value < 0x200000:
        return (0xC00000 | value).to_bytes(3, "big")
    return (0xE0000000 | value).to_bytes(4, "big")


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """The value and where it ends."""
    first = data[at]
    for size, lead, mask in ((1, 0x80, 0x7F), (2, 0xC0, 0x3FFF), (3, 0xE0, 0x1FFFFF)):
        if first < lead:
            return int.from_bytes(data[at : at + size], "big") & mask, at + size
    return int.from_bytes(data[at : at + 4], "big") & 0x0FFFFFFF, at + 4


def _base128(value: int) -> bytes:
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _base128(number << 3) + _base128(value)
    return _base128(number << 3 | 2) + _base128(len(value)) + value


def _fields(body: bytes) -> dict:
    fields, at = {}, 0
    while at < len(body):
        key, at = _read_base128(body, at)
        value, at = _read_base128(body, at)
        if key & 7 == 2:
            value, at = body[at : at + value], at + value
        fields[key >> 3] = value
    return fields


def _read_base128(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (body[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not body[at - 1] & 0x80:
            return value, at
