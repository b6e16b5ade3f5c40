"""The lines around the people: what room this is, what we are, how the links are, the keys."""

from p2p.api.view import RoomView
from p2p.room.ops.powers import MODERATOR
from tui.i18n import mark, tr, trn
from tui.powers import myself, queue
from tui.room.presenter import minutes
from tui.texts.meter import meter
from tui.texts.peer_text import TITLE_CELLS, peer_text
from tui.texts.room_sentences import NO_MODERATOR, problem_sentence
from tui.texts.roster import ROLE_NAMES
from tui.texts.spans import Span, Spans, width_of

_HEADER_GAP = 4
_ENTRY_WORDS = {"open": "", "ask": mark("asks at the door"), "invited": mark("by invite only")}
_SEEN = {
    "open": (mark("members see your IP"),),
    "shield": (
        mark("your IP is hidden from members; the relay's operator sees it"),
        mark("IP hidden from members, not from the relay"),
        mark("IP seen by the relay only"),
    ),
}
_GOOD_LOSS_PCT = 2.0
_GOOD_RTT_MS = 250.0
_FAIR_LOSS_PCT = 8.0
_FAIR_RTT_MS = 500.0


def header(view: RoomView, width: int = 80) -> tuple[Spans, Spans]:
    """Return the left and the right half of the first line; who sees the address goes last.

    Args:
        view: The room.
        width: Cells of the line.
    """
    here = sum(one.state == "here" for one in view.members)
    name = Span(peer_text(view.topic, TITLE_CELLS) or "Teahouse", "strong")
    count = Span("   " + trn("{count} here", "{count} here", here))
    clock = Span("   " + minutes(view.room_time_s), "dim")
    door = tr("locked") if view.locked else tr(_ENTRY_WORDS[view.entry])
    doors = (Span("   " + door, "gold"),) if door else ()
    sealed = Span(tr("end-to-end encrypted") + "   ", "accent")
    key = Span(f"{key_count(view)}   " if view.key_members else "", "accent")
    seen = [(Span(tr(text), "dim"),) for text in _SEEN[view.mode]]
    whole, brief, least = (name, count, clock, *doors), (name, count, *doors), (name, *doors)
    short = Span(tr("encrypted") + "   ", "accent")
    pairs: list[tuple[Spans, Spans]] = [(whole, (sealed, key)), (whole, (sealed,))]
    pairs += [(brief, (sealed,)), (whole, (short,)), (brief, (short,)), (least, (short,))]
    for left, front in [*pairs, (whole, ()), (brief, ()), (least, ())]:
        for last in seen:
            if width_of((*left, *front, *last)) + _HEADER_GAP <= width:
                return left, (*front, *last)
    return whole, seen[-1]


def key_count(view: RoomView) -> str:
    """Return to how many members the present key was given."""
    count = view.key_members
    return trn("key: {count} member", "key: {count} members", count)


def own_line(view: RoomView, invited_left_s: float | None = None) -> tuple[Spans, Spans]:
    """Return own state on the left, what to do about it on the right.

    Args:
        view: The room.
        invited_left_s: Seconds until an invitation to speak lapses, None when there is none.
    """
    me = myself(view)
    if me is None:
        return (Span(tr("entering the room"), "dim"),), ()
    if view.mic_on:
        name = Span(f"{tr('MIC ON')}  {_mask(view)}", "alarm")
        return (name, *meter(view.mic_level_dbfs)), (Span(tr("Space closes your microphone")),)
    off = Span(tr("mic off"), "strong")
    role = Span(f"   {_mask(view)}{tr(ROLE_NAMES[me.role])}", "dim")
    if me.muted:
        return (
            (Span(tr("muted by a moderator"), "warn"), role),
            (Span(tr("H raises your hand"), "dim"),),
        )
    if me.invited or invited_left_s is not None:
        left_s = "" if invited_left_s is None else f"   {invited_left_s:.0f} s"
        asked = Span(tr("You are invited to speak") + left_s, "gold")
        return (asked,), (Span(tr("Space says yes and opens your mic, N declines")),)
    if me.on_stage:
        return (off, role), (Span(tr("Space opens your microphone"), "dim"),)
    if me.hand_place is not None:
        hand = Span("   " + tr("hand up, place {place}", place=me.hand_place), "gold")
        return (off, role, hand), (Span(tr("H takes the hand down"), "dim"),)
    return (off, role), (Span(tr("H raises your hand"), "dim"),)


def _mask(view: RoomView) -> str:
    """Name how the own voice leaves, unless as it is."""
    names = {"disguise": tr("disguised voice"), "typed": tr("typed voice")}
    return f"{names[view.mask]}  " if view.mask in names else ""


def links_line(view: RoomView) -> tuple[Spans, Spans]:
    """Return how the links are, or the one problem that matters more."""
    if view.problem:
        return (Span("! " + peer_text(problem_sentence(view), 76), "warn"),), ()
    if view.no_moderator:
        return (Span("! " + tr(NO_MODERATOR), "warn"),), ()
    note = (Span(tr("Anyone here may be recording."), "dim"),)
    others = [one for one in view.members if not one.me and one.state == "here"]
    if not others:
        return (Span(tr("Nobody else is here yet. I shows the key."), "dim"),), note
    linked = [one for one in others if one.path not in ("none", "self")]
    loss = max((one.loss_pct or 0.0 for one in linked), default=0.0)
    trips = sorted(one.rtt_ms for one in linked if one.rtt_ms is not None)
    trip = trips[len(trips) // 2] if trips else 0.0
    word = _grade(len(linked), loss, trip)
    text = tr(
        "{word}   {count} linked   {trip} ms   worst loss {loss} %",
        word=tr(word),
        count=len(linked),
        trip=f"{trip:.0f}",
        loss=f"{loss:.0f}",
    )
    return (Span(text, "dim" if word == GOOD else "warn"),), note


GOOD = mark("Links good")
FAIR = mark("Links fair")
POOR = mark("Links poor")


def _grade(linked: int, loss_pct: float, trip_ms: float) -> str:
    if not linked or loss_pct > _FAIR_LOSS_PCT + 12 or trip_ms > _FAIR_RTT_MS:
        return POOR
    if loss_pct > _FAIR_LOSS_PCT or trip_ms > _GOOD_RTT_MS:
        return FAIR
    return GOOD if loss_pct <= _GOOD_LOSS_PCT else FAIR


def keys_line(view: RoomView, width: int) -> Spans:
    """Return the keys that mean something now, as many as fit."""
    me = myself(view)
    moderating = me is not None and me.rank <= MODERATOR
    keys = [(tr("Space"), tr("mic")), ("H", tr("hand")), ("I", tr("invite"))]
    if moderating and any(not one.invited for one in queue(view)):
        keys.append(("A", tr("accept")))
    if moderating and view.waiting:
        keys.append(("W", trn("{count} waits", "{count} wait", len(view.waiting))))
    if moderating:
        keys.append(("R", tr("room")))
    keys += [(tr("Enter"), tr("person")), ("F1", tr("help")), ("Q", tr("leave"))]
    droppable = [tr("person"), tr("invite"), tr("room"), tr("hand")]
    spans = _key_spans(keys, 3)
    while droppable and width_of(spans) > width:
        word = droppable.pop(0)
        keys = [pair for pair in keys if pair[1] != word]
        spans = _key_spans(keys, 2)
    return spans


def _key_spans(keys: list[tuple[str, str]], gap: int) -> Spans:
    spans: list[Span] = []
    for key, word in keys:
        spans += [Span(key, "accent"), Span(f" {word}{' ' * gap}", "dim")]
    return tuple(spans)
