"""A prompt at which Tab makes the words of a key whole, in the line mode of a terminal.

GNU readline, or libedit under its name, edits the line. Nothing is kept: no history is made, and
none is read or written.
"""

import os
import sys
from collections.abc import Callable

from tui.start.typed_words import begun

Ask = Callable[[str], str | None]


def tab_prompt() -> Ask | None:
    """Return what asks for one line behind a prompt; None where Tab can not be had.

    The line that is asked for is None at the end of the input.
    """
    if sys.platform == "win32":  # whose Python has no readline
        return None
    try:
        import readline

        # What is not read from the one terminal that shows it goes without.
        if not all(os.isatty(stream.fileno()) for stream in (sys.stdin, sys.stdout)):
            return None
    except (ImportError, AttributeError, OSError, ValueError):
        return None
    readline.set_auto_history(False)
    readline.set_completer_delims(" \n")
    readline.set_completer(_candidate)
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")

    def ask(prompt: str) -> str | None:
        try:
            return input(prompt)
        except EOFError:
            return None

    return ask


def _candidate(text: str, place: int) -> str | None:
    """Return the word at one place among those that a typed one can become."""
    words = begun(text)
    if place >= len(words):
        return None
    return f"{words[0]} " if len(words) == 1 else words[place]
