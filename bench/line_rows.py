"""Rows of a bench over bad lines, one after the other, of this tree and of another beside it."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from lab.programs import netlab
from lab.programs.netlab import why_not


class Named(Protocol):
    """A row."""

    @property
    def name(self) -> str:
        """What ``--only`` looks for."""


R = TypeVar("R", bound=Named)


def named(parser: argparse.ArgumentParser, names: Sequence[str], parts: Sequence[str]) -> list[str]:
    """Gives the names in which a part occurs, or all; a part that occurs in none ends the program.

    Args:
        parser: Says so, with the names that there are, and ends it with 2.
        names: All.
        parts: As typed behind ``--only``.
    """
    for part in parts:
        if not any(part in name for name in names):
            parser.error(f"--only {part!r}: no such name; there are: {', '.join(names)}")
    return [name for name in names if not parts or any(part in name for part in parts)]


def print_rows(
    parser: argparse.ArgumentParser,
    rows: Sequence[R],
    measure: Callable[[R, argparse.Namespace], dict],
) -> int:
    """Measures and prints a line for each row and tree, and the result.

    Args:
        parser: Knows the bench's own options.
        rows: Measured are those that ``--only`` names, or all.
        measure: Gives a row's figures, with its verdict as ``ok``; the lab runs ``netlab.TREE``.

    Returns:
        0 if every row of this tree is well, or nothing can be measured here; else 1.
    """
    parser.add_argument("--only", nargs="*", default=[], help="rows with one of these in the name")
    parser.add_argument("--before", type=Path, help="another checkout to compare with")
    parser.add_argument("--json", action="store_true", help="only the result, as one object")
    args = parser.parse_args()
    chosen = named(parser, [row.name for row in rows], args.only)
    reason = why_not(long_lines=True)
    if reason is not None:
        print(json.dumps({"schema": 1, "ok": None, "skipped": reason}))
        return 0
    trees = {"before": args.before} if args.before else {}
    trees["after"] = netlab.ROOT
    found = []
    for row in rows:
        if row.name not in chosen:
            continue
        for which, tree in trees.items():
            netlab.TREE = tree
            found.append({"which": which, **measure(row, args)})
            if not args.json:
                print(found[-1], flush=True)
    ok = all(row["ok"] for row in found if row["which"] == "after")
    print(json.dumps({"schema": 1, "rows": found, "ok": ok}))
    return 0 if ok else 1
