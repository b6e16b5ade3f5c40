"""Where the room key of ``join`` comes from, and how careful each way is."""

from collections.abc import Callable

from p2p.errors import UserError
from tui.i18n import mark, tr
from tui.line_mode.line_reader import LineReader

MAX_KEY_FILE_BYTES = 65_536


def key_text(
    typed: str | None,
    key_file: str | None,
    reader: LineReader,
    say: Callable[[str], None],
    *,
    may_ask: bool,
) -> str | None:
    """Return the text in which to look for a room key; None when a screen shall ask for it.

    Args:
        typed: What stood on the command line; ``-`` means the first line of standard input.
        key_file: A file that holds the key, or None.
        reader: Standard input.
        say: Writes one line of talk.
        may_ask: Ask with a prompt when there is no other source.

    Raises:
        UserError: There is no key, or the file cannot be read.
    """
    if key_file is not None:
        return _from_file(key_file)
    if typed is not None and typed != "-":
        say(tr("Warning: a key on the command line stays in the history of your shell."))
        say(tr("Next time run `teahouse join` and type it when asked, or use `join -`."))
        return typed
    if typed is None:
        if not may_ask:
            return None
        say(tr("room key or words > "))
    line = reader.first_line()
    if line is None or not line.strip():
        raise UserError(
            "no_key",
            mark("There is no room key on standard input."),
            mark("Put the 15 words, or any other form of the key, on its first line."),
            4,
        )
    return line


def _from_file(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_KEY_FILE_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise UserError(
            "no_key_file",
            mark("The key file cannot be read: {reason}."),
            mark("Check the path behind --key-file."),
            2,
            reason=error.strerror or type(error).__name__,
        ) from error
