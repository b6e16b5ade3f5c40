"""What a command will change, said before it happens. Menus and the line mode read it out."""

from p2p.api.commands import RankName
from p2p.api.view import MemberView, RoomView
from p2p.room.ops.kinds import EntryMode, ProfileName
from p2p.room.ops.powers import CO_HOST, MODERATOR
from tui.i18n import mark, tr, trn
from tui.powers import branch_of, given_rank, may_be_quiet, myself
from tui.texts.peer_text import PeerText, peer_text

LOST_WITHOUT_MODERATOR = mark(
    "Without a moderator sound goes on, but nobody new can speak, nobody can be muted or removed, "
    "the door stays as it is, and there are no new keys."
)
KEY_MEANS = mark(
    "The sound gets a new key for everybody who is here. The room key, the words, stays."
)
NAMES_MAX = 8
_ENTRY = {
    "open": mark("Whoever has the room key comes in, also who was removed, under a new name."),
    "ask": mark("Whoever comes with the room key waits outside until a moderator says yes."),
    "invited": mark("The room key alone lets nobody in any more: each needs a personal invite."),
}
_PROFILES = {
    "table": mark("Everybody's sound: the shortest delay, the most packets. For small rooms."),
    "hall": mark("Everybody's sound: half of the packets, a little later. For large rooms."),
}


def entry_changes(mode: EntryMode) -> str:
    """Return who comes in then."""
    return tr(_ENTRY[mode])


def profile_changes(profile: ProfileName) -> str:
    """Return how sound is sent then."""
    return tr(_PROFILES[profile])


def accept_changes(one: MemberView, view: RoomView) -> str:
    """Return what accepting gives to ``one``."""
    name = peer_text(one.name)
    if one.muted:
        return tr("Give {name} the voice back.", name=name)
    if one.hand_place is None:
        return tr("Invite to speak: the microphone opens when {name} says yes.", name=name)
    return tr("Accept: {name} may speak, and opens the microphone alone.", name=name)


def hand_changes(view: RoomView) -> str:
    """Return what our own hand takes from us: a muted speaker's place on stage."""
    me = myself(view)
    if me is None or not me.muted or me.hand_place is not None:
        return ""
    return tr("You stand in the audience then, your hand up, until a moderator accepts it.")


def mute_changes(one: MemberView, view: RoomView) -> str:
    """Return what muting takes from ``one``."""
    return tr("Mute: nobody hears {name} any more.", name=peer_text(one.name))


def mute_all_changes(view: RoomView) -> str:
    """Return whom muting everybody silences."""
    count = len(may_be_quiet(view))
    return trn(
        "Mute all: nobody hears {count} speaker any more.",
        "Mute all: nobody hears {count} speakers any more.",
        count,
    )


def down_changes(one: MemberView, view: RoomView) -> str:
    """Return where ``one`` is then."""
    name = peer_text(one.name)
    return tr("Move to the audience: {name} listens from then on.", name=name)


def remove_changes(one: MemberView, view: RoomView, *, new_key: bool, with_invited: bool) -> str:
    """Return what removing takes from ``one``, and who goes with it."""
    name = peer_text(one.name)
    parts = []
    branch = branch_of(view, one.n)
    if not branch:
        if with_invited:
            parts.append(tr("Nobody here came in through {name}.", name=name))
    elif with_invited:
        parts.append(tr("With {name} go: {others}.", name=name, others=_names(branch)))
    else:
        parts.append(
            trn(
                "{count} person that came in through {name} stays.",
                "{count} people that came in through {name} stay.",
                len(branch),
                name=name,
            )
        )
    if new_key:
        parts.append(tr("New key: {name} can open nothing that is said from now on.", name=name))
    else:
        parts.append(
            tr(
                "No new key: nobody sends {name} sound any more, but what {name} taps from "
                "somebody's line it can open until the next new key, at most 15 minutes.",
                name=name,
            )
        )
    return " ".join(parts)


def _names(members: list[MemberView]) -> str:
    """Return the names of the first few, and how many more there are."""
    names = ", ".join(peer_text(one.name) for one in members[:NAMES_MAX])
    more = len(members) - NAMES_MAX
    return tr("{names} and {count} more", names=names, count=more) if more > 0 else names


def comes_back(name: PeerText, view: RoomView) -> str:
    """Return how somebody who was removed could come in again."""
    if view.locked:
        return tr("The room is locked: {name} can not come back while it is.", name=name)
    if view.entry == "ask":
        return tr("{name} can come back under a new name if a moderator lets it in.", name=name)
    if view.entry == "invited":
        return tr("{name} can come back under a new name only by an invite.", name=name)
    return tr(
        "With the same room key {name} can come back under a new name unless you lock the room.",
        name=name,
    )


def promote_changes(role: RankName, one: MemberView, view: RoomView) -> str:
    """Return what ``one`` can do then, and who can take it back."""
    me, name = myself(view), peer_text(one.name)
    if role == "co-host":
        return hand_on_changes(one, view)
    if role == "speaker":
        return tr(
            "{name} can do nothing to others any more. What {name} did before stays.", name=name
        )
    if me is not None and given_rank(me, role) > MODERATOR:
        return tr("{name} can then mute people and move them down, and nothing else.", name=name)
    return tr(
        "{name} can then accept hands, mute, move down and remove, lock the room, choose who comes "
        "in, make a new key, and name helpers who mute. Not against you or other moderators.",
        name=name,
    )


def hand_on_changes(one: MemberView, view: RoomView) -> str:
    """Return what we give up by naming ``one`` our successor."""
    me, name = myself(view), peer_text(one.name)
    if me is not None and me.rank >= CO_HOST:
        return tr(
            "Your place goes to {name}: {name} can then do all that you can now, and you can do "
            "nothing to others any more. You can not take it back.",
            name=name,
        )
    return tr(
        "{name} can then do all that you can, removing people and naming moderators too, but not "
        "name co-hosts or act against you. You can take it back while you are here; once you have "
        "left nobody can.",
        name=name,
    )


def last_moderator(view: RoomView) -> str:
    """Return what our leaving ends for those who stay."""
    others = sum(one.state == "here" and not one.me for one in view.members)
    return " ".join(
        [
            trn(
                "You are the last moderator: {count} person stays without one.",
                "You are the last moderator: {count} people stay without one.",
                others,
            ),
            tr(LOST_WITHOUT_MODERATOR),
        ]
    )


def lock_changes(locked: bool) -> str:
    """Return what locking or opening the room changes."""
    if locked:
        return tr("Nobody new comes in, whatever key or invite they have, until it is opened.")
    return tr("The door is as it was before: new people can come in again.")


def let_changes(n: int, view: RoomView, *, on: bool) -> str:
    """Return what a yes or no at the door means for who waits there."""
    name = next((peer_text(one.name) for one in view.waiting if one.n == n), "")
    if not name:
        return ""
    if on:
        return tr("{name} comes in, as a listener, and gets the key of the sound.", name=name)
    return tr("{name} stays outside, and can ask again under a new name.", name=name)


def invite_changes(uses: int, hours_valid: float) -> str:
    """Return whom an invite lets in."""
    hours = f"{hours_valid:g}"
    if uses == 0:
        return tr("A personal invite for {hours} h lets in everybody who has it.", hours=hours)
    return trn(
        "A personal invite for {hours} h lets in {count} person.",
        "A personal invite for {hours} h lets in {count} people.",
        uses,
        hours=hours,
    )
