"""Whether Windows keeps the microphone from programs: it hands them silence and says nothing."""

import sys
from typing import Final

CONSENT: Final = (
    r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\microphone"
)
DESKTOP_PROGRAMS: Final = CONSENT + r"\NonPackaged"
DENIED: Final = "Deny"
ALLOW_IT: Final = (
    "Windows keeps the microphone from programs like this one: allow it in Settings, Privacy, "
    "Microphone, also for desktop apps"
)


def is_mic_denied() -> bool:
    """Whether its owner, or who set the machine up, has turned the microphone off for programs.

    Of the whole machine, of this user, or of this user's programs that come from no shop.
    """
    if sys.platform == "win32":
        import winreg

        user, machine = winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE
        places = ((machine, CONSENT), (user, CONSENT), (user, DESKTOP_PROGRAMS))
        return any(_value(root, path) == DENIED for root, path in places)
    return False


def _value(root: int, path: str) -> object:
    """What is set there; empty where nothing is."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(root, path) as key:
                return winreg.QueryValueEx(key, "Value")[0]
        except OSError:
            return ""
    return ""
