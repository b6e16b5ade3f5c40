import sys
import threading
import time

import pytest

from audio.device.sound_card import DeviceNames
from tui.doctor.machine import clock_finding, memory_findings, terminal_finding, version_finding
from tui.doctor.sound import Listing
from tui.version import version


@pytest.mark.parametrize(
    ("unix_s", "kept", "state"),
    [(0.0, True, "bad"), (1.8e9, True, "ok"), (1.8e9, False, "note")],
)
def test_a_clock_in_the_past_or_that_nothing_keeps_is_named(unix_s, kept, state):
    assert clock_finding(unix_s, kept).state == state


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_the_kernel_says_whether_it_keeps_the_clock_right():
    assert clock_finding().state in ("ok", "note")
    assert "does not say" not in clock_finding().text


def test_what_may_get_to_the_disk_is_named():
    assert [one.state for one in memory_findings(())] == ["ok", "ok"]
    assert [one.state for one in memory_findings(("core",))] == ["note", "ok"]
    assert [one.state for one in memory_findings(("swap",))] == ["ok", "note"]


def test_the_version_is_that_of_the_program():
    assert version() in version_finding(version()).text


def test_without_a_terminal_the_line_mode_is_named():
    assert "--plain" in terminal_finding().text


@pytest.mark.parametrize(
    ("inputs", "outputs", "states"),
    [
        (("a", "b"), ("c",), ["ok", "ok"]),
        ((), ("c",), ["note", "ok"]),
        ((), (), ["note", "bad"]),
    ],
)
def test_a_speaker_is_needed_and_a_microphone_is_not(inputs, outputs, states):
    found = Listing(lambda: DeviceNames(inputs, outputs)).findings(5.0)
    assert [one.state for one in found] == states


def test_no_name_of_a_device_is_in_the_report():
    found = Listing(lambda: DeviceNames(("Amina's headset",), ("x",))).findings(5.0)
    assert "Amina" not in repr(found)


def test_a_sound_system_that_hangs_holds_up_nobody():
    never = threading.Event()
    listing = Listing(lambda: never.wait() and DeviceNames((), ()))
    began_s = time.monotonic()
    assert [one.state for one in listing.findings(0.2)] == ["bad", "bad"]
    assert time.monotonic() - began_s < 2.0
    assert listing.hangs
    never.set()
