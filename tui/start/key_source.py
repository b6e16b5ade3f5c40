"""Where the room key of ``join`` comes from, and how careful each way is."""

from collections.abc import Callable

from p2p.errors import UserError
from tui.i18n import mark, tr
from tui.line_mode.line_reader import LineReader
from tui.start.tab_prompt import Ask
from tui.start.typed_words import progress

MAX_KEY_FILE_BYTES = 65_536
MAX_KEY_LINES = 64
PASTE_S = 0.3
"""A line that comes sooner after the one before was pasted together with it."""
PIPE_S = 2.0
"""So long a script may take between two lines of one key."""
_WORDS = 15
_DIGITS = 50
_LONGEST_WORD = 12
Read = Callable[[str], object]


def key_text(
    typed: str | None,
    key_file: str | None,
    reader: LineReader,
    say: Callable[[str], None],
    read: Read,
    *,
    may_ask: bool,
    ask: Ask | None = None,
) -> str | None:
    """Return the text in which to look for a room key; None when a screen shall ask for it.

    Args:
        typed: What stood on the command line; ``-`` means standard input, as far as the key goes.
        key_file: A file that holds the key, or None.
        reader: Standard input.
        say: Writes one line of talk.
        read: Finds the key in a text, or raises UserError.
        may_ask: Ask with a prompt when there is no other source.
        ask: Asks for one line behind a prompt; None: by ``say`` and ``reader``.

    Raises:
        UserError: There is no key, or the file cannot be read.
    """
    if key_file is not None:
        return _from_file(key_file)
    if typed is not None and typed != "-":
        say(tr("Warning: a key on the command line stays in the history of your shell."))
        say(tr("Next time run `teahouse join` and type it when asked, or use `join -`."))
        return typed
    if typed is None and not may_ask:
        return None
    prompt = tr("room key or words > ") if typed is None else ""
    text = _lines_of_a_key(reader, ask or _plain_prompt(reader, say), prompt, read)
    if not text.strip():
        raise UserError(
            "no_key",
            mark("There is no room key on standard input."),
            mark("Put the 15 words, or any other form of the key, on its first lines."),
            4,
        )
    return text


def _plain_prompt(reader: LineReader, say: Callable[[str], None]) -> Ask:
    def ask(prompt: str) -> str | None:
        if prompt:
            say(prompt)
        return reader.first_line()

    return ask


def _lines_of_a_key(reader: LineReader, ask: Ask, prompt: str, read: Read) -> str:
    """Return the lines that make a key; on a terminal nothing that was pasted is left behind.

    What was left would be the next command of the shell, and stay in its history. In a pipe the
    commands of a script follow the key.
    """
    lines: list[str] = []
    judged: int | None = None
    while len(lines) < MAX_KEY_LINES:
        line = ask(prompt)
        prompt = ""
        if line is None or (not line.strip() and not _pasted_on(reader)):
            break
        lines.append(line)
        if _is_whole(lines, read):
            break
        if judged is None and not _is_short(lines):
            judged = len(lines)
        if reader.more_within(PASTE_S):
            continue
        if judged is not None:
            break
        if reader.is_terminal:
            right = progress(" ".join([*lines, ""]))
            prompt = tr("not complete yet; go on, or end with an empty line > ")
            prompt = f"{right}   {prompt}" if right else prompt
        elif not reader.more_within(PIPE_S):
            break
    while _pasted_on(reader) and (line := ask("")) is not None:
        lines = [*lines, line][:MAX_KEY_LINES]
    return "\n".join(lines if _is_whole(lines, read) else lines[:judged])


def _pasted_on(reader: LineReader) -> bool:
    return reader.is_terminal and reader.more_within(PASTE_S)


def _is_whole(lines: list[str], read: Read) -> bool:
    """Whether the lines hold a key, and the invite around it if there is one."""
    try:
        return not getattr(read("\n".join(lines)), "contacts_lost", False)
    except UserError:
        return False


def _is_short(lines: list[str]) -> bool:
    """Whether the lines may be the beginning of a key in words or digits."""
    words = " ".join(lines).split()
    if "".join(words).isdecimal():
        return len("".join(words)) < _DIGITS
    return 0 < len(words) < _WORDS and all(len(word) <= _LONGEST_WORD for word in words)


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
