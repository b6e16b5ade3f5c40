"""Another microphone or loudspeaker while we talk."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from p2p.api.commands import DeviceKind, UseDevice
from p2p.api.events import DevicesListed
from tui.devices.device_list import devices_listed
from tui.i18n import tr
from tui.nodelike import NodeLike
from tui.texts.meter import meter
from tui.texts.sound_sentences import device_name, echo_sentence
from tui.texts.spans import Span
from tui.widgets.line import Line
from tui.widgets.plaintext import PlainText

METER_HZ = 10.0
DEFAULT = "default"


class DeviceScreen(ModalScreen[None]):
    """Lists what there is; Enter takes it, without leaving the room or losing the microphone.

    Args:
        node: The room.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,d,f7", "dismiss", show=False),
        Binding("r,f5", "look", show=False),
        Binding("tab", "app.focus_next", show=False),
    ]

    def __init__(self, node: NodeLike) -> None:
        super().__init__()
        self._node = node
        self._names: dict[DeviceKind, tuple[str, ...]] = {"mic": (), "speaker": ()}

    def compose(self) -> ComposeResult:
        """The two lists, each below what is in use."""
        with VerticalScroll(classes="sheet", can_focus=False):
            yield PlainText(tr("Microphone and speaker"), classes="title")
            yield Line(id="mic-now")
            yield OptionList(id="mic", markup=False)
            yield Line(id="speaker-now")
            yield OptionList(id="speaker", markup=False)
            yield Line(id="echo-now")
            yield PlainText(tr("Looking for devices …"), id="looking", classes="quiet")
            yield PlainText(
                tr("Enter: use   Tab: other list   R / F5: look again   Esc: back"), classes="key"
            )

    def on_mount(self) -> None:
        """Begin to look, and to show the level."""
        self.query_one("#mic").focus()
        self.set_interval(1 / METER_HZ, self.draw)
        self.draw()
        self.action_look()

    def draw(self) -> None:
        """Show what is in use, and how loud the microphone is."""
        view = self._node.view()
        now = tr("microphone: {name}", name=device_name(view.mic))
        self.query_one("#mic-now", Line).show((*meter(view.mic_level_dbfs), _after(now)))
        now = tr("speaker: {name}", name=device_name(view.speaker))
        self.query_one("#speaker-now", Line).show((_after(now),))
        self.query_one("#echo-now", Line).show((Span(" " + echo_sentence(view.echo), "dim"),))

    def action_look(self) -> None:
        """Look for devices, also for such as were plugged in just now."""
        self.run_worker(self._look(), exclusive=True)

    async def _look(self) -> None:
        listed = await devices_listed(self._node.view())
        if self.is_attached:
            self._fill(listed)

    def _fill(self, listed: DevicesListed) -> None:
        self._names = {"mic": listed.inputs, "speaker": listed.outputs}
        for kind, names in self._names.items():
            options = self.query_one(f"#{kind}", OptionList)
            options.clear_options()
            with_default = (DEFAULT, *(name for name in names if name != DEFAULT))
            self._names[kind] = with_default if names else ()
            options.add_options([Option(_label(name)) for name in self._names[kind]])
            if not names:
                nothing = (
                    tr("no microphone was found") if kind == "mic" else tr("no speaker was found")
                )
                options.add_option(Option(nothing, disabled=True))
        self.query_one("#looking", PlainText).update("")

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Go on with the chosen device; the answer comes as an event."""
        kind: DeviceKind = "mic" if message.option_list.id == "mic" else "speaker"
        names = self._names[kind]
        if message.option_index < len(names):
            self._node.do(UseDevice(kind, names[message.option_index]))
            self.call_after_refresh(self.draw)


def _label(name: str) -> str:
    return tr("what the system uses (default)") if name == DEFAULT else device_name(name)


def _after(text: str) -> Span:
    return Span(f" {text}", "strong")
