import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-P", "-B", "-m", "tui", "relay", "--listen", "127.0.0.1:0"]
COMMAND += ["--state-dir", "", "--status", ""]
TYPED = re.compile(r"--[a-z-]+|`teahouse [^`]+`|\S+#\S+|[a-z]+://\S+|UDP|TCP|teahouse relay")


@pytest.mark.skipif(sys.platform == "win32", reason="is ended by a signal")
@pytest.mark.parametrize(
    ("language", "word"), [("zh_CN", "转发"), ("zh_TW", "轉發"), ("en", "sound")]
)
def test_the_volunteer_reads_what_the_relay_does_in_the_chosen_language(language, word):
    relay = subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=os.environ
        | {"LANG": f"{language}.UTF-8", "LC_ALL": "", "LANGUAGE": "", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        assert "#" in relay.stdout.readline()
        said = ""
        while not re.search("个房间|個房間| rooms", said):
            said += relay.stderr.readline()
        relay.send_signal(signal.SIGTERM)
        relay.communicate(timeout=30)
    finally:
        relay.kill()
    assert word in said
    assert "`teahouse config set relays LINE`" in said
    assert "bootstrap_nodes" not in said
    lines = [line for line in said.splitlines() if line.startswith("teahouse relay: ")]
    assert len(lines) >= 4
    english = re.findall("[A-Za-z]{4,}", TYPED.sub("", "\n".join(lines)))
    assert bool(english) == (language == "en"), english
