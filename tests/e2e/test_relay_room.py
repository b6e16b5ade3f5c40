"""A relay as a program with people in a room on it: what its log says, and what a flood does."""

import asyncio
import base64
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from p2p.wire.relay_messages import EVERYBODY
from tests.p2p.node.inn import LIMIT_S, Speaker, an_inn, granted, talking, until

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).parents[2]


def spellings(secret: bytes) -> Iterator[str]:
    """How bytes may stand in a text."""
    yield secret.hex()
    yield base64.b32encode(secret).decode().rstrip("=")
    yield base64.b32encode(secret).decode().rstrip("=").lower()
    yield base64.b64encode(secret).decode().rstrip("=")
    yield repr(secret)[2:-1]


async def test_the_whole_log_of_a_relay_names_nobody_no_room_and_no_key(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with an_inn() as inn:
        await inn.process("--log-level", "debug", "--summary-interval", "1s", log=log)
        host, amina = await inn.the_host(0), await inn.member(0)
        granted(inn, amina, host)
        link = amina.seats.seats[0].link
        link.door_up(b"t" * 16, b"card")
        assert await link.cards(b"t" * 16) == (b"card",)
        await link.resolve(b"i" * 20)
        amina.seats.seats[0].send_gossip(EVERYBODY, b"sealed")
        async with talking(amina, Speaker()):
            await until(lambda: len(host.heard) > 60)
            host.say_floor([inn.host.remove(amina.identity.member_id)])
            await until(lambda: amina.seats.first is None)
        amina.net.station.mux.send(os.urandom(512), inn.relays[0].address)
        await asyncio.sleep(1.2)
        inn.children[0].send_signal(signal.SIGHUP)
        inn.children[0].send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(inn.children[0].wait(), LIMIT_S) == 0
        text = log.read_text()
        secrets = [inn.host.room, inn.host.pass_key, inn.host.epoch, b"t" * 16, inn.relays[0].dh]
        for one in (host, amina):
            secrets += [one.identity.member_id, one.identity.sign_key, one.identity.dh]
        ports = [str(one.net.station.mux.local_port) for one in (host, amina)]
    assert "in the last 1 s" in text
    assert "stopping" in text
    assert "limits read again" in text
    assert "127.0.0.1" not in text
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", text)
    assert [port for port in ports if re.search(rf"\b{port}\b", text)] == []
    assert [each for secret in secrets for each in spellings(secret) if each in text] == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs all of 127/8, as Linux has it")
async def test_ten_thousand_hellos_a_second_leave_a_running_room_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with an_inn() as inn:
        await inn.process("--per-link-rate", "1MB/s")
        host, amina = await inn.the_host(0), await inn.member(0)
        granted(inn, amina, host)
        voice = Speaker()
        async with talking(amina, voice):
            await until(lambda: len(host.heard) > 20)
            relay, first = inn.relays[0], voice.said
            flood = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.e2e.flood", str(relay.address[1])),
                *(relay.dh.hex(), "10000", "20"),
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
            )
            await asyncio.sleep(10.0)
            newcomer = await inn.member(0)  # by a cookie
            assert newcomer.seats.first is not None
            out, _ = await flood.communicate()
            last = voice.said
            await until(lambda: max(host.numbers) >= last)
        got = set(host.numbers)
        lost = [number for number in range(first, last) if number not in got]
        told = json.loads(out)
        share = told["answered_bytes"] / told["sent_bytes"]
        with capsys.disabled():
            print(
                f"\n  {told['sent']} HELLOs in 20 s, {share:.3f} of their bytes answered; "
                f"{len(lost)} of {last - first} frames lost"
            )
        assert told["sent"] > 100_000
        assert share < 2
        assert len(lost) <= (last - first) / 1000 + 1
