"""What a person is told when a command cannot be done from where a member stands."""

from p2p.errors import UserError
from p2p.room.stage import NOT_HERE, Act, Stage

_FLOOR = frozenset({Stage.HOST, Stage.SPEAKING})

_GONE_OWN, _GONE = "You are no longer in the room.", "This member is no longer in the room."
_UP_OWN, _UP = "You are on stage already.", "This member is on stage already."

_OWN: dict[Act, tuple[str, str, str]] = {
    Act.RAISE: ("hand_is_up", "Your hand is up already.", "Lower it to leave the queue."),
    Act.LOWER: ("hand_is_down", "Your hand is not up.", ""),
    Act.TAKE: ("not_on_stage", "You are in the audience.", "Raise your hand to speak."),
    Act.DECLINE: ("not_invited", "Nobody has invited you to speak.", ""),
    Act.AUDIENCE: ("not_on_stage", "You are not on stage.", ""),
}

_TOWARDS: dict[Act, tuple[str, str, str]] = {
    Act.ACCEPT: ("is_invited", "This member is invited already.", ""),
    Act.MUTE: ("not_speaking", "This member is not speaking.", ""),
    Act.DOWN: ("is_down", "This member is in the audience.", ""),
    Act.REMOVE: ("is_removed", "This member is removed already.", ""),
}


def history_full() -> UserError:
    """Say that the others would not take one more operation of this kind from us."""
    return UserError(
        "history_full",
        "This room has gone on for so long that it takes no more changes.",
        "Make a new room and invite everybody to it.",
    )


def refusal(act: Act, stage: Stage, *, own: bool) -> UserError:
    """Say why an act is not possible.

    Args:
        act: What was asked for; not in ``stage.NEXT`` for this stage.
        stage: Where the member stands that would be moved.
        own: Whether that member is the one who asked.
    """
    if stage in NOT_HERE:
        return UserError("is_gone", _GONE_OWN if own else _GONE)
    if stage is Stage.HOST:
        if act is Act.RAISE:
            return UserError("on_stage", _UP_OWN)
        return UserError("host_stays", "The host keeps its place on stage.")
    if stage is Stage.MUTED and act is Act.TAKE:
        return UserError("muted", "A moderator has muted you.", "Raise your hand to speak again.")
    if stage in _FLOOR and act in (Act.RAISE, Act.ACCEPT):
        return UserError("on_stage", _UP_OWN if own else _UP)
    if stage is Stage.INVITED and act is Act.RAISE:
        return UserError("invited", "You are invited to speak.", "Open your microphone.")
    return UserError(*(_OWN if own else _TOWARDS)[act])
