"""``teahouse config``: shows what was chosen and where, and changes the file when asked to."""

import argparse
import difflib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from p2p.errors import UserError
from tui.config.file import as_toml, changed, path_of, read, text_of, write
from tui.config.options import ABOUT, BY_NAME, OPTIONS, Option
from tui.config.sources import Origin, choices
from tui.i18n import chosen_language, mark, tr, use_language
from tui.windows import with_language

_USAGE = 2
_ORIGINS: dict[Origin, str] = {
    "default": mark("default"),
    "config": mark("config file"),
    "environment": mark("environment"),
}


def main(argv: Sequence[str]) -> int:
    """Show, or change.

    Args:
        argv: What follows ``config`` on the command line.

    Returns:
        0.

    Raises:
        UserError: The file is no good, or what is to be set is not.
    """
    options = parser().parse_args(argv)
    if options.lang:
        use_language(chosen_language(options.lang, with_language(os.environ)))
    if options.what is None:
        _show(as_json=options.json)
    elif options.what == "path":
        sys.stdout.write(f"{_path()}\n")
    elif options.what == "set":
        _set(options.key, options.value)
    else:
        _unset(options.key)
    return 0


def _show(*, as_json: bool) -> None:
    found = choices(os.environ)
    if as_json:
        values = {one.option.name: {"value": one.value, "from": one.origin} for one in found}
        _say(json.dumps({"schema": 1, "settings": values}, ensure_ascii=False))
        return
    for one in found:
        _say(f"{f'{one.option.name} = {as_toml(one.value)}':<32} # {tr(_ORIGINS[one.origin])}")


def _set(key: str, words: list[str]) -> None:
    option, path = _option(key), _path()
    try:
        value = option.of_words(words)
    except ValueError as mistake:
        raise UserError(
            "bad_value",
            mark("This can not be the value of `{word}`."),
            "{advice}",
            _USAGE,
            word=option.name,
            advice=str(mistake),
        ) from None
    read(path)  # a file that is no good is mended by hand, not overwritten
    is_new = not path.exists()
    write(path, changed(text_of(path), option, value))
    if is_new:
        sys.stderr.write(
            tr(
                "{path} was made. It stays on this disk, and shows that Teahouse is used here.",
                path=path,
            )
            + "\n"
        )


def _unset(key: str) -> None:
    option, path = _option(key), _path()
    if option.name in read(path):
        write(path, changed(text_of(path), option, None))


def _option(key: str) -> Option:
    option = BY_NAME.get(key)
    if option is None:
        near = difflib.get_close_matches(key, BY_NAME, 1)
        raise UserError(
            "unknown_setting",
            mark("There is no setting `{word}`."),
            mark("Did you mean {near}?") if near else mark("`teahouse config` lists all settings."),
            _USAGE,
            word=key[:40],
            near=near[0] if near else "",
        )
    return option


def _path() -> Path:
    path = path_of(os.environ)
    if path is None:
        raise UserError(
            "no_config",
            mark("There is no place for a config file."),
            mark("HOME is not set, or TEAHOUSE_CONFIG is empty."),
            _USAGE,
        )
    return path


def _say(line: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    lines = "".join(f"  {option.name:<10}{tr(ABOUT[option.name])}\n" for option in OPTIONS)
    made = argparse.ArgumentParser(
        prog="teahouse config",
        description="Shows what holds for every run, and where it was chosen. A flag counts before "
        "the environment (TEAHOUSE_NAME and so on), that before the config file. The file is "
        "written by `set` and `unset` alone. No room key is ever in it.",
        epilog=f"{tr('settings:')}\n{lines}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", action="store_true", help="one object and nothing else")
    made.add_argument("--lang", metavar="CODE", help="language: en, zh_CN or zh_TW")
    what = made.add_subparsers(dest="what", help="what is to be done")
    setting = what.add_parser("set", help="set KEY to VALUE in the file")
    setting.add_argument("key", metavar="KEY")
    setting.add_argument("value", metavar="VALUE", nargs="+")
    unsetting = what.add_parser("unset", help="take KEY out of the file")
    unsetting.add_argument("key", metavar="KEY")
    what.add_parser("path", help="say where the file is")
    return made
