"""What is copied is said to be, and goes again; on Windows no history and no cloud keeps it.

What is of Windows is tried under Wine.
"""

import asyncio
import base64
import ctypes
import sys

import pytest

import tui.app
from tests.tui.drawn import app_with, text_of
from tests.tui.scripted import KEY, ScriptedNode, full_room
from tui.clipboard import KEPT_OUT, NO_CLOUD, NO_HISTORY, TEXT, copied_in_private
from tui.i18n import use_language

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


class Copying:
    """The invite, copied at a screen; what the terminal is asked to copy is read."""

    def __init__(self, lasts_s, monkeypatch):
        monkeypatch.setattr(tui.app, "COPY_LASTS_S", lasts_s)
        self.app = app_with(ScriptedNode(full_room("host")))
        self._monkeypatch = monkeypatch
        self.written = []

    @property
    def copies(self):
        begin = "\x1b]52;c;"
        found = [one for one in self.written if one.startswith(begin)]
        return [base64.b64decode(one[len(begin) : -1]).decode() for one in found]

    async def copy(self, pilot):
        self._monkeypatch.setattr(self.app._driver, "write", self.written.append)
        await pilot.pause()
        await pilot.press("i")
        await pilot.pause()
        await pilot.pause()
        await pilot.press("y")
        await pilot.pause()
        await pilot.pause()


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is asked elsewhere only")
@pytest.mark.parametrize(
    ("language", "says"), [("en", "Copied,iftheterminal"), ("zh_CN", "已复制")]
)
async def test_a_copied_invite_is_said_to_be_and_goes_again(language, says, monkeypatch):
    use_language(language)
    try:
        at = Copying(0.8, monkeypatch)
        async with at.app.run_test(size=(80, 24), notifications=True) as pilot:
            await at.copy(pilot)
            assert at.copies[:1] == [KEY.invite]
            await asyncio.sleep(0.3)
            assert says in "".join(text_of(at.app).split())
            await asyncio.sleep(0.9)
            assert at.copies == [KEY.invite, " "]
    finally:
        use_language("en")


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is asked elsewhere only")
async def test_whoever_leaves_leaves_no_key_on_the_clipboard(monkeypatch):
    at = Copying(60.0, monkeypatch)
    async with at.app.run_test(size=(80, 24)) as pilot:
        await at.copy(pilot)
        at.app.leave()
        await pilot.pause()
    assert at.copies == [KEY.invite, " "]


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is asked elsewhere only")
async def test_what_was_copied_since_stays_for_its_own_minute(monkeypatch):
    at = Copying(0.8, monkeypatch)
    async with at.app.run_test(size=(80, 24)) as pilot:
        await at.copy(pilot)
        monkeypatch.setattr(tui.app, "COPY_LASTS_S", 60.0)
        at.app.copy_to_clipboard("tea")
        await asyncio.sleep(1.2)
        assert at.copies == [KEY.invite, "tea"]
