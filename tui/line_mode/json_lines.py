"""Events as JSON objects, one a line: the contract with scripts."""

import dataclasses
import json
import math
from typing import Any

from p2p.api.events import (
    AgreedEvent,
    CuesChanged,
    DeviceChanged,
    DevicesListed,
    EchoChanged,
    ErrorRaised,
    Event,
    FirstSound,
    HandChanged,
    Joined,
    KeyShown,
    Left,
    LockChanged,
    LowDelayChanged,
    MemberChanged,
    MicChanged,
    Notice,
    OwnEvent,
    RoomEvent,
    RoomKeyChanged,
    SettingChanged,
    SpeakingChanged,
    Stats,
    VolumeChanged,
    Waiting,
    Words,
)
from tui.texts.peer_text import peer_text

SCHEMA = 1
_LINE_CELLS = 400
_AS_THEY_ARE = {
    HandChanged: "hand",
    MicChanged: "mic",
    LockChanged: "lock",
    SpeakingChanged: "speaking",
}


def json_line(event: Event, t_ms: int) -> str | None:
    """Return ``event`` as one line of JSON, or None when it is talk and no event (``Notice``).

    Args:
        event: What happened.
        t_ms: Milliseconds since the program started.
    """
    if isinstance(event, Notice):
        return None
    if isinstance(event, OwnEvent):
        name, fields = _own_fields(event)
    elif isinstance(event, AgreedEvent):
        name, fields = _agreed_fields(event)
    else:
        name, fields = _fields(event)
    whole = {"schema": SCHEMA, "event": name, "t_ms": t_ms, **_finite(fields)}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False, default=str)


def _fields(event: RoomEvent) -> tuple[str, dict[str, Any]]:
    match event:
        case KeyShown(words, line, digits, invite):
            return "key", {"words": words, "line": line, "digits": digits, "invite": invite}
        case HandChanged() | MicChanged() | LockChanged() | SpeakingChanged():
            return _AS_THEY_ARE[type(event)], dataclasses.asdict(event)
        case Joined(n, role, members, via, admitted_ms):
            numbers = {"members": members, "via": via, "admitted_ms": admitted_ms}
            return "joined", {"n": n, "role": role, **numbers}
        case FirstSound(from_n, ms):
            return "first_sound", {"from": from_n, "ms": ms}
        case MemberChanged(n, member_id, name, role, state, by):
            who = {"n": n, "id": member_id, "name": peer_text(name)}
            return "member", {**who, "role": role, "state": state, "by": by}
        case Stats(me, speakers, links, totals, counters):
            extra: dict[str, Any] = {"totals": totals} if totals else {}
            extra |= {"counters": counters} if counters else {}
            return "stats", {"me": me, "speakers": speakers, "links": links, **extra}
        case Left(why, totals):
            return "left", {"why": why, "totals": totals}
        case ErrorRaised(code, message, hint):
            message, hint = peer_text(message, _LINE_CELLS), peer_text(hint, _LINE_CELLS)
            return "error", {"code": code, "message": message, "hint": hint}
        case Notice(code, message):
            return "notice", {"code": code, "message": message}


def _agreed_fields(event: AgreedEvent) -> tuple[str, dict[str, Any]]:
    match event:
        case Waiting(n, member_id, name, on):
            return "waiting", {"n": n, "id": member_id, "name": peer_text(name), "on": on}
        case Words(n, code, words, state):
            return "words", {"n": n, "code": code, "words": words, "state": state}
        case SettingChanged(what, value, by):
            return "setting", {"what": what, "value": value, "by": by}
        case RoomKeyChanged(why, n_members):
            return "room_key", {"why": why, "members": n_members}


def _own_fields(event: OwnEvent) -> tuple[str, dict[str, Any]]:
    match event:
        case DeviceChanged(kind, name):
            return "device", {"kind": kind, "name": peer_text(name, _LINE_CELLS)}
        case DevicesListed(inputs, outputs, mic, speaker):
            return "devices", {"inputs": inputs, "outputs": outputs, "mic": mic, "speaker": speaker}
        case VolumeChanged(n, db, hushed):
            return "volume", {"n": n, "db": db, "hushed": hushed}
        case CuesChanged(cues):
            return "cues", {"on": cues}
        case EchoChanged(mode):
            return "echo", {"mode": mode}
        case LowDelayChanged(on):
            return "delay", {"low": on}


def _finite(value: Any) -> Any:
    """Return ``value`` without infinities and NaN, which JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
