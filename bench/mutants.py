"""Whether the tests of the room and of its keys notice when one of their rules is broken.

``mutants.py [--only TEXT] [--json]``: every entry of each tests/p2p/*/mutants.toml is applied to a
temporary copy of the tree, alone, and its suite is run there: the folder of its list, or what its
``suite`` names. The suite has to fail with each, and to pass without any. A run that hangs counts
as a failure of the tests. Which test has noticed it stands behind each.
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
LISTS = sorted(ROOT.glob("tests/p2p/*/mutants.toml"))
COPIED = ("p2p", "crypto", "audio", "lab", "docs", "tests", "pyproject.toml", "bootstrap_nodes.txt")
LIMIT_S = 600.0
PASSED, FAILED = 0, 1


def mutants() -> list[dict[str, str]]:
    """All lists: name, file, old and new text, and suite of each."""
    found = []
    for path in LISTS:
        suite = str(path.parent.relative_to(ROOT))
        listed = tomllib.loads(path.read_text("utf-8"))["mutant"]
        found += [{"suite": suite} | mutant for mutant in listed]
    return found


def copy_tree(target: Path) -> None:
    """Copy what the tests need."""
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


def run_tests(tree: Path, suite: str) -> tuple[int | None, str]:
    """Exit code of pytest (None: it hung), and the first test that failed, with its file."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", suite]
    command += ["-m", "not slow", "--no-header", "-W", "ignore"]
    env = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=env, capture_output=True, text=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return None, "hung"
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith("FAILED")] or [""]
    return done.returncode, failed[0].removeprefix("FAILED tests/p2p/").split(" - ")[0]


def trial(mutant: dict[str, str] | None, suite: str) -> dict[str, object]:
    """Run a suite with one rule broken, or with none."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tree(tree)
        if mutant is not None:
            apply(mutant, tree)
        code, test = run_tests(tree, suite)
    expected = (PASSED,) if mutant is None else (FAILED, None)
    return {
        "name": mutant["name"] if mutant else f"nothing broken, {suite}",
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
    suites = sorted({mutant["suite"] for mutant in chosen})
    runs = [(None, suite) for suite in suites] + [(one, one["suite"]) for one in chosen]
    for mutant, suite in runs:
        row = trial(mutant, suite)
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
        "caught": sum(bool(row["ok"]) for row in rows[len(suites) :]),
        "rows": rows,
        "ok": all(row["ok"] for row in rows),
    }
    print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
