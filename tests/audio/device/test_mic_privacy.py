"""A microphone that Windows keeps from programs is told from one that is switched off."""

import sys
from collections.abc import Iterator

import pytest

from audio.capture.silentmic import mic_silent
from audio.device.device_choice import no_device
from audio.device.mic_privacy import ALLOW_IT, CONSENT, DESKTOP_PROGRAMS, is_mic_denied

if sys.platform == "win32":
    import winreg

WINDOWS = pytest.mark.skipif(sys.platform != "win32", reason="of Windows")


@pytest.fixture(params=[CONSENT, DESKTOP_PROGRAMS], ids=["all programs", "desktop programs"])
def setting(request: pytest.FixtureRequest) -> Iterator["winreg.HKEYType"]:
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, request.param) as key:
        yield key
        winreg.DeleteValue(key, "Value")


def test_nothing_is_denied_where_nothing_is_set() -> None:
    assert not is_mic_denied()
    assert mic_silent("USB Headset").hint != ALLOW_IT
    assert no_device("no_microphone", "default", [], library_missing=False).hint != ALLOW_IT


@WINDOWS
def test_a_denied_microphone_says_where_to_allow_it(setting: "winreg.HKEYType") -> None:
    winreg.SetValueEx(setting, "Value", 0, winreg.REG_SZ, "Deny")
    assert is_mic_denied()
    assert mic_silent("USB Headset").hint == ALLOW_IT
    assert no_device("no_microphone", "default", [], library_missing=False).hint == ALLOW_IT
    assert no_device("no_speaker", "default", [], library_missing=False).hint != ALLOW_IT


@WINDOWS
def test_an_allowed_microphone_is_allowed(setting: "winreg.HKEYType") -> None:
    winreg.SetValueEx(setting, "Value", 0, winreg.REG_SZ, "Allow")
    assert not is_mic_denied()
