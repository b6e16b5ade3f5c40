import asyncio
import json
import sys

import pytest

from p2p.api.commands import Leave
from tests.tui.ctl.places import a_place, asking
from tests.tui.scripted import ScriptedNode, full_room, room
from tui.ctl.server import ControlServer
from tui.ctl.words import CLIENTS_MAX, understood

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="not there yet")


class Run:
    """A node with its place."""

    def __init__(self, node, folder):
        self.node = node
        self.place = a_place(folder)
        self.server = ControlServer(node, self.place)

    async def client(self):
        return await asking(self.place)

    async def ask(self, *lines, client=None):
        reader, writer = client or await self.client()
        answers = []
        for line in lines:
            writer.write(line if isinstance(line, bytes) else line.encode() + b"\n")
            answers.append(json.loads(await asyncio.wait_for(reader.readline(), 5)))
        if client is None:
            writer.close()
        return answers

    async def mic_is(self, on):
        async with asyncio.timeout(5):
            while self.node.now.mic_on != on:  # noqa: ASYNC110  the node tells nobody
                await asyncio.sleep(0.01)


@pytest.fixture
async def run(tmp_path):
    made = Run(ScriptedNode(full_room("speaker")), tmp_path)
    await made.server.open()
    yield made
    made.server.close()
    assert list(tmp_path.iterdir()) == []


async def test_the_microphone_opens_closes_and_turns(run):
    answers = await run.ask("mic on", "mic on", "mic toggle", "mic toggle", "mute", "status")
    assert [one["mic"] for one in answers] == [True, True, False, True, False, False]
    assert all(one["ok"] for one in answers)


async def test_a_status_names_nobody_and_no_room(run):
    (said,) = await run.ask("status")
    assert said == {
        "schema": 1,
        "ok": True,
        "joined": True,
        "mic": False,
        "on_stage": True,
        "muted": False,
        "invited": False,
        "hand": None,
        "here": 11,
        "held": "",
    }


async def test_a_held_microphone_closes_when_its_holder_is_gone(run):
    client = await run.client()
    (held,) = await run.ask("mic hold", client=client)
    assert held["mic"]
    client[1].transport.abort()
    await run.mic_is(False)


async def test_two_may_hold_it_and_the_last_closes_it(run):
    one, other = await run.client(), await run.client()
    await run.ask("mic hold", client=one)
    await run.ask("mic hold", client=other)
    one[1].close()
    await one[1].wait_closed()
    (said,) = await run.ask("status")
    assert said["mic"]
    other[1].close()
    await run.mic_is(False)


async def test_who_asks_for_the_status_while_holding_still_holds(run):
    client = await run.client()
    await run.ask("mic hold", "status", client=client)
    client[1].close()
    await run.mic_is(False)


async def test_who_has_opened_it_for_good_may_go(run):
    client = await run.client()
    await run.ask("mic hold", "mic on", client=client)
    client[1].close()
    await client[1].wait_closed()
    await run.ask("status")
    assert run.node.now.mic_on


async def test_a_listener_is_told_that_it_stays_closed(tmp_path):
    run = Run(ScriptedNode(full_room("listener")), tmp_path)
    await run.server.open()
    (said,) = await run.ask("mic on")
    assert (said["ok"], said["problem"], said["mic"]) == (False, "mic_stays_closed", False)
    run.server.close()


async def test_before_the_room_is_there_only_leaving_works(tmp_path):
    run = Run(ScriptedNode(full_room()), tmp_path)
    run.node.now = room()
    await run.server.open()
    (said,) = await run.ask("mic on")
    assert (said["ok"], said["problem"], said["joined"]) == (False, "not_joined", False)
    assert run.node.asked == []
    run.server.close()


async def test_leaving_is_asked_of_the_node(run):
    await run.ask("leave")
    assert run.node.asked == [Leave()]


@pytest.mark.parametrize("line", [b"remove 3\n", b"\xff\xfe\n", b"mic  of\n", b"\n", b"MIC ON\n"])
async def test_what_has_no_meaning_does_nothing(run, line):
    (said,) = await run.ask(line)
    assert (said["ok"], said["problem"]) == (False, "unknown_word")
    assert run.node.asked == []


async def test_a_line_without_end_is_cut_off(run):
    reader, writer = await run.client()
    writer.write(b"m" * 4096)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 5)
    assert run.node.asked == []


async def test_more_clients_than_there_are_places_are_turned_away(run):
    clients = [await run.client() for _ in range(CLIENTS_MAX)]
    for client in clients:
        await run.ask("status", client=client)
    reader, _ = await run.client()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 5)
    for _, writer in clients:
        writer.close()


def test_words_may_have_more_spaces():
    assert understood(b"  mic   on \n") == "mic on"
