"""The second client shares no line with the program that it talks to."""

import ast
from pathlib import Path

HERE = Path(__file__).parent
OURS = {"crypto", "audio", "p2p", "tui", "lab", "docs", "bench"}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def test_it_imports_nothing_of_ours() -> None:
    files = [file for file in HERE.glob("*.py") if not file.name.startswith("test_")]
    assert len(files) > 10
    for file in files:
        for name in imported(file):
            top = name.partition(".")[0]
            assert top not in OURS
            assert top
            assert top != "tests" or f"{name}.".startswith("tests.second.")
            assert top != "importlib" or name == "importlib.util"
