"""Who may do what to whom, for menus: a node would refuse the rest."""

from p2p.api.commands import RankName
from p2p.api.view import MemberView, RoomView
from p2p.room.ops.powers import CO_HOST, HELPER, HOST, MODERATOR, NOBODY


def myself(view: RoomView) -> MemberView | None:
    """Return the member that is this person, None before joining."""
    return next((one for one in view.members if one.me), None)


def find(view: RoomView, n: int) -> MemberView | None:
    """Return the member with the number ``n``, None when there is none."""
    return next((one for one in view.members if one.n == n), None)


def runs_room(view: RoomView) -> bool:
    """Tell whether we may lock, let in, remove, accept and renew the key."""
    me = myself(view)
    return me is not None and me.rank <= MODERATOR


def listed(view: RoomView) -> list[MemberView]:
    """Return those who are shown: ghosts only to those who could remove them."""
    sees_ghosts = runs_room(view)
    there = (one for one in view.members if one.state in ("here", "gone"))
    return [one for one in there if not one.faded or sees_ghosts]


def may_quiet(me: MemberView, one: MemberView) -> bool:
    """Tell whether ``me`` may mute ``one`` and move it down."""
    return me.rank <= HELPER and me.rank < one.rank


def may_be_quiet(view: RoomView) -> list[MemberView]:
    """Return whom we may mute, and have not."""
    me = myself(view)
    speakers = [one for one in view.members if one.on_stage and not one.muted and not one.me]
    return [one for one in speakers if me is not None and may_quiet(me, one)]


def may_remove(me: MemberView, one: MemberView) -> bool:
    """Tell whether ``me`` may remove ``one``, and accept its hand."""
    return me.rank <= MODERATOR and me.rank < one.rank


def ranks_to_give(me: MemberView, one: MemberView) -> list[RankName]:
    """Return what ``me`` can make of ``one``: only below itself, and only of its juniors."""
    if not may_remove(me, one) or one.state not in ("here", "gone"):
        return []
    ranks: list[RankName] = []
    if me.rank == HOST and one.rank != CO_HOST:
        ranks.append("co-host")
    if one.rank != given_rank(me, "moderator"):
        ranks.append("moderator")
    if one.rank < NOBODY:
        ranks.append("speaker")
    return ranks


def given_rank(me: MemberView, role: RankName) -> int:
    """Return the rank that ``role`` stands for when ``me`` gives it."""
    if role == "co-host":
        return CO_HOST
    if role == "speaker":
        return NOBODY
    return MODERATOR if me.rank < MODERATOR else HELPER


def is_last_moderator(view: RoomView) -> bool:
    """Tell whether others are here and we alone can run the room."""
    me = myself(view)
    others = [one for one in view.members if one.state == "here" and not one.me]
    alone = all(one.rank > MODERATOR for one in others)
    return me is not None and me.rank <= MODERATOR and bool(others) and alone


def successors(view: RoomView) -> list[MemberView]:
    """Return who could run the room after us: nobody, unless we can run it."""
    me = myself(view)
    if me is None or me.rank > MODERATOR:
        return []
    others = [one for one in view.members if one.state == "here" and one.rank > me.rank]
    return sorted(others, key=lambda one: (one.rank, not one.verified, not one.on_stage, one.n))


def branch_of(view: RoomView, n: int) -> list[MemberView]:
    """Return who is here and came in through member ``n`` alone, or through those who did.

    As the node sees it: ``p2p.room.agent.branch``.
    """
    found = {n}
    young = [one for one in view.members if one.state in ("here", "gone") and one.rank == NOBODY]
    grown = True
    while grown:
        more = {one.n for one in young if _came_by(one, found)} - found
        found |= more
        grown = bool(more)
    return [one for one in young if one.n in found - {n}]


def _came_by(one: MemberView, some: set[int]) -> bool:
    doors = bool(one.let_in_by) and some.issuperset(one.let_in_by)
    return doors or one.invited_by in some


def queue(view: RoomView) -> list[MemberView]:
    """Return those who are invited to speak, then those whose hand is up, in their order."""
    raised = [
        one
        for one in view.members
        if (one.hand_place is not None or one.invited) and one.state in ("here", "gone")
    ]
    return sorted(raised, key=lambda one: (one.hand_place or 0, one.n))
