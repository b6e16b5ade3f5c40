"""What Windows is asked for; elsewhere nothing is. Under Wine the asking itself is tried."""

import ctypes
import subprocess
import sys

import pytest

from tui.i18n import chosen_language
from tui.windows import NO_BOXES, leave_no_crash_report, name_the_window, with_language


def test_a_language_that_a_variable_names_stays():
    assert with_language({"LANG": "zh_CN.UTF-8", "A": "b"}) == {"LANG": "zh_CN.UTF-8", "A": "b"}


@pytest.mark.skipif(sys.platform == "win32", reason="there the system names one")
def test_elsewhere_no_language_is_made_up():
    leave_no_crash_report()
    name_the_window()
    assert with_language({"A": "b"}) == {"A": "b"}


@pytest.mark.skipif(sys.platform != "win32", reason="of Windows")
def test_the_language_of_the_menus_is_taken():
    named = with_language({})["LANG"]
    assert chosen_language(None, {"LANG": named}) in ("en", "zh_CN", "zh_TW")
    assert named[:2].isalpha()


@pytest.mark.parametrize("name", ["zh-CN", "zh-Hans-CN", "zh-SG"])
def test_windows_names_of_simplified_chinese_are_understood(name):
    assert chosen_language(None, {"LANG": name}) == "zh_CN"


@pytest.mark.skipif(sys.platform != "win32", reason="of Windows")
def test_windows_is_asked_for_no_crash_report():
    leave_no_crash_report()
    assert ctypes.windll.kernel32.GetErrorMode() & NO_BOXES == NO_BOXES


@pytest.mark.skipif(sys.platform != "win32", reason="of Windows")
def test_the_title_of_the_window_says_nothing_of_the_room():
    code = """if True:
        import ctypes
        from tui.windows import name_the_window
        library, title = ctypes.windll.kernel32, ctypes.create_unicode_buffer(80)
        library.SetConsoleTitleW("Teahouse.cmd join zoo zoo zoo")
        name_the_window()
        library.GetConsoleTitleW(title, 80)
        print(title.value)"""
    ours = {"stdout": subprocess.PIPE, "creationflags": subprocess.CREATE_NO_WINDOW}
    done = subprocess.run([sys.executable, "-I", "-B", "-c", code], text=True, check=True, **ours)
    assert done.stdout.split() == ["Teahouse"]
