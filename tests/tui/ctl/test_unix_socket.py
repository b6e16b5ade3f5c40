import asyncio
import sys

import pytest

from p2p.api.commands import SetMic
from tests.tui.ctl.places import a_place, asking
from tests.tui.scripted import ScriptedNode, full_room
from tui.ctl.server import ControlServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there yet")


@pytest.fixture
async def node(tmp_path):
    return ScriptedNode(full_room("speaker"))


@pytest.fixture
async def place(node, tmp_path):
    made = a_place(tmp_path)
    server = ControlServer(node, made)
    await server.open()
    yield made
    server.close()


async def test_the_socket_is_its_owners_alone(place):
    assert place._path.stat().st_mode & 0o777 == 0o600


async def test_who_is_not_this_user_is_not_heard(place, node, monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: 12345)
    reader, writer = await asking(place)
    writer.write(b"mic on\n")
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 5)
    monkeypatch.undo()
    assert SetMic(True) not in node.asked
