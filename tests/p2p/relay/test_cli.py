"""The volunteer's program as a process: options, signals, pages."""

import asyncio
import contextlib
import errno
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509

from lab.programs.person import SLACK
from p2p.dht.contact import NodeContact
from p2p.relay.status import check
from tests.p2p.link.web.certificates import make_certificate

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and ports of Unix"),
]
ROOT = Path(__file__).parents[3]
LIMIT_S = 15.0 * SLACK


class Volunteer:
    """One ``teahouse relay``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def line(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(LIMIT_S):
            return (await self.process.stdout.readline()).decode().strip()

    async def until_said(self, words: str) -> None:
        assert self.process.stderr is not None
        async with asyncio.timeout(LIMIT_S):
            while words not in self.said:
                line = await self.process.stderr.readline()
                assert line, self.said
                self.said += line.decode()

    async def ended(self) -> int:
        async with asyncio.timeout(LIMIT_S):
            out, err = await self.process.communicate()
        self.said += err.decode() + out.decode()
        return int(self.process.returncode or 0)


@contextlib.asynccontextmanager
async def teahouse(*argv: str, **environ: str) -> AsyncIterator[Volunteer]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-B", "-m", "tui", "relay", *argv),
        env=os.environ | {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"} | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Volunteer(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


QUIET = ("--listen", "127.0.0.1:0", "--state-dir", "")


async def a_free_port() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    async with server:
        return int(server.sockets[0].getsockname()[1])


async def test_a_relay_says_its_line_its_volume_and_how_it_is() -> None:
    status = f"127.0.0.1:{await a_free_port()}"
    async with teahouse(*QUIET, "--status", status) as relay:
        assert NodeContact.parse(await relay.line()).address[0] == "127.0.0.1"
        await relay.until_said("5.2 TB a month")
        host, _, port = status.rpartition(":")
        assert await check((host, int(port))) == (True, "well")
        async with teahouse("--check", "--status", status) as asking:
            assert await asking.ended() == 0
            assert "well" in asking.said
        relay.process.send_signal(signal.SIGTERM)
        assert await relay.ended() == 0
    async with teahouse("--check", "--status", status) as asking:
        assert await asking.ended() == 1
        assert "no relay answers" in asking.said


async def test_limits_are_read_again_and_a_bad_file_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "relay.toml"
    file.write_text("max-rate = '1MB/s'\n")
    async with teahouse(*QUIET, "--status", "", "--config", str(file)) as relay:
        await relay.line()
        await relay.until_said("2.6 TB a month")
        file.write_text("max-rate = '3MB/s'\n")
        relay.process.send_signal(signal.SIGHUP)
        await relay.until_said("limits read again: 7.8 TB")
        file.write_text("max-rate = 'fast'\n")
        relay.process.send_signal(signal.SIGHUP)
        await relay.until_said("limits stay as they were")
        relay.process.send_signal(signal.SIGINT)
        assert await relay.ended() == 0


async def test_the_public_address_stands_in_the_line() -> None:
    given = {"TEAHOUSE_RELAY_PUBLIC_ADDRESS": "203.0.113.7:4433", "TEAHOUSE_RELAY_STATUS": ""}
    async with teahouse(*QUIET, **given) as relay:
        assert (await relay.line()).startswith("203.0.113.7:4433#")


async def test_two_relays_on_one_machine_get_along_unless_told_to_share_a_port() -> None:
    async with teahouse(*QUIET) as one, teahouse(*QUIET) as other:
        assert await one.line() != await other.line()
        status = f"127.0.0.1:{await a_free_port()}"
        async with teahouse(*QUIET, "--status", status) as third:
            await third.line()
            async with teahouse(*QUIET, "--status", status) as fourth:
                assert await fourth.ended() == 2
                assert "--status" in fourth.said
                assert f": {os.strerror(errno.EADDRINUSE)}." in fourth.said


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("--print-config", "--max-links", "7"), 0, 'max-links = "7"'),
        (("--max-lnks", "7"), 2, "`--max-links`"),
        (("--max-rate", "much"), 2, "2MB/s"),
        (("--check", "--status", ""), 2, "no status page"),
    ],
)
async def test_other_ways_to_call_it(argv: tuple[str, ...], code: int, words: str) -> None:
    async with teahouse(*argv) as relay:
        assert await relay.ended() == code
        assert words in relay.said


async def test_systemd_hears_when_it_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    class Manager(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            heard.put_nowait(data)

    import socket

    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(tmp_path / "n"))
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Manager, sock=sock)
    try:
        async with teahouse(*QUIET, "--status", "", NOTIFY_SOCKET=str(tmp_path / "n")) as relay:
            assert await asyncio.wait_for(heard.get(), LIMIT_S) == b"READY=1"
            relay.process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(heard.get(), LIMIT_S) == b"STOPPING=1"
            assert await relay.ended() == 0
    finally:
        transport.close()


async def shown_certificate(port: int) -> int:
    """The serial number of what a web client is shown."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(der).serial_number


async def test_by_the_web_it_has_a_line_and_a_certificate_that_may_be_renewed(
    tmp_path: Path,
) -> None:
    cert, key = make_certificate(tmp_path, "relay.example")
    files = ("--tls-cert", str(cert), "--tls-key", str(key))
    web = ("--web-address", "wss://relay.example/tea")
    async with teahouse(*QUIET, "--status", "", *files, *web) as relay:
        port = NodeContact.parse(await relay.line()).address[1]
        await relay.until_said("wss://relay.example/tea#")
        await relay.until_said("a month")
        first = await shown_certificate(port)
        assert first == x509.load_pem_x509_certificate(cert.read_bytes()).serial_number
        cert.write_bytes(b"rubbish")
        relay.process.send_signal(signal.SIGHUP)
        await relay.until_said("the certificate stays as it was")
        assert await shown_certificate(port) == first
        make_certificate(tmp_path, "relay.example")
        mark = len(relay.said)
        relay.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(LIMIT_S):
            while await shown_certificate(port) == first:  # noqa: ASYNC110  another process
                await asyncio.sleep(0.05)
        assert "stays" not in relay.said[mark:]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--tls-cert", "/nowhere"), "bad_certificate"),
        (("--behind-proxy", "0.0.0.0:8080"), "bad_option"),
        (("--behind-proxy", "203.0.113.7:8080"), "bad_option"),
        (("--web-address", "https://relay.example/"), "bad_option"),
    ],
)
async def test_what_the_web_can_not_work_with_ends_with_a_reason(
    options: tuple[str, str], code: str
) -> None:
    async with teahouse(*QUIET, "--status", "", *options) as relay:
        assert await relay.ended() == 2
        advice = {"bad_certificate": "certificate", "bad_option": options[0][2:]}[code]
        assert advice in relay.said
        assert "Traceback" not in relay.said
