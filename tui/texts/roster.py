"""Names and roles by number, learned from events: what a sentence needs to name a person."""

from p2p.api.events import MemberChanged
from p2p.api.view import MemberView, RoomView
from tui.i18n import mark, tr
from tui.texts.peer_text import PeerText, peer_text
from tui.texts.width import ended

ROLE_NAMES = {
    "host": mark("host"),
    "co-host": mark("co-host"),
    "moderator": mark("moderator"),
    "speaker": mark("speaker"),
    "listener": mark("listener"),
}
MODERATING = frozenset(("host", "co-host", "moderator"))
ON_STAGE = frozenset(("host", "co-host", "moderator", "speaker"))


def stands(event: MemberChanged) -> bool:
    """Tell whether the member of ``event`` is on stage."""
    return event.role in ON_STAGE if event.on_stage is None else event.on_stage


class Roster:
    """Who is who, also after they have left: a sentence may still name them."""

    def __init__(self) -> None:
        self._told: dict[int, MemberChanged] = {}
        self._seen: dict[int, MemberView] = {}
        self.me: int | None = None

    def learn(self, event: MemberChanged) -> MemberChanged | None:
        """Remember ``event``; return what was told of this member before."""
        before = self._told.get(event.n)
        self._told[event.n] = event
        return before

    def learn_view(self, view: RoomView) -> None:
        """Remember whom a snapshot of the room shows; nobody counts as told by that."""
        for member in view.members:
            self._seen[member.n] = member
            if member.me and self.me is None:
                self.me = member.n
                self.learn(member_event(member))

    def name(self, n: int) -> PeerText:
        """Return the name of member ``n``, or ``member 7`` when it is not known."""
        known = self._told.get(n) or self._seen.get(n)
        return _in_line(known.name) if known else PeerText(tr("member {n}", n=n))

    def role(self, n: int) -> str:
        """Return the role of member ``n`` in the chosen language, "" when not known."""
        known = self._told.get(n) or self._seen.get(n)
        return tr(ROLE_NAMES[known.role]) if known else ""


def _in_line(name: str) -> PeerText:
    """Return a name so that a number behind it stays behind it."""
    return PeerText(ended(peer_text(name)))


def member_event(one: MemberView) -> MemberChanged:
    """Return what a view shows of one member as the event that would tell it."""
    return MemberChanged(one.n, one.id, one.name, one.role, one.state, on_stage=one.on_stage)
