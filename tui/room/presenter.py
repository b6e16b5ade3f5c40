"""The people of the room as rows: who is on stage, who wants to speak, who listens.

Pure: a view goes in, lines come out. Screens draw them, tests compare them.
"""

from p2p.api.view import MemberView, RoomView
from p2p.room.ops.powers import NOBODY
from p2p.room.text.names import NAME_CELLS
from tui.i18n import mark, tr
from tui.powers import listed, queue
from tui.texts.meter import METER_STEPS, meter
from tui.texts.peer_text import fit, fit_right, peer_text
from tui.texts.spans import Row, Span, Tone

POOR_LOSS_PCT = 5.0
POOR_RTT_MS = 400.0
STAGE_PLACES = 16

_WITH_PATH_CELLS = 48
_WITH_LOSS_CELLS = 56

_ROLE_TAGS = {"host": mark("host"), "co-host": mark("co"), "moderator": mark("mod")}
PATH_NAMES = {
    "direct": mark("direct"),
    "lan": mark("lan"),
    "loopback": mark("local"),
    "ipv6": mark("ipv6"),
    "relay": mark("relay"),
    "none": mark("no link"),
}


def on_stage(view: RoomView) -> list[MemberView]:
    """Return those who may speak and are not gone for good, in order of appearance."""
    return [one for one in listed(view) if one.on_stage]


def audience(view: RoomView) -> list[MemberView]:
    """Return the listeners, in order of appearance."""
    return [one for one in listed(view) if not one.on_stage]


def stage_rows(view: RoomView, width: int) -> list[Row]:
    """Return the stage: state, name, role, meter, path and round trip or loss."""
    return [Row(one.n, _stage_spans(one, view, width)) for one in on_stage(view)]


def _stage_spans(one: MemberView, view: RoomView, width: int) -> tuple[Span, ...]:
    sign, tone = state_sign(one)
    name: Tone = "strong" if one.speaking else "dim" if one.state == "gone" else "plain"
    head = (
        Span(f"{sign} ", tone),
        Span(fit(peer_text(one.name), NAME_CELLS), name),
        trust_sign(one),
        Span(" " + fit(_tag(one), 4), "gold"),
    )
    level = view.mic_level_dbfs if one.me and view.mic_on else one.level_dbfs
    middle = (Span(" "), *_meter_or_word(one, level, mic_off=_is_closed(one, view)))
    if width < _WITH_PATH_CELLS:
        return head + middle
    tail = (Span(" " + fit(_path(one), 7), "dim"), Span(fit_right(_trip(one), 7), "dim"))
    if width < _WITH_LOSS_CELLS:
        return head + middle + tail
    loss = "" if one.loss_pct is None else f"{one.loss_pct:.1f} %"
    return head + middle + tail + (Span(fit_right(loss, 8), _loss_tone(one)),)


def state_sign(one: MemberView) -> tuple[str, Tone]:
    """Return the letter of a member's state and its tone; the letter alone says it all."""
    if one.state == "gone":
        return "x", "dim"
    if one.unheard:
        return "?", "alarm"
    if one.muted:
        return "M", "warn"
    if one.hushed:
        return "S", "warn"
    if one.speaking:
        return "▸", "accent"
    return ("~", "warn") if is_poor(one) else (" ", "plain")


def trust_sign(one: MemberView) -> Span:
    """Return the mark behind a name: verified by voice, or looking like another's name.

    Verified comes first: somebody who joins under the same name must not cast doubt on it.
    """
    if one.verified:
        return Span("✓", "accent")
    return Span("!", "alarm") if one.imitates is not None else Span(" ")


def is_poor(one: MemberView) -> bool:
    """Tell whether the link to ``one`` is bad enough to be seen at a glance."""
    return (
        one.path == "none"
        or (one.loss_pct or 0.0) >= POOR_LOSS_PCT
        or (one.rtt_ms or 0.0) >= POOR_RTT_MS
    )


def _loss_tone(one: MemberView) -> Tone:
    return "warn" if is_poor(one) else "dim"


def _tag(one: MemberView) -> str:
    if one.me:
        return tr("you")
    return tr(_ROLE_TAGS[one.role]) if one.role in _ROLE_TAGS else ""


def _meter_or_word(one: MemberView, level: float, *, mic_off: bool) -> tuple[Span, ...]:
    if one.state == "gone":
        return (Span(fit(tr("away"), METER_STEPS), "dim"),)
    if one.unheard:
        return (Span(fit(tr("no sound"), METER_STEPS), "alarm"),)
    if one.muted:
        return (Span(fit(tr("muted"), METER_STEPS), "warn"),)
    if one.hushed:
        return (Span(fit(tr("silenced"), METER_STEPS), "warn"),)
    if mic_off:
        return (Span(fit(tr("mic off"), METER_STEPS), "dim"),)
    return meter(level)


def _is_closed(one: MemberView, view: RoomView) -> bool:
    """Whether a microphone sends nothing; without a link, we do not know that of others."""
    return not view.mic_on if one.me else not one.sends and one.path != "none"


def _path(one: MemberView) -> str:
    if one.volume_db:  # what we have changed ourselves is worth more of the little room
        return f"{one.volume_db:+.0f} dB"
    return tr(PATH_NAMES[one.path]) if one.path in PATH_NAMES else ""


def _trip(one: MemberView) -> str:
    if one.loss_pct is not None and one.loss_pct >= POOR_LOSS_PCT:
        return f"{one.loss_pct:.0f}% ↓"
    return "" if one.rtt_ms is None else f"{one.rtt_ms:.0f} ms"


def hand_rows(view: RoomView, width: int) -> list[Row]:
    """Return the queue: place, name, and how long the hand has been up."""
    rows = []
    for one in queue(view):
        waited = _waited(one, view)
        name_cells = max(4, min(NAME_CELLS, width - 5 - 9))
        note = (
            Span(fit_right(tr("invited"), 8), "gold")
            if one.invited
            else Span(fit_right(waited, 8), "dim")
        )
        tone: Tone = "strong" if one.me else "plain"
        place = Span(fit_right(str(one.hand_place or ""), 2) + "  ", "dim")
        name = Span(fit(peer_text(one.name), name_cells), tone)
        rows.append(Row(one.n, (place, name, trust_sign(one), note)))
    return rows


def _waited(one: MemberView, view: RoomView) -> str:
    if one.hand_since_s is None:
        return ""
    return minutes(max(0.0, view.room_time_s - one.hand_since_s))


def minutes(seconds: float) -> str:
    """Return a span of time as ``0:05``, ``12:34`` or ``1:04:22``."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    return f"{rest // 60}:{rest % 60:02}"


def _audience_note(one: MemberView) -> str:
    if one.me:
        return tr("you")
    return tr("away") if one.state == "gone" else _tag(one)


def audience_row(one: MemberView, width: int) -> Row:
    """Return the row of one listener."""
    sign = "x" if one.state == "gone" else " "
    tone: Tone = "strong" if one.me else "dim" if one.state == "gone" else "plain"
    note = Span(" " + _audience_note(one), "gold" if one.rank < NOBODY else "dim")
    name = fit(peer_text(one.name), max(4, min(NAME_CELLS, width - 10)))
    return Row(one.n, (Span(f"{sign} ", "dim"), Span(name, tone), trust_sign(one), note))
