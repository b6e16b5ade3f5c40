"""espeak-ng turns a line of text into sound: as a program, or as the library of a wheel.

Text goes in by standard input, never as an argument that other users of the machine could read.
Nothing is written to a disk, and no sound server is spoken to.
"""

import contextlib
import ctypes
import importlib.util
import io
import os
import shutil
import subprocess
import sys
import threading
import wave
from collections.abc import Callable
from pathlib import Path

from audio.errors import SoundError

VOICES = {"zh": "cmn", "yue": "yue", "en": "en", "ug": "ug", "fa": "fa", "fr": "fr", "ru": "ru"}
"""Languages that are spoken, and espeak-ng's name of each."""
PROGRAM = "espeak-ng"
LIMIT_S = 5.0
_WHEEL = "espeakng_loader"
_LONGEST_PATH = 1024
_LIBRARIES = {"win32": "espeak-ng.dll", "darwin": "libespeak-ng.dylib"}

Speak = Callable[[str, str], bytes]
"""Text and espeak-ng's name of a language, to the bytes of a WAV file."""


class EspeakError(SoundError):
    """There is no espeak-ng here, or it did not speak."""


def find() -> Speak:
    """Return what speaks on this machine: the program, else the wheel's library.

    Raises:
        EspeakError: Neither is installed.
    """
    program = _program()
    if program is not None:
        return lambda text, voice: _by_program(program, text, voice)
    folder = _wheel_folder()
    if folder is None:
        raise EspeakError("not installed")
    return _Library(folder).speak


def _program() -> str | None:
    found = shutil.which(PROGRAM)
    folder = os.environ.get("PROGRAMFILES", "")
    if sys.platform == "win32" and found is None and os.path.isabs(folder):
        usual = Path(folder, "eSpeak NG", "espeak-ng.exe")  # its installer tells no shell of it
        return str(usual) if usual.is_file() else None
    return found


def _by_program(program: str, text: str, voice: str) -> bytes:
    # Some builds greet a sound server even when they write to a pipe: there is none.
    kept = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"PULSE_SERVER": "unix:/nonexistent", "HOME": "/nonexistent"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; the text is on its input
            [program, "-b", "1", "-v", voice, "-z", "--stdin", "--stdout"],
            input=text.encode(),
            capture_output=True,
            timeout=LIMIT_S,
            check=True,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EspeakError(type(error).__name__) from None
    return done.stdout


def _wheel_folder() -> Path | None:
    try:
        found = importlib.util.find_spec(_WHEEL)
    except (ImportError, ValueError):
        return None
    for folder in (found and found.submodule_search_locations) or ():
        return Path(folder)
    return None


def _as_opened(path: Path) -> bytes:
    """A path as the library opens it: on Windows in the code page of the system.

    Raises:
        EspeakError: It has no name there, not even a short one.
    """
    if sys.platform == "win32":
        short = ctypes.create_unicode_buffer(_LONGEST_PATH)
        ctypes.windll.kernel32.GetShortPathNameW(str(path), short, _LONGEST_PATH)
        for name in (str(path), short.value):
            with contextlib.suppress(UnicodeEncodeError):
                return name.encode("mbcs")
        raise EspeakError("no name for its folder")
    return os.fsencode(path)


_Heard = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class _Library:
    """The library of the wheel. It has one state for the whole process, hence the lock.

    Args:
        folder: Where the wheel lies.

    Raises:
        EspeakError: It does not load.
    """

    _SYNCHRONOUS = 2
    _NO_EXIT = 0x8000
    _UTF8 = 1
    _lock = threading.Lock()

    def __init__(self, folder: Path) -> None:
        try:
            self._library = ctypes.CDLL(
                str(folder / _LIBRARIES.get(sys.platform, "libespeak-ng.so"))
            )
            self._library.espeak_Initialize.argtypes = (
                ctypes.c_int,
                ctypes.c_int,
                ctypes.c_char_p,
                ctypes.c_int,
            )
            self._library.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
            self._library.espeak_Synth.argtypes = (
                ctypes.c_char_p,
                ctypes.c_size_t,
                ctypes.c_uint,
                ctypes.c_int,
                ctypes.c_uint,
                ctypes.c_uint,
                ctypes.c_void_p,
                ctypes.c_void_p,
            )
        except (OSError, AttributeError) as error:
            raise EspeakError(type(error).__name__) from None
        with self._lock:
            data = _as_opened(folder / "espeak-ng-data")
            rate = self._library.espeak_Initialize(self._SYNCHRONOUS, 0, data, self._NO_EXIT)
        if rate <= 0:
            raise EspeakError("no data")
        self._rate_hz = int(rate)

    def speak(self, text: str, voice: str) -> bytes:
        """Return a WAV file of ``text``."""
        pieces: list[bytes] = []

        def heard(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _: int | None) -> int:
            if count > 0:  # the last call has a null pointer and no samples
                pieces.append(ctypes.string_at(samples, 2 * count))
            return 0

        kept = _Heard(heard)
        raw = text.encode()
        with self._lock:
            self._library.espeak_SetSynthCallback(kept)
            failed = self._library.espeak_SetVoiceByName(voice.encode())
            failed = failed or self._library.espeak_Synth(
                raw, len(raw) + 1, 0, 1, 0, self._UTF8, None, None
            )
        if failed:
            raise EspeakError("refused")
        return _wav(b"".join(pieces), self._rate_hz)


def _wav(samples: bytes, rate_hz: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples)
    return out.getvalue()
