import sys

import pytest

from audio.device.device_choice import PACKAGES, choose, is_real, no_device

NAMES = ["null", "", "HDA Intel PCH: ALC257 Analog", "USB Headset", "pulse", "default"]


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ("default", 5),
        ("usb", 3),
        ("USB Headset", 3),
        ("  Pulse ", 4),
        ("null", None),
        ("", None),
        ("e", None),
        ("no such thing", None),
    ],
)
def test_a_device_is_found_by_its_name_or_a_part_of_one_name(wanted: str, place: int | None):
    assert choose(wanted, NAMES) == place


def test_the_default_is_the_first_real_device_where_none_is_called_default():
    assert choose("default", ["null", "Monitor of Speakers", "Built-in Microphone"]) == 2
    assert choose("default", ["null", "Monitor of Speakers"]) is None
    assert choose("default", []) is None


@pytest.mark.parametrize(
    "name",
    [
        "null",
        "Discard all samples (playback) or generate zero samples (capture)",
        "Dummy Output",
        "Monitor of Built-in Audio",
        " ",
    ],
)
def test_entries_behind_which_there_is_no_device_do_not_count(name: str):
    assert not is_real(name)


def test_a_sink_that_somebody_made_on_purpose_counts():
    assert choose("default", ["Null Output"]) == 0


def test_without_a_library_the_hint_says_what_to_install():
    problem = no_device("no_microphone", "default", [], library_missing=True)
    assert problem.code == "no_microphone"
    assert problem.exit_code == 7
    assert problem.message == "no microphone was found"
    assert ("Settings" if sys.platform == "win32" else PACKAGES) in problem.hint


def test_a_wrong_name_gets_the_names_that_there_are():
    problem = no_device("no_speaker", "usb{0}", NAMES, library_missing=False)
    assert problem.message == "there is no speaker called usb{0}"
    assert "USB Headset" in problem.hint
    assert "--speaker" in problem.hint


def test_a_machine_without_sound_is_told_so():
    problem = no_device("no_microphone", "usb", ["null"], library_missing=False)
    assert problem.message == "no microphone was found"
    assert ("Settings" if sys.platform == "win32" else "sound server") in problem.hint
