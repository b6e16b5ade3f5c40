"""What went wrong, as two lines for a person: what happened, and what to do."""

from p2p.api.events import ErrorRaised
from p2p.errors import UserError
from tui.i18n import tr


def told(error: UserError) -> tuple[str, str]:
    """Return message and hint of ``error`` in the chosen language."""
    values = dict(error.values)
    if "reason" in values:  # our own words, from a part that knows no language
        values["reason"] = tr(str(values["reason"]))
    return (
        tr(error.message_template, **values),
        tr(error.hint_template, **values) if error.hint_template else "",
    )


def as_event(error: UserError) -> ErrorRaised:
    """Return ``error`` as the event of the same meaning."""
    message, hint = told(error)
    return ErrorRaised(error.code, message, hint)


def user_error_in(error: BaseException) -> UserError | None:
    """Return the ``UserError`` that ``error`` is, or carries inside a group; None if none."""
    if isinstance(error, UserError):
        return error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            if found := user_error_in(inner):
                return found
    return None
