import pytest

from p2p.api import events as told
from tests.tui.drawn import app_with
from tests.tui.scripted import ScriptedNode, full_room
from tui.terminal.desktop_words import DesktopWords

JOINED = told.Joined(1, "host", 1, "self", 1)
HAND = told.HandChanged(6, 1)
INVITED = told.MicChanged(False, "granted")
WAITING = told.Waiting(14, "ab", "sofia", True)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (HAND, "A hand is up."),
        (INVITED, "You are invited to speak."),
        (WAITING, "Somebody waits outside."),
        (told.LockChanged(True), ""),
        (told.MicChanged(True, "asked"), ""),
    ],
)
def test_the_desktop_is_told_of_what_wants_an_answer_and_of_no_name(event, words):
    desktop = DesktopWords({})
    desktop.of(JOINED, 0.0)
    assert desktop.of(event, 1.0) == (f"\x1b]9;Teahouse: {words}\x07" if words else "")


def test_terminals_of_vte_know_another_sequence():
    desktop = DesktopWords({"VTE_VERSION": "7200"})
    assert desktop.of(INVITED, 1.0) == ("\x1b]777;notify;Teahouse;You are invited to speak.\x07")


@pytest.mark.parametrize("wanted", [True, False])
async def test_nothing_is_told_to_the_desktop_unless_asked_for(wanted, monkeypatch):
    monkeypatch.delenv("VTE_VERSION", raising=False)
    node = ScriptedNode(full_room("host"))
    app = app_with(node, notifies=wanted)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        written = []
        monkeypatch.setattr(app._driver, "write", written.append)
        node.tell(INVITED)
        await pilot.pause()
        await pilot.pause()
    assert any("\x1b]9;" in one for one in written) is wanted
