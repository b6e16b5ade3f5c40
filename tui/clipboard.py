"""The clipboard of Windows, without its history and its copies on other machines.

Windows keeps what is copied, and sends it to the other machines of the same account, unless three
formats beside the text forbid it ("Clipboard formats", Win32). A terminal that is asked to copy
names none of them.
"""

import ctypes
import sys
from typing import Any, Final

KEPT_OUT: Final = "ExcludeClipboardContentFromMonitorProcessing"
NO_HISTORY: Final = "CanIncludeInClipboardHistory"
NO_CLOUD: Final = "CanUploadToCloudClipboard"
TEXT: Final = 13
"""CF_UNICODETEXT."""
_ONLY_FOR_MESSAGES: Final = -3
_MOVEABLE: Final = 2
_NO: Final = bytes(4)


def copied_in_private(text: str) -> bool:
    """Put a text on the clipboard of Windows, so that only the next paste sees it.

    Args:
        text: What to copy; may be secret.

    Returns:
        Whether it is there; False on other systems, and while another program holds the clipboard.
    """
    if sys.platform == "win32":
        user = _with_pointers("user32", "CreateWindowExW", "SetClipboardData")
        owner = user.CreateWindowExW(
            *(0, "STATIC", None, 0, 0, 0, 0, 0),
            ctypes.c_void_p(_ONLY_FOR_MESSAGES),
            None,
            None,
            None,
        )
        there = False
        if user.OpenClipboard(ctypes.c_void_p(owner)):
            there = _put(user, text)
            user.CloseClipboard()
        user.DestroyWindow(ctypes.c_void_p(owner))
        return there
    return False


def _put(user: Any, text: str) -> bool:
    user.EmptyClipboard()
    for name in (KEPT_OUT, NO_HISTORY, NO_CLOUD):  # before the text: whoever waits sees it last
        user.SetClipboardData(user.RegisterClipboardFormatW(name), _lent(_NO))
    return bool(user.SetClipboardData(TEXT, _lent(f"{text}\0".encode("utf-16-le"))))


def _lent(data: bytes) -> ctypes.c_void_p:
    """Bytes as the clipboard takes them over."""
    kernel = _with_pointers("kernel32", "GlobalAlloc", "GlobalLock")
    handle = ctypes.c_void_p(kernel.GlobalAlloc(_MOVEABLE, ctypes.c_size_t(len(data))))
    ctypes.memmove(ctypes.c_void_p(kernel.GlobalLock(handle)), data, len(data))
    kernel.GlobalUnlock(handle)
    return handle


def _with_pointers(name: str, *functions: str) -> Any:
    """A library of Windows, of which some functions return pointers."""
    library: Any = None
    if sys.platform == "win32":
        library = ctypes.WinDLL(name)
        for function in functions:
            getattr(library, function).restype = ctypes.c_void_p
    return library
