"""Names and roles by number, learned from events: what a sentence needs to name a person."""

from p2p.events import MemberChanged
from p2p.view import RoomView
from tui.i18n import mark, tr
from tui.peertext import PeerText, peer_text

ROLE_NAMES = {
    "host": mark("host"),
    "co-host": mark("co-host"),
    "moderator": mark("moderator"),
    "speaker": mark("speaker"),
    "listener": mark("listener"),
}
MODERATING = frozenset(("host", "co-host", "moderator"))
ON_STAGE = frozenset(("host", "co-host", "moderator", "speaker"))


class Roster:
    """Who is who, also after they have left: a sentence may still name them."""

    def __init__(self) -> None:
        self._last: dict[int, MemberChanged] = {}
        self.me: int | None = None

    def learn(self, event: MemberChanged) -> MemberChanged | None:
        """Remember ``event``; return what was known of this member before."""
        before = self._last.get(event.n)
        self._last[event.n] = event
        return before

    def learn_view(self, view: RoomView) -> None:
        """Fill gaps from a snapshot of the room."""
        for member in view.members:
            if member.me:
                self.me = member.n
            if member.n not in self._last:
                self._last[member.n] = MemberChanged(
                    member.n, member.id, member.name, member.role, member.state
                )

    def name(self, n: int) -> PeerText:
        """Return the name of member ``n``, or ``member 7`` when it is not known."""
        known = self._last.get(n)
        return peer_text(known.name) if known else PeerText(tr("member {n}", n=n))

    def role(self, n: int) -> str:
        """Return the role of member ``n`` in the chosen language, "" when not known."""
        known = self._last.get(n)
        return tr(ROLE_NAMES[known.role]) if known else ""
