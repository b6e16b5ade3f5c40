import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench" / "mutants.py"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["equals may remove each other", "a cut by number"])
def test_a_broken_rule_of_the_room_makes_its_tests_fail(name):
    command = [sys.executable, str(BENCH), "--json", "--only", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["mutants"], report["caught"], report["ok"]) == (1, 1, True)


def test_the_text_that_each_mutant_breaks_is_in_its_file_once():
    root = BENCH.parents[1]
    lists = list(root.glob("tests/p2p/*/mutants.toml"))
    assert len(lists) >= 2
    for path in lists:
        for mutant in tomllib.loads(path.read_text("utf-8"))["mutant"]:
            text = (root / mutant["file"]).read_text("utf-8")
            assert text.count(mutant["old"]) == 1, mutant["name"]
            assert (root / mutant.get("suite", "tests")).exists(), mutant["name"]


def test_a_mutant_that_is_not_there_is_an_error_and_no_success():
    command = [sys.executable, str(BENCH), "--json", "--only", "no mutant of this name"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "a cut by number" in done.stderr
