"""A key in words while it is typed: how many are right, and what the last one becomes."""

from crypto.errors import UserError
from crypto.invite import parse_key_text
from crypto.keycode import WORDS
from crypto.keytext import normalise, spell_words
from crypto.wordlist import words_of
from tui.i18n import tr

_SHOWN_MAX = 4


def begun(text: str) -> list[str]:
    """Return the English words that the last one of a text can become; none behind a space."""
    last = text.split(" ")[-1].casefold()
    return [word for word in words_of("en") if word.startswith(last)] if last else []


def completed(text: str) -> str | None:
    """Return the text with its last word whole and a space behind it; None: it is not known."""
    words, last = begun(text), text.split(" ")[-1]
    whole = last.casefold() if last.casefold() in words else words[0] if len(words) == 1 else None
    return None if whole is None else f"{text.removesuffix(last)}{whole} "


def progress(text: str) -> str:
    """Return how far a key in words has come, or that a key or an invite is whole; else empty."""
    whole = _whole(text)
    spelling = spell_words(normalise(text))
    right = len(spelling.symbols) - len(spelling.unknown)
    words = begun(text)
    if whole and right < WORDS.count:
        return whole
    if not right and not words:
        return ""
    said = tr("{right} of {count} words", right=right, count=WORDS.count)
    if whole:
        return f"{said}   {whole}"
    last = text.split(" ")[-1]
    if 1 < len(words) <= _SHOWN_MAX:
        said += f"   {' '.join(words)}"
    elif len(words) == 1 and words[0] != last.casefold():
        said += "   " + tr("Tab: {word}", word=words[0])
    return said


def _whole(text: str) -> str:
    """Say that nothing is missing; empty if something is, or had to be put right."""
    try:
        invite = parse_key_text(text)
    except UserError:
        return ""
    if invite.repair is not None or invite.contacts_lost:
        return ""
    return tr("the invite is whole") if invite.contacts else tr("the key is whole")
