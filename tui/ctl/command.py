"""``teahouse ctl``: tell a member that runs on this machine to open or close its microphone."""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from p2p.errors import UserError
from tui.ctl.listening import Reached, reached
from tui.ctl.words import ANSWER_BYTES
from tui.i18n import chosen_language, mark, tr, use_language
from tui.windows import with_language

LIMIT_S = 2.0
_USAGE, _NO_ROOM, _REFUSED = 2, 5, 6
_PROBLEMS = {
    "not_joined": mark("The room is not there yet."),
    "mic_stays_closed": mark("The microphone stays closed: you may not speak now."),
    "mic_stays_open": mark("The microphone is still open."),
}


def main(argv: Sequence[str]) -> int:
    """Say it to the member that runs, and print what it answers.

    Args:
        argv: What follows ``ctl`` on the command line.

    Returns:
        0, or 6 if the member did not do it.

    Raises:
        UserError: No member runs with ``--ctl``, or several do.
    """
    command = parser()
    options = command.parse_args(argv)
    if (options.what == "mic") != (options.switch is not None):
        command.error(tr("`mic` needs one of on, off, toggle, hold; nothing else does"))
    if options.lang:
        use_language(chosen_language(options.lang, with_language(os.environ)))
    words = " ".join(filter(None, (options.what, options.switch)))
    with _member() as member:
        if options.what == "-":
            return _relay_lines(member)
        code = _tell(member, words, as_json=options.json)
        if words == "mic hold" and code == 0:
            _until_released(member)
        return code


def _member() -> Reached:
    members = reached(LIMIT_S)
    if len(members) == 1:
        return members[0]
    for one in members:
        one.close()
    if members:
        raise UserError(
            "several_members",
            mark("More than one member runs here with --ctl."),
            mark("Start the others without it."),
            _USAGE,
        )
    raise UserError(
        "no_member_here",
        mark("No member runs here that was started with --ctl."),
        mark("Start yours so: teahouse join --ctl"),
        _NO_ROOM,
    )


def _tell(member: Reached, words: str, *, as_json: bool) -> int:
    found = _ask(member, words)
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write(_sentence(found) + "\n")
    sys.stdout.flush()
    return 0 if found.get("ok") else _REFUSED


def _ask(member: Reached, words: str) -> dict[str, Any]:
    data = b""
    try:
        member.sendall(words.encode() + b"\n")
        while not data.endswith(b"\n") and len(data) < ANSWER_BYTES:
            piece = member.recv(ANSWER_BYTES)
            if not piece:
                break
            data += piece
        found = json.loads(data)
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise UserError("no_answer", mark("The member does not answer."), "", _NO_ROOM)
    return found


def _sentence(found: dict[str, Any]) -> str:
    problem = _PROBLEMS.get(str(found.get("problem", "")))
    if problem is not None:
        return tr(problem)
    if not found.get("joined"):
        return tr("not in the room yet")
    mic = tr("microphone on") if found.get("mic") else tr("microphone off")
    return tr("{mic}, {here} here", mic=mic, here=found.get("here"))


def _until_released(member: Reached) -> None:
    """Hold until we are told to end, which closes the socket and so the mic, or the member ends."""
    member.settimeout(None)
    with contextlib.suppress(KeyboardInterrupt, OSError):
        while member.recv(ANSWER_BYTES):
            pass


def _relay_lines(member: Reached) -> int:
    """Take one wish a line from standard input: so a key costs no start of a program."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_ask(member, line.strip())) + "\n")
        sys.stdout.flush()
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(
        prog="teahouse ctl",
        description="Opens and closes the microphone of a member that runs on this machine and was "
        "started with --ctl: for keys of the desktop, pedals and scripts. `mic hold` keeps it open "
        "until this command ends; `-` reads one command a line from standard input.",
    )
    made.add_argument(
        "what", choices=("mic", "mute", "leave", "status", "-"), help="what is to be done"
    )
    made.add_argument(
        "switch", nargs="?", choices=("on", "off", "toggle", "hold"), help="of the microphone"
    )
    made.add_argument("--json", action="store_true", help="one object and nothing else")
    made.add_argument("--lang", metavar="CODE", help="language: en, zh_CN or zh_TW")
    return made
