"""Ids and public keys are types: mypy refuses one in the place of another."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CALLS = ROOT / "tests" / "typed_calls.py"
CALL = re.compile(r"^    (?:return )?([\w.]+)\(.*?(?:  # refused: ([\w-]+))?$")
ERROR = re.compile(r"^tests/typed_calls\.py:(\d+): error: .*\[([\w-]+)\]$", re.MULTILINE)


def calls() -> list[tuple[int, str, str | None]]:
    """Line, what is called, and with which code it is refused."""
    lines = enumerate(CALLS.read_text("utf-8").splitlines(), 1)
    found = [(number, CALL.match(line)) for number, line in lines]
    return [(number, match[1], match[2]) for number, match in found if match]


def test_mypy_refuses_the_wrong_calls_and_no_other():
    options = ["--platform", "linux", "--cache-dir", ".mypy_cache/types"]
    judged = subprocess.run(
        [sys.executable, "-m", "mypy", *options, CALLS.relative_to(ROOT).as_posix()],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    refused = {(int(number), code) for number, code in ERROR.findall(judged.stdout)}
    assert refused == {(number, code) for number, _, code in calls() if code}, judged.stdout


def test_every_wrong_call_stands_beside_a_right_one():
    right = {called for _, called, code in calls() if code is None}
    assert {called for _, called, code in calls() if code} - right == set()
