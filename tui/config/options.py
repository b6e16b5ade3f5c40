"""What can be chosen for every run, and what a value of it may be. A room key never can."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from crypto.errors import RemoteError, UserError
from p2p.api.settings import MODES
from p2p.dht.contact import NodeContact
from tui.i18n import LANGUAGES, mark, tr

Value = str | bool | tuple[str, ...]
Kind = Literal["text", "switch", "list"]
TEXT_MAX = 200
RELAYS_MAX = 8
YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting.

    Attributes:
        name: In the file and for ``teahouse config``.
        dest: The name that the command line has for it.
        kind: Of its value.
        default: What counts where nobody has chosen.
        check: Raises ValueError with what to write instead, in the chosen language.
    """

    name: str
    dest: str
    kind: Kind
    default: Value
    check: Callable[[str], None]

    @property
    def variable(self) -> str:
        """Its variable of the environment."""
        return f"TEAHOUSE_{self.name.upper()}"

    def of_words(self, words: list[str]) -> Value:
        """Return the value that is written as these words; raises ValueError."""
        if self.kind == "list":
            return self.checked(tuple(words))
        if len(words) != 1:
            raise ValueError(tr("write one value, in quotes if there are spaces in it"))
        if self.kind == "switch":
            word = words[0].strip().lower()
            if word not in (*YES, *NO):
                raise ValueError(tr("write yes or no"))
            return word in YES
        return self.checked(words[0])

    def of_toml(self, found: object) -> Value:
        """Return the value that stands in the file; raises ValueError."""
        if self.kind == "switch":
            if not isinstance(found, bool):
                raise ValueError(tr("write true or false"))
            return found
        if self.kind == "list":
            if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
                raise ValueError(tr('write a list of texts: ["…", "…"]'))
            return self.checked(tuple(found))
        if not isinstance(found, str):
            raise ValueError(tr('write a text in quotes: "…"'))
        return self.checked(found)

    def checked(self, value: str | tuple[str, ...]) -> Value:
        """Return the value if it can be one; raises ValueError."""
        texts = (value,) if isinstance(value, str) else value
        if len(texts) > RELAYS_MAX:
            raise ValueError(tr("write at most {count}", count=RELAYS_MAX))
        for text in texts:
            if len(text) > TEXT_MAX or not text.isprintable():
                raise ValueError(tr("write one line of at most {count} signs", count=TEXT_MAX))
            self.check(text)
        return value


def _plain(text: str) -> None:
    """Whatever it is, it must be no room key: that one would stay on the disk."""
    from crypto.invite import parse_key_text

    try:
        parse_key_text(text)
    except UserError:
        return
    raise ValueError(tr("a room key is not kept in a file: whoever finds it could come in"))


def _one_of(words: tuple[str, ...]) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text not in words:
            raise ValueError(tr("write one of {words}", words=", ".join(words)))

    return check


def _relay(text: str) -> None:
    try:
        NodeContact.parse(text)
    except RemoteError as mistake:
        raise ValueError(
            tr("write the line that `teahouse relay` prints: {reason}", reason=tr(str(mistake)))
        ) from None


OPTIONS = (
    Option("name", "name", "text", "", _plain),
    Option("language", "lang", "text", "", _one_of(LANGUAGES)),
    Option("mic", "mic", "text", "default", _plain),
    Option("speaker", "speaker", "text", "default", _plain),
    Option("mode", "mode", "text", "shield", _one_of(MODES)),
    Option("relays", "relay", "list", (), _relay),
    Option("mainline", "mainline", "switch", True, _plain),
    Option("ctl", "ctl", "switch", False, _plain),
    Option("notify", "notify", "switch", False, _plain),
)
BY_NAME = {option.name: option for option in OPTIONS}
ABOUT = {
    "name": mark("your name in rooms"),
    "language": mark("the language of this program"),
    "mic": mark("the microphone"),
    "speaker": mark("the loudspeaker"),
    "mode": mark("shield: sound goes through relays; open: people in the room see your address"),
    "relays": mark("the relays that you trust, as `teahouse relay` prints them"),
    "mainline": mark("whether open mode uses BitTorrent's network"),
    "ctl": mark("whether `teahouse ctl` may open and close the microphone"),
    "notify": mark("whether the desktop is told when something waits for you"),
}
