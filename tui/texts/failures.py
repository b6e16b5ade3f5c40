"""What went wrong, as two lines for a person: what happened, and what to do."""

from typing import TYPE_CHECKING

from p2p.errors import UserError
from tui.i18n import tr

if TYPE_CHECKING:
    from p2p.api.events import ErrorRaised

_OUR_WORDS = ("reason", "what", "advice", "origin")
"""Values that are words of ours, from a part that knows no language."""
_LINE_CELLS = 400


def told(error: UserError) -> tuple[str, str]:
    """Return message and hint of ``error`` in the chosen language."""
    values = {
        name: tr(str(value)) if name in _OUR_WORDS else value
        for name, value in error.values.items()
    }
    return (
        tr(error.message_template, **values),
        tr(error.hint_template, **values) if error.hint_template else "",
    )


def as_event(error: UserError) -> "ErrorRaised":
    """Return ``error`` as the event of the same meaning, in the chosen language."""
    from p2p.api.events import ErrorRaised

    message, hint = told(error)
    return ErrorRaised(error.code, message, hint)


def error_texts(event: "ErrorRaised") -> tuple[str, str]:
    """Return message and hint of ``event`` in the chosen language, harmless whatever they quote."""
    from tui.texts.peer_text import peer_text  # and with it what measures text

    texts = told(event.told) if event.told is not None else (tr(event.message), tr(event.hint))
    return peer_text(texts[0], _LINE_CELLS), peer_text(texts[1], _LINE_CELLS)


def user_error_in(error: BaseException) -> UserError | None:
    """Return the ``UserError`` that ``error`` is, or carries inside a group; None if none."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            if found := user_error_in(inner):
                return found
    return None
