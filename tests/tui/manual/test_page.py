import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_house import NOT_IN_THE_TREE
from tui.cli import main
from tui.i18n import use_language
from tui.manual.help import main as show_help
from tui.manual.page import page
from tui.manual.understood import flags_of
from tui.programs import PROGRAMS, listing
from tui.version import version

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "packaging" / "man" / "teahouse.1"


def test_the_manual_page_in_the_tree_says_what_the_program_understands():
    assert PAGE.read_text("utf-8") == page(version()), "packaging/man/build makes it anew"


def test_it_is_the_same_on_every_machine(tmp_path):
    made = subprocess.run(
        [sys.executable, "-c", "from tui.manual.page import page; print(page('1'), end='')"],
        cwd=ROOT,
        env=os.environ | {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "LANG": "zh_CN"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == page("1")
    assert not [word for word in NOT_IN_THE_TREE if word in made.stdout]


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="no mandoc here")
def test_the_page_has_no_mistake_that_a_checker_knows():
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", str(PAGE)],
        capture_output=True,
        text=True,
        check=False,
    )
    faults = [line for line in done.stdout.splitlines() if "missing date" not in line]
    assert faults == []


@pytest.mark.parametrize("command", PROGRAMS, ids=lambda one: one.name)
def test_every_command_has_help_and_every_option_a_word_on_it(command, capsys):
    assert show_help([command.name]) == 0
    said = capsys.readouterr().out
    for flag in flags_of(command.parser()):
        assert flag.about or flag.words, flag
        assert all(name in said for name in flag.names)


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
@pytest.mark.parametrize("command", ["", *(one.name for one in PROGRAMS)])
def test_help_in_chinese_has_no_english_sentence(command, language, capsys):
    try:
        assert main([*command.split(), "--lang", language, "--help"]) == 0
    finally:
        use_language("en")
    said = capsys.readouterr().out
    assert said.startswith("用法：teahouse")
    said = re.sub("`[^`]*`", "", said).replace("teahouse completions bash", "")
    assert ("选项" if language == "zh_CN" else "選項") in said
    assert re.findall(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\b", said) == []


def test_the_help_of_the_program_lists_all_commands(capsys):
    show_help([])
    assert listing() in capsys.readouterr().out
