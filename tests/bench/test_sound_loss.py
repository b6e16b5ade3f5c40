import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parents[2] / "bench" / "sound_loss.py"


def _run(*arguments: str) -> str:
    command = [sys.executable, str(BENCH), "--seconds", "3", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_last_line_is_one_object_with_a_row_for_each_network():
    lines = _run("--json").splitlines()
    report = json.loads(lines[-1])
    assert len(lines) == 1
    assert (report["schema"], report["bench"]) == (1, "sound_loss")
    rows = {row["network"]: row for row in report["rows"]}
    assert rows["lan"]["concealed_pct"] == 0.0
    assert rows["lan"]["delay_ms"] <= 15.0
    assert rows["lan, 20 % random"]["lost_pct"] > 5.0


def test_without_json_it_is_a_table():
    assert "pareto" in _run()
