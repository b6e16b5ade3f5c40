"""What Windows keeps of a program by itself: that it ran, and what was in its memory."""

import sys
from collections.abc import Callable

from tui.doctor.findings import Finding
from tui.i18n import tr

Registry = Callable[[str, str], object]
"""Gives a value below HKEY_LOCAL_MACHINE by its key and name; None if it is not there."""

_SESSION = r"SYSTEM\CurrentControlSet\Control\Session Manager"
_MEMORY = rf"{_SESSION}\Memory Management"
_PREFETCH = rf"{_MEMORY}\PrefetchParameters"
_POWER = rf"{_SESSION}\Power"
_POWER_OF_ALL = r"SYSTEM\CurrentControlSet\Control\Power"


def kept_findings(registry: Registry) -> list[Finding]:
    """Return what is switched on; what the system does not say counts as on.

    Args:
        registry: Asked, never written to.
    """
    return [_page_file(registry), _hibernation(registry), _traces(registry)]


def _page_file(registry: Registry) -> Finding:
    files = registry(_MEMORY, "PagingFiles")
    if isinstance(files, list) and not any(isinstance(one, str) and one for one in files):
        return Finding("page_file", "ok", tr("none: memory is not written to the disk"))
    return Finding(
        "page_file",
        "note",
        tr("Windows may write memory into it, keys too"),
        tr("Encrypt the whole disk (BitLocker, VeraCrypt); nothing else helps for certain."),
    )


def _hibernation(registry: Registry) -> Finding:
    says = registry(_POWER_OF_ALL, "HibernateEnabled")
    if says is None:
        says = registry(_POWER, "HibernateEnabled")
    if says == 0:
        return Finding("hibernation", "ok", tr("off"))
    return Finding(
        "hibernation",
        "note",
        tr("a laptop that sleeps deeply writes all memory to its disk, keys too"),
        tr("Leave the room before you close the lid. As administrator: powercfg /h off"),
    )


def _traces(registry: Registry) -> Finding:
    text = tr("Windows notes that this program ran, when, and from which folder: recent programs")
    if registry(_PREFETCH, "EnablePrefetcher") != 0:
        text = tr(
            "Windows notes that this program ran, when, and from which folder: prefetch, recent "
            "programs"
        )
    return Finding(
        "traces",
        "note",
        text,
        tr("Who finds this disk can read it, also when the folder is gone. Encrypt the disk."),
    )


def system_registry(key: str, name: str) -> object:
    """Ask this system; elsewhere than on Windows there is nothing to ask."""
    if sys.platform == "win32":
        import winreg

        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
                value: object = winreg.QueryValueEx(opened, name)[0]
                return value
        except OSError:
            return None
    return None
