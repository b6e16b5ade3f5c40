"""People at terminals: each runs the program in a window of a tmux server of the test's own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from lab.programs.person import SLACK
from tui.i18n import parse_catalogue

ROOT = Path(__file__).parents[2]
LIMIT_S = 20.0 * SLACK
CHINESE = parse_catalogue((ROOT / "tui/locale/zh_CN.po").read_text(encoding="utf-8"))


def in_language(language: str, text: str, **values: object) -> str:
    """A sentence of the program as a reader of that language sees it."""
    found = CHINESE[text][0] if language == "zh_CN" else text
    return found.format(**values) if values else found


class Terminals:
    """Windows of one size, all closed at the end.

    Args:
        folder: For the server's socket.
        size: Columns and rows.
    """

    def __init__(self, folder: Path, size: tuple[int, int]) -> None:
        self._socket = folder / "tmux"
        self._size = size
        self._opened = 0

    def __enter__(self) -> "Terminals":
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            # A relay takes the end of its terminal for a wish to read its settings anew.
            for line in self.run("list-panes", "-a", "-F", "#{pane_pid} #{pane_dead}").splitlines():
                process, dead = line.split()
                if dead == "0":
                    os.kill(int(process), signal.SIGTERM)
            self.run("kill-server")

    def open(self, name: str, *arguments: str) -> "Seat":
        """Starts ``teahouse ARGUMENTS`` in a window of its own."""
        columns, rows = map(str, self._size)
        self._opened += 1
        name = f"{name} {self._opened}"
        program = [sys.executable, "-P", "-B", "-m", "tui", *arguments]
        self.run("new-session", "-d", "-x", columns, "-y", rows, "-s", name, *program)
        self.run("set-option", "-t", name, "remain-on-exit", "on")
        return Seat(self, name)

    def run(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", "/dev/null", "-u", *arguments]
        around = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "TERM": "xterm"}
        around.pop("TMUX", None)
        done = subprocess.run(command, env=around, check=True, capture_output=True, cwd=ROOT)
        return done.stdout.decode()


class Seat:
    """One person at one terminal."""

    def __init__(self, terminals: Terminals, name: str) -> None:
        self._terminals = terminals
        self.name = name

    def press(self, *keys: str) -> None:
        """Presses keys, as tmux names them."""
        self._terminals.run("send-keys", "-t", self.name, *keys)

    def paste(self, text: str) -> None:
        """Pastes text as terminals do."""
        self._terminals.run("set-buffer", "-b", self.name, text)
        self._terminals.run("paste-buffer", "-p", "-b", self.name, "-t", self.name)

    def screen(self) -> str:
        """What stands there now."""
        return self._terminals.run("capture-pane", "-p", "-t", self.name)

    def printed(self) -> str:
        """What was printed, without the line breaks that the window put in."""
        return self._terminals.run("capture-pane", "-p", "-J", "-t", self.name)

    def reads(self, text: str) -> bool:
        """Whether the text stands there, wherever its lines are broken."""
        return _bare(text) in _bare(self.screen())

    def until(self, text: str) -> str:
        """Waits for a text; returns the screen."""
        return self.until_any(text)

    def until_any(self, *texts: str) -> str:
        """Waits for one of some texts; returns the screen."""
        deadline_s = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline_s:
            if any(self.reads(text) for text in texts):
                return self.screen()
            time.sleep(0.1)
        raise AssertionError(f"{self.name} waits for {texts!r} and reads\n{self.screen()}")

    def process_id(self) -> int:
        """Of the program."""
        return int(self._terminals.run("list-panes", "-t", self.name, "-F", "#{pane_pid}"))

    def has_ended(self) -> bool:
        """Whether the program is over."""
        return (
            self._terminals.run("list-panes", "-t", self.name, "-F", "#{pane_dead}").strip() == "1"
        )


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def invite_on(screen: str) -> str:
    """The long invite, picked from the lines of a screen as a mouse would."""
    whole = re.search(r"TEAHOUSE:(?:\S+\n ?)+", screen)
    assert whole is not None, screen
    return whole.group()
