"""What can be done with one person, each line saying what it changes."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from p2p.commands import AcceptHand, Command, GoToAudience, MoveDown, Mute, Remove
from p2p.view import MemberView, RoomView
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.peertext import peer_text
from tui.personears import EAR_KEYS, EarCommand, ear_actions, volume_note
from tui.presenter import PATH_NAMES
from tui.roster import MODERATING, ON_STAGE, ROLE_NAMES
from tui.screens.question import QuestionScreen
from tui.statuslines import myself
from tui.widgets.plaintext import PlainText

_F_KEYS = {"f5": "a", "f6": "m", "f7": "d", "f9": "x", **EAR_KEYS}


def actions_for(one: MemberView, view: RoomView) -> list[tuple[str, str, Command]]:
    """Return key, what it changes, and the command, for each thing one may do with ``one``."""
    me = myself(view)
    name = peer_text(one.name)
    if one.me:
        if one.role not in ON_STAGE:
            return []
        return [("D", tr("Go back to the audience; you listen from then on."), GoToAudience())]
    if me is None or me.role not in MODERATING:
        return []
    possible: list[tuple[str, str, Command]] = []
    if one.hand_place is not None and not one.invited:
        say = tr("Accept: {name} may speak, and opens the microphone alone.", name=name)
        possible.append(("A", say, AcceptHand(one.n)))
    if one.role in ON_STAGE and one.role != "host":
        if not one.muted:
            say = tr("Mute: nobody hears {name} any more.", name=name)
            possible.append(("M", say, Mute(one.n)))
        else:
            say = tr("Give {name} the voice back.", name=name)
            possible.append(("A", say, AcceptHand(one.n)))
        say = tr("Move to the audience: {name} listens from then on.", name=name)
        possible.append(("D", say, MoveDown(one.n)))
    if one.role != "host":
        say = tr("Remove from the room; asks once more.")
        possible.append(("X", say, Remove(one.n)))
    return possible


class PersonScreen(ModalScreen[None]):
    """The menu of one person.

    Args:
        node: The room.
        n: Whom it is about.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", show=False),
    ]

    def __init__(self, node: NodeLike, n: int) -> None:
        super().__init__()
        self._node = node
        self._n = n

    def compose(self) -> ComposeResult:
        """Name, what is known, what can be done."""
        view = self._node.view()
        one = next((member for member in view.members if member.n == self._n), None)
        with VerticalScroll(classes="sheet"):
            if one is None:
                yield PlainText(tr("This person is not in the room any more."))
                return
            yield PlainText(peer_text(one.name), classes="title")
            yield PlainText(_about(one), classes="quiet")
            for place, (key, says, _) in enumerate(_menu(one, view)):
                f_key = next(name for name, letter in _F_KEYS.items() if letter == key.lower())
                gap = "gap" if place == 0 else ""
                yield PlainText(f"{key} / {f_key.upper()}  {says}", classes=f"key {gap}".strip())
            yield PlainText(tr("Esc: back"), classes="quiet gap")

    def on_key(self, event: events.Key) -> None:
        """Do what the key stands for, if it is on the menu."""
        letter = _F_KEYS.get(event.key, event.key.lower())
        view = self._node.view()
        one = next((member for member in view.members if member.n == self._n), None)
        for key, _, command in _menu(one, view) if one else []:
            if key.lower() == letter:
                event.stop()
                if isinstance(command, EarCommand):
                    self._node.do(command)
                    self.refresh(recompose=True)  # one step is seldom enough: the menu stays
                elif isinstance(command, Remove):
                    self._ask_before_removing(peer_text(one.name) if one else "", command)
                else:
                    self._node.do(command)
                    self.dismiss()

    def _ask_before_removing(self, name: str, command: Remove) -> None:
        question = QuestionScreen(
            tr("Remove {name} from the room?", name=name),
            tr(
                "The room key stays as it is: with it {name} can come back under a new name. "
                "Locking the room (I, then L) keeps the door shut.",
                name=name,
            ),
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self._node.do(command)
                self.dismiss()

        self.app.push_screen(question, answered)


def _menu(one: MemberView, view: RoomView) -> list[tuple[str, str, Command]]:
    return [*actions_for(one, view), *ear_actions(one)]


def _about(one: MemberView) -> str:
    parts = [tr(ROLE_NAMES[one.role])]
    if one.me:
        parts.append(tr("you"))
    if one.hand_place is not None:
        parts.append(tr("hand up, place {place}", place=one.hand_place))
    if one.invited:
        parts.append(tr("invited to speak"))
    if one.muted:
        parts.append(tr("muted by a moderator"))
    if one.unheard:
        parts.append(tr("sends sound that cannot be opened"))
    if note := volume_note(one):
        parts.append(note)
    if one.path in PATH_NAMES:
        parts.append(tr(PATH_NAMES[one.path]))
    return " · ".join(parts)
