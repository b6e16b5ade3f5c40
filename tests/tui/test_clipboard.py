"""What is copied on Windows is kept out of its history and its cloud; tried under Wine."""

import ctypes
import sys

import pytest

from tui.clipboard import KEPT_OUT, NO_CLOUD, NO_HISTORY, TEXT, copied_in_private

WORDS = "房间 zoo zoo 🍵"


@pytest.mark.skipif(sys.platform == "win32", reason="there it is copied")
def test_elsewhere_the_terminal_copies():
    assert not copied_in_private(WORDS)


@pytest.mark.skipif(sys.platform != "win32", reason="of Windows")
def test_the_text_is_there_and_nobody_may_keep_it():
    assert copied_in_private(WORDS)
    user, kernel = ctypes.WinDLL("user32"), ctypes.WinDLL("kernel32")
    user.GetClipboardData.restype = kernel.GlobalLock.restype = ctypes.c_void_p

    def held(form):
        at = kernel.GlobalLock(ctypes.c_void_p(user.GetClipboardData(form)))
        assert at
        return at

    assert user.OpenClipboard(None)
    try:
        assert ctypes.wstring_at(held(TEXT)) == WORDS
        for name in (NO_HISTORY, NO_CLOUD):
            at = held(user.RegisterClipboardFormatW(name))
            assert ctypes.c_uint32.from_address(at).value == 0
        assert user.IsClipboardFormatAvailable(user.RegisterClipboardFormatW(KEPT_OUT))
    finally:
        user.CloseClipboard()


@pytest.mark.skipif(sys.platform != "win32", reason="of Windows")
def test_while_another_program_holds_the_clipboard_nothing_is_copied():
    user = ctypes.WinDLL("user32")
    user.CreateWindowExW.restype = ctypes.c_void_p
    other = ctypes.c_void_p(
        user.CreateWindowExW(
            *(0, "STATIC", None, 0, 0, 0, 0, 0), ctypes.c_void_p(-3), None, None, None
        )
    )
    assert user.OpenClipboard(other)
    try:
        assert not copied_in_private(WORDS)
    finally:
        user.CloseClipboard()
