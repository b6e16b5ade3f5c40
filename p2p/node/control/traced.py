"""What a front end is told, as trace: numbers and words of each event, never a name or a key."""

from p2p.api import events
from p2p.trace import trace


def trace_event(event: events.Event) -> None:
    """Traces an event; what is of no use to who looks for a fault is left out."""
    match event:
        case events.Joined(n=n, role=role, members=members, via=via, admitted_ms=ms):
            trace("joined", n=n, role=role, members=members, via=via, ms=ms)
        case events.Left(why=why, exit_code=code):
            trace("left", why=why, code=code)
        case events.ErrorRaised(code=code):
            trace("error", code=code)
        case events.Notice(code=code, n=n):
            trace("notice", code=code, n=n)
        case events.MicChanged(on=on, why=why):
            trace("mic", on=on, why=why)
        case events.RoomKeyChanged(why=why, n_members=members):
            trace("key", why=why, members=members)
        case events.DeviceChanged(kind=kind):
            trace("device", kind=kind)
        case _:
            _trace_person(event)


def _trace_person(event: events.Event) -> None:
    """Traces what concerns others, by their numbers."""
    match event:
        case events.MemberChanged(n=n, role=role, state=state, by=by, on_stage=on_stage):
            trace("member", n=n, role=role, state=state, by=by, on_stage=on_stage)
        case events.Waiting(n=n, on=on):
            trace("waiting", n=n, on=on)
        case events.HandChanged(n=n, place=place):
            trace("hand", n=n, place=place)
        case events.LockChanged(on=on):
            trace("lock", on=on)
        case events.SettingChanged(what=what, value=value, by=by):
            trace("setting", what=what, value=value, by=by)
        case events.Words(n=n, state=state):
            trace("words", n=n, state=state)
        case events.SpeakingChanged(n=n, on=on):
            trace("speaking", n=n, on=on)
        case events.FirstSound(from_n=n, ms=ms):
            trace("first_sound", n=n, ms=ms)
