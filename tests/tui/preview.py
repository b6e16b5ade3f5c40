"""The front end with a scripted node, to look at: ``python tests/tui/preview.py join violin``.

PREVIEW_ROLE is the own role; with PREVIEW_ROOM=run there are moderators, and people who wait.
PREVIEW_NAME is given to a speaker as it is, so that a test can see what reaches the terminal.
Levels move, nothing else does.
"""

import dataclasses
import math
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from p2p.api.view import RoomView
from tests.tui.scripted import ScriptedBackend, ScriptedNode, full_room, run_room
from tui.cli import main


class TalkingNode(ScriptedNode):
    def view(self) -> RoomView:
        now = time.monotonic()
        members = tuple(
            dataclasses.replace(one, level_dbfs=-30 + 18 * math.sin(now * (3 + one.n)))
            if one.speaking
            else one
            for one in self.now.members
        )
        return dataclasses.replace(self.now, members=members, mic_level_dbfs=-24.0)


def make() -> ScriptedNode:
    built = run_room if os.environ.get("PREVIEW_ROOM") == "run" else full_room
    node = TalkingNode(built(os.environ.get("PREVIEW_ROLE", "listener")))
    name = os.environ.get("PREVIEW_NAME")
    if name:
        for n in (3, 6, 9):
            node.change(n, name=name)
        waiting = tuple(dataclasses.replace(one, name=name) for one in node.now.waiting)
        node.now = dataclasses.replace(node.now, topic=name, waiting=waiting)
    return node


if __name__ == "__main__":
    sys.exit(main(backend=ScriptedBackend(make)))
