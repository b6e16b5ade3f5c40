"""Whether the tests of the room notice when one of its rules is broken.

``mutants.py [--only TEXT] [--json]``: every entry of tests/p2p/room/mutants.toml is applied to a
temporary copy of the tree, alone, and the tests of the room are run there. They have to fail with
each, and to pass without any. A run that hangs counts as a failure of the tests.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tests/p2p/room/mutants.toml"
COPIED = ("p2p", "crypto", "lab", "docs", "tests/p2p/room", "tests/conftest.py", "pyproject.toml")
TESTS = "tests/p2p/room"
LIMIT_S = 600.0
PASSED, FAILED = 0, 1


def mutants() -> list[dict[str, str]]:
    """The list: name, file, old and new text of each."""
    return tomllib.loads(LIST.read_text("utf-8"))["mutant"]


def copy_tree(target: Path) -> None:
    """Copy what the tests of the room need."""
    skip = shutil.ignore_patterns("__pycache__")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=skip)
        else:
            shutil.copy(ROOT / name, target / name)


def apply(mutant: dict[str, str], tree: Path) -> None:
    """Break one rule; the old text must be there exactly once."""
    path = tree / mutant["file"]
    text = path.read_text("utf-8")
    if text.count(mutant["old"]) != 1:
        raise SystemExit(f"{mutant['name']}: its text is not in {mutant['file']} exactly once")
    path.write_text(text.replace(mutant["old"], mutant["new"]), "utf-8")


def run_tests(tree: Path) -> tuple[int | None, str]:
    """Exit code of pytest (None: it hung), and the name of the first test that failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", TESTS]
    command += ["-m", "not slow", "--no-header", "-W", "ignore"]
    env = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return None, "hung"
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return done.returncode, failed[0].split("::", 1)[1].split(" - ")[0] if failed else ""


def trial(mutant: dict[str, str] | None) -> dict[str, object]:
    """Run the tests with one rule broken, or with none."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        if mutant is not None:
            apply(mutant, tree)
        code, test = run_tests(tree)
    expected = (PASSED,) if mutant is None else (FAILED, None)
    return {
        "name": mutant["name"] if mutant else "nothing broken",
        "ok": code in expected,
        "caught_by": test,
        "seconds": round(time.monotonic() - began, 1),
    }


def main() -> int:
    """Runs all, prints the table and the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="mutants whose names contain this")
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    chosen = [mutant for mutant in mutants() if args.only in mutant["name"]]
    if not chosen:
        names = "\n  ".join(mutant["name"] for mutant in mutants())
        parser.error(f"--only {args.only!r}: no mutant of that name; there are:\n  {names}")
    rows = []
    for mutant in (None, *chosen):
        row = trial(mutant)
        rows.append(row)
        if not args.json:
            verdict = "ok  " if row["ok"] else "LIVE"
            print(
                f"{verdict} {row['seconds']:6.1f} s  {row['name']:55} {row['caught_by']}",
                flush=True,
            )
    result = {
        "schema": 1,
        "bench": "mutants",
        "mutants": len(chosen),
        "caught": sum(bool(row["ok"]) for row in rows[1:]),
        "rows": rows,
        "ok": all(row["ok"] for row in rows),
    }
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
