import asyncio
import json

import pytest

from audio.choices import CUES
from audio.device.sound_card import DeviceNames
from p2p.api import commands as ask
from p2p.api import events as told
from p2p.errors import UserError
from tests.tui.drawn import app_with, text_of
from tests.tui.scripted import ScriptedNode, full_room, member, room
from tui.commands.row import Question
from tui.commands.table import person_actions
from tui.devices.devices_screen import DeviceScreen
from tui.line_mode.json_lines import json_line
from tui.line_mode.typed_commands import understand
from tui.options import room_parser, settings_of
from tui.room.presenter import stage_rows, state_sign
from tui.room.room_screen import RoomScreen
from tui.texts.sentences import Narrator
from tui.texts.sound_sentences import CUE_NAMES, volume_note

VIEW = full_room("host")


async def entered(pilot) -> None:
    for _ in range(3):
        await pilot.pause()


@pytest.fixture
def devices(monkeypatch):
    names = DeviceNames(("default", "USB Headset", "[b]Evil[/b]\x1b[2J"), ("HDMI", "USB Headset"))
    monkeypatch.setattr("audio.device.sound_card.list_devices", lambda: names)
    return names


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("device mic USB Headset", ask.UseDevice("mic", "USB Headset")),
        ("device speaker default", ask.UseDevice("speaker", "default")),
        ("device", Question("devices")),
        ("devices", Question("devices")),
        ("volume 2 -6", ask.SetVolume(2, -6.0)),
        ("volume 王小明 +3.5", ask.SetVolume(1, 3.5)),
        ("volume 2 4dB", ask.SetVolume(2, 4.0)),
        ("hush 2", ask.SetHushed(2, True)),
        ("unhush kenji", ask.SetHushed(4, False)),
        ("cues on", ask.SetCues(CUES)),
        ("cues off", ask.SetCues(())),
        ("cues live, stage", ask.SetCues(("live", "stage"))),
        ("echo off", ask.SetEcho("off")),
        ("echo auto", ask.SetEcho("auto")),
        ("delay low", ask.SetLowDelay(True)),
        ("delay full", ask.SetLowDelay(False)),
    ],
)
def test_what_only_we_hear_can_be_typed(line, meaning):
    assert understand(line, VIEW) == meaning


@pytest.mark.parametrize(
    "line",
    [
        *("device mic", "device ear x", "device mic  "),
        *("volume 2", "volume 2 loud", "volume 2 nan", "volume 2 inf", "volume"),
        *(
            "hush",
            "hush 99",
            "unhush",
            "cues",
            "cues trumpet",
            "devices all",
            "echo",
            "echo loud",
            "delay",
            "delay high",
        ),
    ],
)
def test_half_of_a_command_is_refused(line):
    with pytest.raises(UserError):
        understand(line, VIEW)


def test_every_cue_has_a_name():
    assert set(CUE_NAMES) == set(CUES)


@pytest.mark.parametrize(
    ("words", "cues"),
    [
        ((), None),
        (("--cues", "off"), ()),
        (("--cues", "all"), CUES),
        (("--cues", "lost"), ("lost",)),
    ],
)
def test_the_command_line_chooses_cues(words, cues):
    args = room_parser("create", joins=False).parse_args(list(words))
    assert settings_of(args, "guest").cues == cues


def test_a_cue_that_does_not_exist_is_refused_on_the_command_line(capsys):
    with pytest.raises(SystemExit) as caught:
        room_parser("create", joins=False).parse_args(["--cues", "trumpet"])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("event", "name", "fields", "sentence"),
    [
        (
            told.DeviceChanged("mic", "USB\x1b Headset"),
            "device",
            {"kind": "mic"},
            "microphone: USB",
        ),
        (told.DeviceChanged("speaker", "HDMI"), "device", {"name": "HDMI"}, "speaker: HDMI"),
        (
            told.VolumeChanged(2, -6.0, False),
            "volume",
            {"n": 2, "db": -6.0, "hushed": False},
            "-6 dB, for you only",
        ),
        (told.VolumeChanged(2, 0.0, True), "volume", {"hushed": True}, "only you know"),
        (told.CuesChanged(()), "cues", {"on": []}, "sound cues: off"),
        (told.DelayChanged(True), "delay", {"low": True}, "sooner"),
        (told.DelayChanged(False), "delay", {"low": False}, "fewer holes"),
        (told.LineChanged(True, False), "line", {"narrow_out": True}, "the others hear you in"),
        (told.LineChanged(False, True), "line", {"narrow_in": True}, "you hear the others in"),
        (told.LineChanged(True, True), "line", {"narrow_in": True}, "hear each other in"),
        (told.LineChanged(False, False), "line", {"narrow_out": False}, "all of the sound again"),
        (told.EchoChanged("off"), "echo", {"mode": "off"}, "for headphones"),
        (told.CuesChanged(("live",)), "cues", {"on": ["live"]}, "sound cues: you are live"),
    ],
)
def test_answers_are_objects_and_sentences(event, name, fields, sentence):
    line = json_line(event, 5)
    assert line is not None
    found = json.loads(line)
    assert found["event"] == name
    assert {key: found[key] for key in fields} == fields
    said = Narrator().tell(event, VIEW)
    assert sentence in said[0]
    assert "\x1b" not in said[0]


def test_a_list_of_devices_names_each_and_says_when_there_is_none():
    full = told.DevicesListed(("a",), ("b",), "a", "b")
    assert Narrator().tell(full, VIEW) == ["in use: a and b", "microphone: a", "speaker: b"]
    none = told.DevicesListed((), (), "silence", "null")
    assert "no microphone was found" in Narrator().tell(none, VIEW)
    line = json_line(full, 1)
    assert line is not None
    assert json.loads(line)["inputs"] == ["a"]


async def test_devices_are_listed_in_the_line_mode(devices):
    from tui.line_mode.line_mode import LineMode
    from tui.line_mode.line_writer import LineWriter

    class Kept(LineWriter):
        def __init__(self) -> None:
            self.lines: list[str] = []
            self.on_closed = lambda: None

        def write(self, line: str) -> None:
            self.lines.append(line)

    out = Kept()
    mode = LineMode(out, Kept(), _Typed("devices", "leave"), as_json=True, started_s=0.0)
    await asyncio.wait_for(mode.run(_open), 10)
    listed = [json.loads(line) for line in out.lines if '"devices"' in line]
    assert listed[0]["outputs"] == ["HDMI", "USB Headset"]


class _Typed:
    def __init__(self, *lines: str) -> None:
        self._lines = lines

    async def lines(self):
        for line in self._lines:
            yield line


async def _open():
    return ScriptedNode()


def ear_actions(one):
    view = room(one, member(9, "amina", "speaker", me=not one.me))
    return [action for action in person_actions(one, view) if action.key in "+-S"]


def test_only_who_can_be_heard_can_be_made_louder():
    assert ear_actions(member(5, "me", "host", me=True)) == []
    assert ear_actions(member(2, "omar")) == []
    assert ear_actions(member(2, "omar", "speaker", state="left")) == []
    keys = [action.key for action in ear_actions(member(2, "lau", "speaker"))]
    assert keys == ["+", "-", "S"]


def test_a_volume_ends_at_its_limits():
    loud = ear_actions(member(2, "lau", "speaker", volume_db=12.0))
    soft = ear_actions(member(2, "lau", "speaker", volume_db=-30.0))
    assert [action.key for action in loud] == ["-", "S"]
    assert [action.key for action in soft] == ["+", "S"]
    almost = ear_actions(member(2, "lau", "speaker", volume_db=11.0))
    assert almost[0].command == ask.SetVolume(2, 12.0)


def test_what_we_changed_is_seen_in_the_row():
    def row(**changes):
        view = room(member(1, "lau", "speaker", **changes))
        return "".join(span.text for span in stage_rows(view, 60)[0].spans)

    assert "+6 dB" in row(volume_db=6.0)
    assert "silenced" in row(hushed=True)
    assert "direct" in row()
    assert state_sign(member(1, "lau", "speaker", hushed=True))[0] == "S"
    assert volume_note(member(1, "lau", "speaker")) == ""


async def test_keys_in_the_menu_of_a_person_make_it_louder_and_silent():
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert "Louder, for you only." in text_of(app)
        await pilot.press("plus", "f2", "minus", "f4")
        await entered(pilot)
        assert node.asked == [
            ask.SetVolume(2, 3.0),
            ask.SetVolume(2, 6.0),
            ask.SetVolume(2, 3.0),
            ask.SetHushed(2, True),
        ]
        assert "silenced by you" in text_of(app)
        assert "again" in text_of(app)
        await pilot.press("s", "escape")
        await entered(pilot)
        assert node.asked[-1] == ask.SetHushed(2, False)
        assert isinstance(app.screen, RoomScreen)


@pytest.mark.parametrize("key", ["d", "f7"])
async def test_another_device_is_chosen_from_a_list(devices, key):
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(80, 24)) as pilot:
        await entered(pilot)
        await pilot.press(key)
        for _ in range(20):
            await pilot.pause(0.05)
            if "HDMI" in text_of(app):
                break
        drawn = text_of(app)
        assert "USB Headset" in drawn
        assert "[b]Evil[/b]" in drawn
        assert "\x1b" not in drawn
        await pilot.press("down", "down", "enter")
        await pilot.pause(0.2)
        assert node.asked == [ask.UseDevice("mic", "USB Headset")]
        assert "microphone: USB Headset" in text_of(app)
        await pilot.press("tab", "down", "enter")
        await pilot.pause()
        assert node.asked[-1].kind == "speaker"
        await pilot.press("r")
        await pilot.press("escape")
        await entered(pilot)
        assert isinstance(app.screen, RoomScreen)


async def test_without_devices_the_list_says_so(monkeypatch):
    monkeypatch.setattr("audio.device.sound_card.list_devices", lambda: DeviceNames((), ()))
    node = ScriptedNode()
    app = app_with(node)
    async with app.run_test(size=(60, 20)) as pilot:
        await entered(pilot)
        await pilot.press("d")
        await pilot.pause(0.3)
        assert isinstance(app.screen, DeviceScreen)
        assert "no microphone was found" in text_of(app)
        await pilot.press("enter", "tab", "enter", "f7")
        await entered(pilot)
        assert node.asked == []
        assert isinstance(app.screen, RoomScreen)
