"""What may be said over the control socket: one line of words there, one line of JSON back."""

import json
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # whoever presses a key waits for what is loaded here
    from p2p.api.view import RoomView

Word = Literal["mic on", "mic off", "mic toggle", "mic hold", "leave", "status"]
WORDS: tuple[Word, ...] = ("mic on", "mic off", "mic toggle", "mic hold", "leave", "status")
LINE_BYTES = 64
CLIENTS_MAX = 8
ANSWER_BYTES = 4096


def understood(line: bytes) -> Word | None:
    """Return what a line asks for; None if it has no meaning here."""
    try:
        text = " ".join(line.decode("ascii").split())
    except UnicodeDecodeError:
        return None
    text = {"mute": "mic off"}.get(text, text)
    return next((word for word in WORDS if word == text), None)


def answer(view: "RoomView | None", problem: str = "") -> bytes:
    """Return one line: how things stand. It names nobody, and no room.

    Args:
        view: The room; None while there is none yet.
        problem: Why nothing was done; empty if all is well.
    """
    said: dict[str, Any] = {"schema": 1, "ok": not problem, "joined": view is not None}
    if problem:
        said["problem"] = problem
    if view is not None:
        me = next((one for one in view.members if one.me), None)
        said |= {
            "mic": view.mic_on,
            "on_stage": me is not None and me.on_stage,
            "muted": me is not None and me.muted,
            "invited": me is not None and me.invited,
            "hand": None if me is None else me.hand_place,
            "here": sum(one.state == "here" for one in view.members),
            "held": view.held,
        }
    return json.dumps(said).encode() + b"\n"
