"""The config file: found, read with care, and changed only when a person says so.

Whoever could write it could choose our relay, and so learn our address. So it counts only if it is
this user's, or the system's, and nobody else may write it.
"""

import difflib
import os
import re
import stat
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from p2p.errors import UserError
from tui.config.options import BY_NAME, Option, Value
from tui.i18n import mark

MAX_BYTES = 64 * 1024
_USAGE = 2


def path_of(environ: Mapping[str, str]) -> Path | None:
    """Return where the file is, or would be; None: there is to be none.

    Args:
        environ: The environment. ``TEAHOUSE_CONFIG`` names another file, or none if it is empty.
    """
    if (named := environ.get("TEAHOUSE_CONFIG")) is not None:
        return Path(named) if named else None
    if sys.platform == "win32":
        base, rest = environ.get("APPDATA", ""), ""
    else:
        base, rest = environ.get("XDG_CONFIG_HOME", ""), ".config"
    if not os.path.isabs(base):
        home = environ.get("HOME") or environ.get("USERPROFILE")
        if not home:
            return None
        base = str(Path(home) / rest)
    return Path(base) / "teahouse" / "config.toml"


def read(path: Path) -> dict[str, Value]:
    """Return what stands in the file, by the options' names; nothing if there is no file.

    Raises:
        UserError: ``bad_config``: it can not be read, others may write it, it is too long, no
            TOML, or a line of it has no meaning here.
    """
    text = _text_of(path)
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise _bad(mark("The config file nests lists too deep."), _SEE_LINE) from None
    except ValueError as error:  # names line and column itself
        raise _bad(
            mark("The config file can not be understood: {reason}."), _SEE_LINE, reason=str(error)
        ) from None
    found: dict[str, Value] = {}
    for name, value in table.items():
        option = BY_NAME.get(name)
        if option is None:
            _refuse_unknown(name, _line_of(text, name))
        try:
            found[name] = option.of_toml(value)
        except ValueError as mistake:
            raise _bad(
                mark("Line {line} of the config file: the value of `{word}` can not be used."),
                "{advice}",
                line=_line_of(text, name),
                word=name,
                advice=str(mistake),
            ) from None
    return found


def changed(text: str, option: Option, value: Value | None) -> str:
    """Return the text of the file with one setting changed, everything else as it was.

    Args:
        text: The file as it is, correct TOML.
        option: What to change.
        value: What it is to be; None: it is taken out.
    """
    lines = text.splitlines(keepends=True)
    new = [] if value is None else [f"{option.name} = {as_toml(value)}\n"]
    for first, line in enumerate(lines):
        if re.match(rf'\s*"?{option.name}"?\s*=', line) and (end := _end(lines, first, option)):
            return "".join([*lines[:first], *new, *lines[end:]])
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return "".join([*lines, *new])


def write(path: Path, text: str) -> None:
    """Put a text in the place of the file, all of it or nothing; readable by its owner alone.

    Raises:
        UserError: It can not be written.
    """
    target = Path(os.path.realpath(path))  # who keeps it elsewhere, behind a link, still does
    half = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(
                os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(text.encode())
            half.replace(target)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        raise _bad(
            mark("The config file can not be written: {reason}."),
            mark("`teahouse config path` says where it is to be."),
            reason=error.strerror or "unknown error",
        ) from None


def text_of(path: Path) -> str:
    """Return the file as it is; raises as ``read``."""
    return _text_of(path)


def as_toml(value: Value) -> str:
    """Write a value so that TOML reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(as_toml(one) for one in value) + "]"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


_SEE_LINE = mark("Mend that line, or take it out. `teahouse config path` says where the file is.")


def _text_of(path: Path) -> str:
    try:
        # Not blocked by a pipe in its place.
        opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        _unreadable(getattr(error, "strerror", None) or "unknown error")
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode):
        os.close(opened)
        _unreadable("it is no file")
    with os.fdopen(opened, "rb") as file:
        if sys.platform != "win32" and (
            found.st_uid not in (os.getuid(), 0) or found.st_mode & 0o022
        ):
            raise _bad(
                mark("The config file does not count: others may write it."),
                mark("Make it yours alone: chmod 600"),
            )
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        _unreadable("it is longer than 64 kB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        _unreadable("it is no text in UTF-8")


def _unreadable(reason: str) -> NoReturn:
    raise _bad(
        mark("The config file can not be read: {reason}."),
        mark("`teahouse config path` says where it is. TEAHOUSE_CONFIG= goes on without it."),
        reason=reason,
    )


def _refuse_unknown(name: str, line: int) -> NoReturn:
    near = difflib.get_close_matches(name, BY_NAME, 1)
    raise _bad(
        mark("Line {line} of the config file: there is no setting `{word}`."),
        mark("Did you mean {near}?") if near else mark("`teahouse config` lists all settings."),
        line=line,
        word=name[:40],
        near=near[0] if near else "",
    )


def _line_of(text: str, name: str) -> int:
    """The line on which a setting begins, from 1."""
    pattern = re.compile(rf'\s*\[*\s*"?{re.escape(name)}"?\s*[=.\]]')
    numbered: Iterable[tuple[int, str]] = enumerate(text.splitlines(), start=1)
    return next((number for number, line in numbered if pattern.match(line)), 1)


def _end(lines: list[str], first: int, option: Option) -> int:
    """After which line a setting that begins on ``first`` ends; 0: it is none."""
    for end in range(first + 1, len(lines) + 1):
        try:
            if tomllib.loads("".join(lines[first:end])).keys() == {option.name}:
                return end
        except tomllib.TOMLDecodeError:
            continue
    return 0


def _bad(message: str, hint: str, **values: object) -> UserError:
    return UserError("bad_config", message, hint, _USAGE, **values)
