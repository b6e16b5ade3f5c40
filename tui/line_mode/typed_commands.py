"""A typed line of the line mode, understood: a command, a question, or what is wrong with it."""

from p2p.api.view import RoomView
from p2p.errors import UserError
from tui.commands.row import Understood
from tui.commands.table import READERS
from tui.i18n import mark
from tui.line_mode.chinese_commands import in_english
from tui.texts.peer_text import peer_text

MAX_LINE_CHARS = 512


def understand(line: str, view: RoomView) -> Understood | None:
    """Return what ``line`` asks for; None for an empty line.

    Raises:
        UserError: The line is no command, or names nobody, or more than one person.
    """
    text = line.strip()
    if not text:
        return None
    word, _, rest = in_english(text[:MAX_LINE_CHARS]).replace("\u3000", " ").partition(" ")
    reader = READERS.get(word.casefold())
    if reader is None:
        raise UserError(
            "unknown_command",
            mark("There is no command `{word}`."),
            mark("`help` lists all commands."),
            word=peer_text(word.casefold()),
        )
    return reader(rest.strip(), view)
