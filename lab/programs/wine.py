"""Windows programs on Linux, under Wine: a prefix of its own, and how to start something in it.

Debian 12's Wine 8 lacks one small library that newer programs ask for random bytes; it is made here
with MinGW. Output goes through pipes: Wine 8 hands Windows' Python no file as standard output.
"""

import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("wine", "wine64", "gcc-mingw-w64-x86-64-win32")
"""What Debian has to have installed."""
START_LIMIT_S = 180.0

_RANDOM_LIBRARY = """
__declspec(dllimport) unsigned char SystemFunction036(void *, unsigned long);
__declspec(dllexport) int ProcessPrng(unsigned char *at, unsigned long long count) {
  while (count) {
    unsigned long part = count > 65536 ? 65536 : (unsigned long)count;
    if (!SystemFunction036(at, part)) return 0;
    at += part;
    count -= part;
  }
  return 1;
}
"""


def missing() -> list[str]:
    """Names of programs that are not here and have to be."""
    return [name for name in ("wine", "x86_64-w64-mingw32-gcc") if shutil.which(name) is None]


class Wine:
    """A Windows of one's own.

    Args:
        folder: An empty folder for it.

    Attributes:
        drive_c: Its drive C:.
        environment: For programs that are started in it.
    """

    def __init__(self, folder: Path) -> None:
        self.drive_c = folder / "drive_c"
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "WINEPREFIX": str(folder),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            # Neither its browser nor its .NET is wanted, nor a menu on this desktop.
            "WINEDLLOVERRIDES": "mscoree=d;mshtml=d;winemenubuilder.exe=d",
            "LANG": "C.UTF-8",
        }

    def start(self) -> None:
        """Makes it; Windows 10 as programs see it. A server keeps it until ``stop``."""
        self.drive_c.parent.mkdir(parents=True, exist_ok=True)
        self._quietly("wineserver", "-p")
        self._quietly("wine", "wineboot", "-i")
        version = ("/v", "Version", "/d", "win10", "/f")
        self._quietly("wine", "reg", "add", r"HKCU\Software\Wine", *version)
        system = self.drive_c / "windows" / "system32"
        library = system / "bcryptprimitives.dll"
        if not library.exists():
            compiler = ("x86_64-w64-mingw32-gcc", "-shared", "-xc", "-", "-o", str(library))
            subprocess.run([*compiler, "-ladvapi32"], input=_RANDOM_LIBRARY, text=True, check=True)

    def stop(self) -> None:
        """Ends every program in it."""
        self._quietly("wineserver", "-k", check=False)

    def run(
        self, *command: str, cwd: Path | None = None, limit_s: float = START_LIMIT_S
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program of Windows to its end, without input.

        Args:
            command: The program (a path of this system) and its arguments.
            cwd: Where.
            limit_s: After which it is killed, with ``subprocess.TimeoutExpired``.
        """
        return subprocess.run(
            ["wine", *command],
            cwd=cwd,
            env=self.environment,
            input="",
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=limit_s,
            check=False,
        )

    @staticmethod
    def windows_path(path: Path) -> str:
        """How a program of Windows names a file of this system."""
        return "Z:" + str(path).replace("/", "\\")

    def _quietly(self, *command: str, check: bool = True) -> None:
        # Its server lives on and would hold our pipes.
        nowhere = subprocess.DEVNULL
        subprocess.run(
            command,
            env=self.environment,
            stdin=nowhere,
            stdout=nowhere,
            stderr=nowhere,
            timeout=START_LIMIT_S,
            check=check,
        )
