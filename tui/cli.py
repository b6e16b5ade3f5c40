"""The ``teahouse`` command: takes the command line apart and starts what was asked for.

Nothing heavy is imported before it is needed: ``--version`` loads no screen and no network.
"""

import asyncio
import logging
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from p2p.api.settings import Settings
from p2p.errors import UserError
from p2p.process import Leak, shut_memory
from tui.backend import RealBackend
from tui.config.sources import configured_language, parse_with_config
from tui.i18n import chosen_language, mark, tr, use_language
from tui.line_mode.line_reader import LineReader
from tui.manual.translated import argparse_speaks, help_of
from tui.nodelike import Backend, NodeLike
from tui.options import language_in, main_parser, room_parser, settings_of, split_command
from tui.programs import BY_NAME, listing
from tui.start.key_source import key_text
from tui.start.tab_prompt import tab_prompt
from tui.texts.failures import as_event, told, user_error_in
from tui.texts.readings import reading_notes
from tui.version import version
from tui.windows import leave_no_crash_report, name_the_window, with_language

if TYPE_CHECKING:
    import argparse

_USAGE = 2
_LEAKS: dict[Leak, str] = {
    "core": mark(
        "If Teahouse crashes, this system may leave a file with what was in its memory, keys too."
    ),
    "swap": mark(
        "This computer may write what is in Teahouse's memory to its disk, keys too: it has swap, "
        "and you may not lock memory."
    ),
}
Opening = Callable[[Settings], Awaitable[NodeLike]]


def main(argv: Sequence[str] | None = None, backend: Backend | None = None) -> int:
    """Run the program and return its exit code.

    Args:
        argv: The command line without the program's name; None for the real one.
        backend: Where nodes come from; None for the network.
    """
    started_s = time.monotonic()
    leave_no_crash_report()
    name_the_window()
    argv_given = sys.argv[1:] if argv is None else argv
    wish = language_in(argv_given) or configured_language(os.environ)
    use_language(chosen_language(wish, with_language(os.environ)))
    argparse_speaks()
    args = split_command(argv_given, listing())
    if args.help:
        sys.stdout.write(help_of(main_parser(listing())))
        return 0
    if args.version:
        sys.stdout.write(f"teahouse {version()}\n")
        return 0
    leaks = shut_memory() if argv is None else ()  # else the process is somebody else's
    _quiet_log()
    try:
        if args.command in (None, "create", "join", "relay"):
            for leak in leaks:
                _say(tr(_LEAKS[leak]))
        return _dispatch(args, backend or RealBackend(), started_s)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if "--json" in args.rest and os.environ.get("TEAHOUSE_DEBUG") != "1":
            return _fail_in_json(user_error_in(error) or _fault(error), started_s)
        return _fail(error)


def _quiet_log() -> None:
    """Nothing of the log reaches a screen or a script, unless someone looks for a fault."""
    from p2p.log import start_log

    if os.environ.get("TEAHOUSE_DEBUG") == "1":
        start_log("debug")
        logging.getLogger("teahouse.trace").setLevel(logging.WARNING)  # the screen stays legible
    else:
        logging.getLogger().addHandler(logging.NullHandler())


def _start_log(options: "argparse.Namespace", *, screen: bool) -> None:
    """Write the log where somebody asked for it."""
    from p2p.log import start_log, start_trace

    if options.log_level and screen:
        raise UserError(
            "no_place_for_log",
            mark("The log would be written over the screen."),
            mark("Use --trace FILE, or --plain."),
            _USAGE,
        )
    if options.log_level:
        start_log(options.log_level)
    if options.trace:
        start_trace(options.trace)


def _dispatch(args: "argparse.Namespace", backend: Backend, started_s: float) -> int:
    program = BY_NAME.get(args.command)
    if program is not None and {"-h", "--help"} & set(args.rest):
        sys.stdout.write(help_of(program.parser()))
        return 0
    if program is not None and program.module is not None:
        return int(import_module(program.module).main(args.rest))
    if args.command is not None and program is None:
        raise UserError(
            "unknown_command",
            mark("There is no command `{word}`."),
            mark("`teahouse --help` lists all commands."),
            _USAGE,
            word=args.command,
        )
    joins = args.command != "create"
    parser = room_parser(args.command or "join", joins=joins)
    options = parse_with_config(parser, args.rest, os.environ)
    if options.lang:
        use_language(chosen_language(options.lang, with_language(os.environ)))
    return _room(args.command, options, backend, started_s)


def _room(
    command: str | None, options: "argparse.Namespace", backend: Backend, started_s: float
) -> int:
    if options.ctl:
        backend = import_module("tui.ctl.controlled").ControlledBackend(backend)
    settings = settings_of(options, f"guest-{secrets.randbelow(900) + 100}")
    plain = options.plain or options.json
    screen = not plain and _has_terminal()
    if not screen:  # on the screen a person is asked for a relay if one is missing
        settings.check()
    if not plain and not screen:
        plain = True
        _say(tr("No terminal here: going on in the line mode, as with --plain."))
    _start_log(options, screen=screen)
    reader = LineReader()
    opening = _opening(command, options, backend, reader, plain=plain)
    if plain:
        if opening is None:
            raise UserError("no_key", mark("There is no room key."), "", _USAGE)
        return _run_lines(
            partial(opening, settings), reader, as_json=options.json, started_s=started_s
        )
    return _run_screen(opening, backend, settings, options)


def _opening(
    command: str | None,
    options: "argparse.Namespace",
    backend: Backend,
    reader: LineReader,
    *,
    plain: bool,
) -> Opening | None:
    """Return what opens the room; None when the start screen has to ask first."""
    if command == "create":
        return backend.create
    typed = " ".join(options.key) or None  # fifteen words without quotes are fifteen arguments
    asks = plain and not options.json
    text = key_text(
        typed,
        options.key_file,
        reader,
        _say,
        backend.parse_key,
        may_ask=plain,
        ask=tab_prompt() if asks else None,
    )
    if text is None:
        return None
    invite = backend.parse_key(text)
    for note in reading_notes(invite):
        _say(note)
    return lambda settings: backend.join(settings, invite)


def _run_lines(
    opening: Callable[[], Awaitable[NodeLike]],
    reader: LineReader,
    *,
    as_json: bool,
    started_s: float,
) -> int:
    from tui.line_mode.line_mode import LineMode
    from tui.line_mode.line_writer import LineWriter

    out = LineWriter(1, encoding="utf-8" if as_json else sys.stdout.encoding)
    talk = LineWriter(2, encoding=sys.stderr.encoding)

    async def stay() -> int:
        asks = not as_json and sys.stdin is not None and sys.stdin.isatty()
        mode = LineMode(out, talk, reader, as_json=as_json, started_s=started_s, asks=asks)
        return await mode.run(opening)

    try:
        return asyncio.run(stay())
    finally:
        out.close()
        talk.close()


def _run_screen(
    opening: Opening | None,
    backend: Backend,
    settings: Settings,
    options: "argparse.Namespace",
) -> int:
    from tui.app import TeahouseApp

    meter_hz = options.meter_hz
    if meter_hz is None:
        meter_hz = 4.0 if "SSH_CONNECTION" in os.environ else 10.0
    app = TeahouseApp(backend, settings, opening, meter_hz=meter_hz, notifies=options.notify)
    app.run()
    if app.failure is not None:
        return _fail(app.failure)
    return app.return_code or 0


def _has_terminal() -> bool:
    try:  # a screen is drawn on standard error
        all_three = sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):  # closed, or none at all
        return False
    return all_three and os.environ.get("TERM") != "dumb"


def _say(line: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(line if line.endswith("> ") else line + "\n")
        sys.stderr.flush()


def _fail(error: BaseException) -> int:
    """Say in two lines what happened and what to do, and return the exit code."""
    if os.environ.get("TEAHOUSE_DEBUG") == "1":
        raise error
    known = user_error_in(error) or _fault(error)
    for line in told(known):
        if line:
            _say(line)
    return known.exit_code


def _fault(error: BaseException) -> UserError:
    if isinstance(error, ImportError):
        return UserError(
            "not_whole",
            mark("Teahouse is not whole: {part} is missing."),
            mark("Unpack or install all of it again."),
            1,
            part=error.name,
        )
    return UserError(
        "fault",
        mark("Teahouse has stopped because of a fault of its own: {kind}."),
        mark("Run it again with TEAHOUSE_DEBUG=1 to see where, and please report it."),
        1,
        kind=type(error).__name__,
    )


def _fail_in_json(error: UserError, started_s: float) -> int:
    from tui.line_mode.json_lines import json_line

    t_ms = round((time.monotonic() - started_s) * 1000)
    line = f"{json_line(as_event(error), t_ms)}\n"
    sys.stdout.write(line.encode("utf-8", "replace").decode())
    return error.exit_code
