import argparse

import pytest

from bench.line_rows import named, print_rows
from bench.lines import ROWS

NAMES = ["good line", "long line", "no UDP"]


def test_a_part_of_a_name_stands_for_all_rows_that_have_it():
    parser = argparse.ArgumentParser()
    assert named(parser, NAMES, ["line"]) == ["good line", "long line"]
    assert named(parser, NAMES, ["UDP", "good"]) == ["good line", "no UDP"]
    assert named(parser, NAMES, []) == NAMES


def test_a_row_that_is_not_there_is_an_error_that_names_those_that_are(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["lines.py", "--json", "--only", ROWS[0].name, "no such row"])
    with pytest.raises(SystemExit) as end:
        print_rows(argparse.ArgumentParser(), ROWS, lambda row, args: {"ok": True})
    assert end.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert ROWS[-1].name in said.err
