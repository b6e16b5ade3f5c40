"""A new command needs at most five source files, and its translations."""

import ast
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from p2p.api.commands import Command

ROOT = Path(__file__).parent.parent
FILES_MAX = 5
PARTS = ("audio", "crypto", "p2p", "tui")
SPOKEN_BY = (
    "p2p.api.commands",
    "p2p.room.commands",
    "p2p.rekey.epoch_agent",
    "p2p.rekey.sas_exchange",
)
"""Modules that have commands: a front end's, and those of the parts that carry them out."""
ALSO_CALLED = {"AcceptHand": "Accept", "SetMic": "TakeFloor", "Compare": "Begin"}
"""Commands that a part of the program has under another name."""


def source_files():
    listed = ["git", "ls-files", "-z", *(f"{part}/*.py" for part in PARTS)]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in found.stdout.split("\0") if name]


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def commands_named_in(path):
    """Return the commands that a file defines, imports, or reaches through a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named, modules = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and module_name(path) in SPOKEN_BY:
            named.add(node.name)
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                if node.module in SPOKEN_BY:
                    named.add(one.name)
                if f"{node.module}.{one.name}" in SPOKEN_BY:
                    modules.add(one.asname or one.name)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules:
                named.add(name)
    return named


@pytest.fixture(scope="module")
def named():
    return {path.relative_to(ROOT).as_posix(): commands_named_in(path) for path in source_files()}


@pytest.mark.parametrize("command", [one.__name__ for one in get_args(Command)])
def test_a_command_is_named_in_at_most_five_source_files(command, named):
    names = {command, ALSO_CALLED.get(command, command)}
    files = sorted(file for file, found in named.items() if names & found)
    assert "p2p/api/commands.py" in files
    assert len(files) <= FILES_MAX, files
