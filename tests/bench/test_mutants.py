import json
import subprocess
import sys
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
