"""What the doctor has found, and how it is said."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from tui.i18n import mark, tr
from tui.texts.width import cell_len

State = Literal["ok", "note", "bad"]
_NETWORK, _SOUND, _OTHER = 3, 7, 1
_EXITS = {
    "udp": _NETWORK,
    "proxy": _NETWORK,
    "tcp": _NETWORK,
    "relay": _NETWORK,
    "entry_node": _NETWORK,
}
_EXITS |= {"microphone": _SOUND, "speaker": _SOUND}
_STATES: dict[State, str] = {"ok": mark("ok"), "note": mark("note"), "bad": mark("BAD")}
_LABELS = {
    "version": mark("version"),
    "udp": mark("UDP"),
    "tcp": mark("TCP"),
    "proxy": mark("proxy"),
    "nat": mark("NAT"),
    "relay": mark("relay"),
    "entry_node": mark("entry node"),
    "microphone": mark("microphone"),
    "speaker": mark("loudspeaker"),
    "clock": mark("clock"),
    "core": mark("core dumps"),
    "swap": mark("swap"),
    "page_file": mark("page file"),
    "hibernation": mark("hibernation"),
    "traces": mark("traces"),
    "terminal": mark("terminal"),
}
_INDENT = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. No address and no name of anybody is in it.

    Attributes:
        code: What was looked at; a key of ``_LABELS``.
        state: ``ok``; ``note``: it works, there is something to know; ``bad``: it hinders a talk.
        text: What was found, in the chosen language.
        hint: What to do about it; empty where there is nothing to do.
        number: Of relays and entry nodes: in the order in which they were named, from 1.
        values: For scripts: what was measured, with units in the names.
    """

    code: str
    state: State
    text: str
    hint: str = ""
    number: int | None = None
    values: dict[str, object] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """Say it: one line, and one for what to do."""
        label = tr(_LABELS[self.code])
        if self.number is not None:
            label = f"{label} {self.number}"
        state = tr(_STATES[self.state])
        said = [state + " " * (_INDENT - cell_len(state)) + f"{label}: {self.text}"]
        if self.hint:
            said.append(" " * _INDENT + tr("What to do: {hint}", hint=self.hint))
        return said


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 0, or the code of the first thing that hinders: 3 network, 7 sound, 1 else."""
    bad = [_EXITS.get(one.code, _OTHER) for one in findings if one.state == "bad"]
    return next((code for code in (_NETWORK, _SOUND, _OTHER) if code in bad), 0)


def as_object(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the report for scripts."""
    return {
        "schema": 1,
        "ok": exit_code(findings) == 0,
        "findings": [
            {key: value for key, value in asdict(one).items() if value not in (None, {})}
            for one in findings
        ],
    }
