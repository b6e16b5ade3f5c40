"""What is different for a program that a person starts on Windows; nothing happens elsewhere."""

import ctypes
import sys
from collections.abc import Mapping

# SetErrorMode: no box about a missing disk, none about a crash (nor its report), none about a file.
NO_BOXES = 0x0001 | 0x0002 | 0x8000
# WerSetFlags: no heap, no window, no heap while queued, no snapshot of a crash or a hang.
NO_REPORTS = 1 | 32 | 64 | 128 | 256
_NAME_CHARS = 85
_LOCALE_NAMES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def leave_no_crash_report() -> None:
    """Asks Windows not to write memory to the disk, nor send it away, when this program crashes.

    A machine whose owner has set up full dumps for all programs can still make one.
    """
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetErrorMode(NO_BOXES)
        try:
            ctypes.WinDLL("wer").WerSetFlags(NO_REPORTS)
        except (OSError, AttributeError):  # without its reports there is nothing to ask
            return


def name_the_window() -> None:
    """Has the title of the window name the program alone: Windows puts the command line there."""
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetConsoleTitleW("Teahouse")


def with_language(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, and on Windows, where no variable names a language, the one of its menus."""
    if any(environ.get(name) for name in _LOCALE_NAMES):
        return dict(environ)
    name = _menu_language()
    return {**environ, "LANG": name} if name else dict(environ)


def _menu_language() -> str:
    """As in ``zh-CN``; empty on other systems."""
    name = ""
    if sys.platform == "win32":
        library, text = ctypes.windll.kernel32, ctypes.create_unicode_buffer(_NAME_CHARS)
        if library.LCIDToLocaleName(library.GetUserDefaultUILanguage(), text, _NAME_CHARS, 0):
            name = text.value
    return name
