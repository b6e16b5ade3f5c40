import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crypto.roomkey import RoomKey
from crypto.words import to_words

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals"),
]
ROOT = Path(__file__).parents[3]
WORDS = to_words(RoomKey(bytes(range(16)))).split()
PROGRAM = [sys.executable, "-m", "tui", "join", "--plain", "--mode", "open", "--only", "lan"]
LIMIT_S = 60.0


class Terminal:
    """A member of the line mode at a terminal."""

    def __init__(self, home: Path) -> None:
        self._master, slave = os.openpty()
        self.process = subprocess.Popen(
            [*PROGRAM, "--listen", "127.0.0.1:0", "--mic", "silence", "--speaker", "null"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            start_new_session=True,
            env={**os.environ, "HOME": str(home), "TERM": "xterm", "INPUTRC": "/dev/null"},
        )
        os.close(slave)
        self.seen = ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, text: str) -> None:
        end_s = time.monotonic() + LIMIT_S
        while text not in self.seen and time.monotonic() < end_s:
            if select.select([self._master], [], [], 0.1)[0]:
                self.seen += os.read(self._master, 4096).decode("utf-8", "replace")
        assert text in self.seen, self.seen


def test_tab_makes_words_whole_and_an_unfinished_key_is_counted(tmp_path):
    with Terminal(tmp_path) as terminal:
        terminal.until("room key or words > ")
        for word in WORDS[:2]:
            terminal.type(word[:4])
            terminal.type("\t")
            terminal.until(f"{word} ")
        terminal.type("\n")
        terminal.until("2 of 15 words")
        for word in WORDS[2:]:
            terminal.type(f"{word[:4]}\t")
        terminal.until(f"{WORDS[-1]} ")
        terminal.type("\n")
        terminal.until("No one is here")
    assert list(tmp_path.iterdir()) == []


def test_tab_shows_the_words_that_a_beginning_can_become(tmp_path):
    with Terminal(tmp_path) as terminal:
        terminal.until("room key or words > ")
        terminal.type("mor\t\t")
        terminal.until("morning")
        assert "moral" in terminal.seen
