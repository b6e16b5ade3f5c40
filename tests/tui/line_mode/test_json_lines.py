import json
from typing import get_args

import pytest

from p2p.api import events as told
from tests.tui.scripted import KEY
from tui.line_mode.json_lines import json_line

FIELDS = [
    (KEY, "key", {"words", "line", "digits", "invite"}),
    (
        told.Joined(1, "host", 1, "self", 3),
        "joined",
        {"n", "role", "members", "via", "admitted_ms"},
    ),
    (told.FirstSound(2, 900), "first_sound", {"from", "ms"}),
    (
        told.MemberChanged(2, "ab", "lau", "listener", "here"),
        "member",
        {"n", "id", "name", "role", "state", "by"},
    ),
    (told.HandChanged(2, None), "hand", {"n", "place"}),
    (told.MicChanged(True, "asked"), "mic", {"on", "why"}),
    (told.LockChanged(True), "lock", {"on"}),
    (told.SpeakingChanged(2, True), "speaking", {"n", "on"}),
    (told.Stats({}, [], []), "stats", {"me", "speakers", "links"}),
    (told.Stats({}, [], [], {"a": 1}), "stats", {"me", "speakers", "links", "totals"}),
    (told.Stats({}, [], [], {}, {"a": {}}), "stats", {"me", "speakers", "links", "counters"}),
    (told.Waiting(13, "ab", "lau", True), "waiting", {"n", "id", "name", "on"}),
    (
        told.Words(2, "K7QD3M", ("river", "lamp", "tea"), "ready"),
        "words",
        {"n", "code", "words", "state"},
    ),
    (told.SettingChanged("entry", "ask", 1), "setting", {"what", "value", "by"}),
    (
        told.RelayChanged("192.0.2.1:9", "lost", "alone"),
        "relay",
        {"relay", "state", "means", "line"},
    ),
    (
        told.RelayListed(1, "192.0.2.1:9", True, True, False),
        "relay",
        {"n", "relay", "used", "up", "named"},
    ),
    (told.ModeratorsChanged(False), "moderators", {"here"}),
    (told.RoomKeyChanged("kick", 12), "room_key", {"why", "members"}),
    (told.DeviceChanged("mic", "USB"), "device", {"kind", "name"}),
    (told.DevicesListed((), (), "a", "b"), "devices", {"inputs", "outputs", "mic", "speaker"}),
    (told.VolumeChanged(2, 0.0, True), "volume", {"n", "db", "hushed"}),
    (told.CuesChanged(()), "cues", {"on"}),
    (told.EchoChanged("off"), "echo", {"mode"}),
    (told.DelayChanged(True), "delay", {"low"}),
    (told.LineChanged(True, False), "line", {"narrow_out", "narrow_in"}),
    (told.Left("asked", {}), "left", {"why", "totals"}),
    (told.ErrorRaised("x", "m", "h"), "error", {"code", "message", "hint"}),
]


@pytest.mark.parametrize(("event", "name", "fields"), FIELDS)
def test_every_event_has_the_fields_of_the_contract(event, name, fields):
    line = json_line(event, 17)
    whole = json.loads(line)
    assert "\n" not in line
    assert (whole.pop("schema"), whole.pop("event"), whole.pop("t_ms")) == (1, name, 17)
    assert whole.keys() == fields


def test_no_event_is_without_its_contract():
    assert {type(event) for event, _, _ in FIELDS} | {told.Notice} == set(get_args(told.Event))


def test_a_notice_is_talk_and_no_event():
    assert json_line(told.Notice("x", "y"), 0) is None


def test_numbers_that_json_does_not_have_become_null():
    event = told.Stats({"a": float("nan")}, [{"rtt_ms": float("inf"), "n": 1}], [])
    whole = json.loads(json_line(event, 0))
    assert whole["me"] == {"a": None}
    assert whole["speakers"] == [{"rtt_ms": None, "n": 1}]


def test_a_name_cannot_steer_a_terminal_that_shows_json():
    line = json_line(told.MemberChanged(2, "ab", "A\x9b31m\u202e", "listener", "here"), 0)
    assert json.loads(line)["name"] == "A31m"
    assert "\x9b" not in line


def test_a_message_that_quotes_someone_is_harmless_too():
    assert "\x9b" not in json_line(told.ErrorRaised("x", "\x9b31m", "\x9b"), 0)


def test_the_names_of_devices_are_harmless_too():
    listed = told.DevicesListed(("\x9b31m",), ("HDMI\u202e",), "\x9b", "b")
    whole = json.loads(json_line(listed, 0))
    assert (whole["inputs"], whole["outputs"], whole["mic"]) == (["31m"], ["HDMI"], "")
