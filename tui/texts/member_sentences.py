"""What happens to members, as sentences: who comes and goes, stands where, speaks."""

from p2p.api.events import HandChanged, MemberChanged, SpeakingChanged
from p2p.api.view import MemberView, RoomView
from tui.i18n import tr
from tui.powers import find
from tui.texts.peer_text import peer_text
from tui.texts.roster import MODERATING, ROLE_NAMES, Roster, stands


def describe(event: MemberChanged, roster: Roster, view: RoomView) -> str:
    """Return one line of the answer to `who`: number, name, role, and what is special."""
    marks = [tr(ROLE_NAMES[event.role])]
    if event.n == roster.me:
        marks.append(tr("you"))
    if event.state != "here":
        marks.append(tr("does not answer"))
    one = find(view, event.n)
    if one is not None and one.verified:
        marks.append(tr("verified"))
    elif one is not None and one.imitates is not None:
        marks.append(tr("a name like that of {name}", name=roster.name(one.imitates)))
    if one is not None and one.invited_by is not None:
        marks.append(tr("invited by {name}", name=roster.name(one.invited_by)))
    return f"{event.n} {peer_text(event.name)} ({', '.join(marks)})"


def member_sentences(event: MemberChanged, roster: Roster, view: RoomView) -> list[str]:
    """Return what is new about a member, compared with what was told of it before."""
    before = roster.learn(event)
    me = event.n == roster.me
    name = roster.name(event.n)
    if event.state != "here":
        return [] if before and before.state == event.state else [_away(event, roster)]
    if before is None:
        new = [] if me else [tr("here: {name} ({role})", name=name, role=_role(event))]
        return new + _imitation(event, roster, view)
    told = []
    if before.state != "here":
        told.append(tr("back: {name} ({role})", name=name, role=_role(event)))
        told += _imitation(event, roster, view)
    if before.name != event.name:
        told.append(tr("{old} is called {name} now", old=peer_text(before.name), name=name))
        told += _imitation(event, roster, view)
    if before.role != event.role:
        told += _new_role(event, before, roster, me=me)
    elif stands(before) != stands(event):
        told.append(_new_place(event, roster, me=me))
    if not told and event.by is not None and not me:
        told.append(_muted(event, roster, view))
    return told


def _muted(event: MemberChanged, roster: Roster, view: RoomView) -> str:
    values = {"name": roster.name(event.n), "by": roster.name(event.by or 0)}
    if any(member.n == event.n and member.muted for member in view.members):
        return tr("muted: {name}, by {by}", **values)
    return tr("may speak again: {name}, by {by}", **values)


def _imitation(event: MemberChanged, roster: Roster, view: RoomView) -> list[str]:
    """Warn of a name that can be mistaken for another member's."""
    one = find(view, event.n)
    if one is not None and one.imitates is None and one.namesake is not None:
        return [
            tr(
                "{name} (number {n}) came in anew: another {name} (number {m}) does not answer any "
                "more. The same person, or not: compare words.",
                name=roster.name(event.n),
                n=event.n,
                m=one.namesake,
            )
        ]
    if one is None or one.imitates is None:
        return []
    values = {"name": roster.name(event.n), "other": roster.name(one.imitates)}
    sentence = tr(
        "careful: {name} (number {n}) is not {other} (number {m}), the names only look alike",
        n=event.n,
        m=one.imitates,
        **values,
    )
    return [sentence]


def _away(event: MemberChanged, roster: Roster) -> str:
    name = roster.name(event.n)
    if event.state == "removed" and event.by is not None:
        return tr("removed: {name}, by {by}", name=name, by=roster.name(event.by))
    if event.state == "removed":
        return tr("removed: {name}", name=name)
    if event.state == "left":
        return tr("left: {name}", name=name)
    return tr("gone: {name} does not answer any more", name=name)


def _new_role(
    event: MemberChanged, before: MemberChanged, roster: Roster, *, me: bool
) -> list[str]:
    """Tell of powers that were given or taken, else of the place on stage."""
    name, role = roster.name(event.n), _role(event)
    if event.role in MODERATING:
        return [
            tr("you are a {role} now", role=role)
            if me
            else tr("{name} is a {role} now", name=name, role=role)
        ]
    told = []
    if before.role in MODERATING:
        old = tr(ROLE_NAMES[before.role])
        told.append(
            tr("you are no {role} any more", role=old)
            if me
            else tr("{name} is no {role} any more", name=name, role=old)
        )
    if not told or stands(before) != stands(event):
        told.append(_new_place(event, roster, me=me))
    return told


def _new_place(event: MemberChanged, roster: Roster, *, me: bool) -> str:
    name, role = roster.name(event.n), _role(event)
    if me:
        return (
            tr("you are on stage now ({role})", role=role)
            if stands(event)
            else tr("you are in the audience now")
        )
    return (
        tr("on stage: {name} ({role})", name=name, role=role)
        if stands(event)
        else tr("in the audience: {name}", name=name)
    )


def hand_sentences(event: HandChanged, roster: Roster, view: RoomView) -> list[str]:
    """Return whose hand is up at which place, accepted, or down."""
    me = event.n == roster.me
    name = roster.name(event.n)
    if event.place is None:
        return _hand_down(find(view, event.n), name, me=me)
    if me:
        return [tr("your hand is up, place {place}", place=event.place)]
    if event.place == 1:
        return [tr("hand: {name} is first in the queue", name=name)]
    return [tr("hand: {name}, place {place}", name=name, place=event.place)]


def _hand_down(one: MemberView | None, name: str, *, me: bool) -> list[str]:
    """A hand that was accepted is down as well, but that is not what happened."""
    if one is not None and one.invited:
        invited = tr(
            "invited to speak: {name}; the microphone opens when {name} says yes (60 s)", name=name
        )
        return [] if me else [invited]
    if one is not None and one.on_stage and not one.muted:
        return []
    return [tr("your hand is down") if me else tr("hand down: {name}", name=name)]


def speaking_sentence(event: SpeakingChanged, roster: Roster) -> str:
    """Return who began to speak, or stopped."""
    name, role = roster.name(event.n), roster.role(event.n)
    if event.on:
        return tr("speaking: {name} ({role})", name=name, role=role)
    return tr("quiet: {name}", name=name)


def _role(event: MemberChanged) -> str:
    return tr(ROLE_NAMES[event.role])
