"""The examples, run as their page says: a relay, a room that plays a file, somebody who listens."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMIT_S = 40.0

pytestmark = pytest.mark.e2e


async def start(*words: str, stdin: int = DEVNULL) -> Process:
    command = [sys.executable, "-m", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdin=stdin, stdout=PIPE, stderr=DEVNULL
    )


async def line_of(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        return (await process.stdout.readline()).decode().strip()


async def end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    await process.communicate()


async def test_a_listener_is_told_that_the_player_speaks():
    async with contextlib.AsyncExitStack() as running:
        relay = await start("examples.relay")
        running.push_async_callback(end, relay)
        line = await line_of(relay)
        clip = str(ROOT / "audio/clips/english.opus")
        player = await start("examples.player", "--relay", line, clip)
        running.push_async_callback(end, player)
        invite = await line_of(player)
        assert invite.startswith("TEAHOUSE:")
        listener = await start("examples.listener", "--relay", line, stdin=PIPE)
        running.push_async_callback(end, listener)
        assert listener.stdin is not None
        listener.stdin.write(f"{invite}\n".encode())
        listener.stdin.close()
        assert await line_of(listener) == "player speaks"
