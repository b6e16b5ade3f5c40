"""Keys as terminals with the kitty keyboard protocol send them, with their release.

Textual 8.2.8 does not ask for releases, and fails on one (``int("1:3")``). Here they are asked for
and taken out before it looks: the release of Space becomes a key of its own, others are dropped. So
does what only says that Space is still held, or that the keyboard has gone to another window while
Space was down: its release is then never told.

Source: the kitty keyboard protocol, "Report event types" (0b10), "Quickstart".
"""

import re
from collections.abc import Generator, Iterable
from typing import Final

from textual import events
from textual._parser import Peek1, Read1, TokenCallback
from textual._xterm_parser import XTermParser
from textual.keys import Keys
from textual.message import Message

from tui.terminal.keys import SPACE_LOST, SPACE_RELEASED, SPACE_STILL_HELD

ASK_FOR_RELEASES: Final = "\x1b[=2;2u\x1b[?u"
"""Sets one more flag among those that are set, then asks which are."""

_SPACE = "32"
_REPORT_EVENT_TYPES = 2
_REPEATED, _RELEASED = "2", "3"
_with_event: Final = re.compile(
    r"\x1b\[(?P<key>\d*(?::\d*)*);(?P<modifiers>\d*):(?P<event>[123])"
    r"(?P<text>(?:;[\d:]*)?)(?P<end>[u~ABCDEFHPQRS])"
)
_flags: Final = re.compile(r"\x1b\[\?(\d{1,3})u")


class KittyParser(XTermParser):
    """Textual's parser, for keys that come with what happened to them."""

    def __init__(self, debug: bool = False) -> None:
        self._reports = False
        self._space_down = False
        super().__init__(debug)

    def parse(self, token_callback: TokenCallback[Message]) -> Generator[Read1 | Peek1, str, None]:
        """Parse as Textual does; where the focus goes, a key that is down goes, too."""

        def on_token(token: Message) -> None:
            if isinstance(token, events.AppBlur) and self._reports and self._space_down:
                self._space_down = False
                token_callback(events.Key(SPACE_LOST, None))
            token_callback(token)

        return super().parse(on_token)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if (flags := _flags.fullmatch(sequence)) is not None:
            self._reports = bool(int(flags[1]) & _REPORT_EVENT_TYPES)
            return [events.Key(Keys.Ignore, None)]
        found = _with_event.fullmatch(sequence)
        if found is not None and found["event"] == _RELEASED:
            return [events.Key(self._released(found), None)]
        if found is not None:
            sequence = f"\x1b[{found['key']};{found['modifiers']}{found['text']}{found['end']}"
        try:
            keys = list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):  # numbers that no key has end the reading of all keys
            return [events.Key(Keys.Ignore, None)]
        if any(key.key == "space" for key in keys):
            self._space_down = True
            if found is not None and found["event"] == _REPEATED:
                return [events.Key(SPACE_STILL_HELD, " ")]  # a field to write into takes it
        return keys

    def _released(self, found: re.Match[str]) -> str:
        """Whatever else is held: Shift may have gone down after Space."""
        self._reports = True
        if found["key"].partition(":")[0] != _SPACE or found["end"] != "u":
            return Keys.Ignore
        self._space_down = False
        return SPACE_RELEASED
