"""Find and bind libopus.

Every ``av`` wheel carries a full libopus beside its modules, so no system package is needed. It
is built without deep PLC; a library of the system that has it (Debian 13) comes first.
The file is looked up without importing ``av``, and system names are handed to the loader
directly: ``ctypes.util.find_library`` may start a compiler and write temporary files.
"""

import ctypes
import functools
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from audio.codec.neural_concealment import has_deep_plc
from audio.errors import OpusMissingError

OVERRIDE_VARIABLE = "TEAHOUSE_LIBOPUS"
"""Environment variable that names the library file to use instead of the found one."""
_SYSTEM_NAMES = (
    "libopus.so.0",
    "libopus.0.dylib",
    "/opt/homebrew/lib/libopus.0.dylib",
    "/usr/local/lib/libopus.0.dylib",
    "opus.dll",
    "libopus-0.dll",
)
_BUNDLE_PATTERNS = ("../av.libs/libopus*", ".dylibs/libopus*")
_PROTOTYPES: tuple[tuple[str, object, tuple[object, ...]], ...] = (
    (
        "opus_encoder_create",
        ctypes.c_void_p,
        (ctypes.c_int32, ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int)),
    ),
    (
        "opus_encode",
        ctypes.c_int32,
        (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int32),
    ),
    # Only the fixed arguments are named: the rest is variadic, which has its own calling
    # convention on 64-bit ARM Macs.
    ("opus_encoder_ctl", ctypes.c_int, (ctypes.c_void_p, ctypes.c_int)),
    ("opus_encoder_destroy", None, (ctypes.c_void_p,)),
    (
        "opus_decoder_create",
        ctypes.c_void_p,
        (ctypes.c_int32, ctypes.c_int, ctypes.POINTER(ctypes.c_int)),
    ),
    (
        "opus_decode",
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.c_int,
        ),
    ),
    ("opus_decoder_ctl", ctypes.c_int, (ctypes.c_void_p, ctypes.c_int)),
    ("opus_decoder_destroy", None, (ctypes.c_void_p,)),
    ("opus_get_version_string", ctypes.c_char_p, ()),
)


def candidates() -> Iterator[str]:
    """Yield what to hand to the system's loader, best first among those without deep PLC.

    Yields:
        File paths and bare library names; none is known to exist.
    """
    override = os.environ.get(OVERRIDE_VARIABLE)
    if override:
        yield override
    spec = importlib.util.find_spec("av")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for pattern in _BUNDLE_PATTERNS:
            parent, _, name = pattern.rpartition("/")
            yield from sorted(str(path) for path in (Path(folder) / parent).glob(name))
    yield from _SYSTEM_NAMES


@functools.cache
def load() -> ctypes.CDLL:
    """Load libopus once per process.

    Returns:
        The library with the types of the used functions set.

    Raises:
        OpusMissingError: No candidate could be loaded.
    """
    if not os.environ.get(OVERRIDE_VARIABLE):
        for name in _SYSTEM_NAMES:
            library = _bound(name)
            if library is not None and has_deep_plc(library):
                return library
    for name in candidates():
        library = _bound(name)
        if library is not None:
            return library
    raise OpusMissingError("no libopus found: reinstall the av package")


def _bound(name: str) -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(name)
        for function_name, result, arguments in _PROTOTYPES:
            function = getattr(library, function_name)
            function.restype = result
            function.argtypes = list(arguments)
    except (OSError, AttributeError):
        return None
    return library


def version() -> str:
    """Return the version that the loaded library reports, such as ``libopus 1.6.1``.

    Raises:
        OpusMissingError: No candidate could be loaded.
    """
    return bytes(load().opus_get_version_string()).decode("ascii", "replace")
