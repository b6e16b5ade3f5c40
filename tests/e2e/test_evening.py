"""An evening as people spend it: at terminals, with keys, from the invite to the goodbye."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.programs.person import SLACK
from tests.e2e.tmux import LIMIT_S, Seat, Terminals, in_language, invite_on

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
]
MAY_ALL = (
    "{name} can then do all that you can, removing people and naming moderators too, but not name "
    "co-hosts or act against you. You can take it back while you are here; once you have left "
    "nobody can."
)
SOUND = ("--mic", "tone:440", "--speaker", "null", "--listen", "127.0.0.1:0")


class Evening:
    """A relay and people who came in by the long invite.

    Args:
        terminals: Where all sit.
        folder: For the relay's key.
        language: Of all people.
    """

    def __init__(self, terminals: Terminals, folder: Path, language: str) -> None:
        self.terminals = terminals
        self.language = language
        relay = self.terminals.open(
            "relay", "relay", "--listen", "127.0.0.1:0", "--state-dir", str(folder), "--status", ""
        )
        relay.until("no room key")
        self._line = next(word for word in relay.printed().split() if "#" in word)
        self._invite = ""

    def says(self, text: str, **values: object) -> str:
        return in_language(self.language, text, **values)

    def host(self, name: str) -> Seat:
        ways = ("--relay", self._line, "--topic", "tea", "--name", name)
        host = self.terminals.open(name, "create", "--lang", self.language, *ways, *SOUND)
        host.until(self.says("Ways in now: {ways}", ways="").strip())
        host.until(self.says("a relay"))
        self._invite = invite_on(host.screen())
        host.press("Escape")
        host.until(self.says("On stage"))
        return host

    def guest(self, name: str) -> Seat:
        guest = self.terminals.open(name, "join", "--lang", self.language, "--name", name, *SOUND)
        guest.until(self.says("Room key or words"))
        guest.paste(self._invite)
        guest.press("Enter")
        guest.until(self.says("H raises your hand"))
        return guest

    def bring_on_stage(self, host: Seat, guest: Seat) -> None:
        guest.press("H")  # Caps Lock is on
        guest.until(self.says("hand up, place {place}", place=1))
        host.until(self.says("accept"))
        host.press("a")
        guest.until(self.says("Space says yes and opens your mic, N declines"))
        guest.press("Space")
        guest.until(self.says("MIC ON"))


@pytest.fixture(params=[("en", (80, 24)), ("zh_CN", (120, 40))], ids=["en-80x24", "zh-120x40"])
def evening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Evening]:
    language, size = request.param
    with Terminals(tmp_path, size) as terminals:
        yield Evening(terminals, tmp_path, language)


def test_two_people_talk_and_one_is_muted_and_removed(evening: Evening) -> None:
    host = evening.host("王小明")
    guest = evening.guest("amina")
    host.until("amina")
    evening.bring_on_stage(host, guest)
    host.until("▸")  # amina is heard
    _choose(host, "amina")
    host.press("m")
    guest.until(evening.says("muted by a moderator"))
    _choose(host, "amina")
    host.press("x")
    host.until(evening.says("Remove {name} from the room?", name="amina"))
    host.press("y")
    guest.until(evening.says("a moderator has removed you from the room"))
    host.press("q")
    _until_ended(host)


def test_four_people_are_muted_at_once_one_is_removed_and_the_room_is_handed_on(
    evening: Evening,
) -> None:
    host = evening.host("王小明")
    amina, omar, lena = (evening.guest(name) for name in ("amina", "omar", "lena"))
    host.until("lena")
    for speaker in (amina, omar):
        evening.bring_on_stage(host, speaker)
    host.press("r")
    host.until(evening.says("Relays: name one more, or drop one."))
    host.press("m")
    for speaker in (amina, omar):
        speaker.until(evening.says("muted by a moderator"))
    host.press("/")
    host.until(evening.says("Find a person"))
    host.press("o", "m", "a", "r", "Enter")
    host.until(evening.says("Remove from the room; asks once more."))
    host.press("x")
    host.until(evening.says("Remove {name} from the room?", name="omar"))
    host.press("k")
    omar.until(evening.says("a moderator has removed you from the room"))
    lena.until(evening.says("removed: {name}, by {by}", name="omar", by="王小明"))
    host.press("r")
    host.until(evening.says("Relays: name one more, or drop one."))
    host.press("o")
    host.until(evening.says("Enter: the chosen one runs the room after you"))
    host.press("Enter")
    host.until(evening.says("Hand the room on to {name}?", name="amina"))
    host.press("y")
    amina.until(evening.says("you are a {role} now", role=evening.says("co-host")))
    host.press("q")
    host.until(evening.says("Leave the room?"))
    host.press("y")
    _until_ended(host)
    lena.press("h")
    amina.until(evening.says("accept"))
    amina.press("a")
    lena.until(evening.says("Space says yes and opens your mic, N declines"))


def test_when_the_hosts_program_dies_a_second_one_that_was_proposed_runs_the_room(
    evening: Evening,
) -> None:
    host = evening.host("王小明")
    guest = evening.guest("amina")
    other = evening.guest("omar")
    host.until("omar")
    evening.bring_on_stage(host, guest)
    host.until(evening.says("Enter on the name, C"))
    _choose(host, "amina")
    host.press("c")
    host.until(evening.says(MAY_ALL, name="amina"))
    host.press("y")
    guest.until(evening.says("co-host"))
    os.kill(host.process_id(), signal.SIGKILL)
    other.press("h")
    guest.until(evening.says("accept"))
    guest.press("a")
    other.until(evening.says("Space says yes and opens your mic, N declines"))


def test_when_the_only_host_dies_everybody_reads_that_nobody_can_moderate(
    evening: Evening,
) -> None:
    host = evening.host("王小明")
    seats = [evening.guest("amina"), evening.guest("omar")]
    host.until("omar")
    os.kill(host.process_id(), signal.SIGKILL)
    for seat in seats:
        seat.until(
            evening.says("Nobody can moderate now: sound goes on; no new speakers, removals, keys.")
        )
    again = evening.guest("王小明")
    seats[0].until({"en": "came in anew", "zh_CN": "是新进来的"}[evening.language])
    again.until(
        evening.says("Nobody can moderate now: sound goes on; no new speakers, removals, keys.")
    )


def _choose(seat: Seat, name: str) -> None:
    """Opens the menu of a person on the stage: the second row, below the host."""
    seat.press("Down", "Enter")
    seat.until(name)


def _until_ended(seat: Seat) -> None:
    deadline_s = time.monotonic() + LIMIT_S * SLACK
    while not seat.has_ended():
        assert time.monotonic() < deadline_s, seat.screen()
        time.sleep(0.1)
