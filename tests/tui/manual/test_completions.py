import shutil
import subprocess

import pytest

from tui.manual.completions import SHELLS, completions
from tui.manual.understood import flags_of
from tui.programs import PROGRAMS


def run(shell, text, code, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here")
    path = tmp_path / "_teahouse"
    path.write_text(text)
    bare = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    done = subprocess.run(
        [shell, *bare, "-c", code.format(path=path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "dumb", "LANG": "C.UTF-8"},
    )
    assert done.stderr == ""
    return done.stdout.split("\n")


def in_bash(tmp_path, *typed):
    words = " ".join(f"'{word}'" for word in ("teahouse", *typed))
    code = (
        f'source "{{path}}"; COMP_WORDS=({words}); COMP_CWORD={len(typed)};'
        ' _teahouse; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    return [one for one in run("bash", completions("bash"), code, tmp_path) if one]


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        (("do",), ["doctor"]),
        (("ctl", ""), ["-h", "--help", "--json", "--lang", "mic", "mute", "leave", "status"]),
        (("create", "--mode", ""), ["open", "shield"]),
        (("create", "--mo"), ["--mode"]),
        (("config", "s"), ["set"]),
        (("completions", "f"), ["fish"]),
        (("nothing", ""), []),
        (("join", "11ZG8"), []),
    ],
)
def test_bash_proposes_what_comes_next(tmp_path, typed, proposed):
    found = in_bash(tmp_path, *typed)
    assert proposed == [one for one in found if one in proposed]
    if len(proposed) < 3:
        assert found == proposed


def test_bash_proposes_files_where_a_file_is_meant(tmp_path):
    (tmp_path / "my-key").write_text("")
    assert in_bash(tmp_path, "join", "--key-file", "my") == ["my-key"]


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("teahouse do", ["doctor"]),
        ("teahouse create --mode ", ["open", "shield"]),
        ("teahouse ctl m", ["mic", "mute"]),
        ("teahouse config s", ["set"]),
        ("teahouse create --mo", ["--mode"]),
    ],
)
def test_fish_proposes_what_comes_next(tmp_path, typed, proposed):
    code = f'source "{{path}}"; complete -C "{typed}"'
    found = run("fish", completions("fish"), code, tmp_path)
    assert [line.partition("\t")[0] for line in found if line] == proposed


def test_zsh_can_read_all_of_it(tmp_path):
    code = 'autoload -Uz compinit; compinit -D; fpath=(. $fpath); zsh -n "{path}" && echo ok'
    assert run("zsh", completions("zsh"), code, tmp_path)[0] == "ok"


def test_zsh_proposes_what_comes_next(tmp_path):
    text = completions("zsh")
    # The specs, as zsh itself splits them.
    code = (
        '_arguments() {{ print -rl -- "$@"; }}; _describe() {{ print -rl -- $commands; }};'
        " words=(teahouse create --mode); CURRENT=4; comple() {{ source '{path}'; }}; comple"
    )
    found = run("zsh", text, code, tmp_path)
    assert any(line.startswith("--mode[") and line.endswith("(open shield)") for line in found)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_in_every_shell(shell):
    text = completions(shell)
    for command in PROGRAMS:
        assert command.name in text
        for flag in flags_of(command.parser()):
            for name in flag.names:
                assert (name if shell != "fish" else name.lstrip("-")) in text


@pytest.mark.parametrize("shell", SHELLS)
def test_completing_starts_no_program(shell):
    text = completions(shell)
    assert "$(teahouse" not in text
    assert "(teahouse " not in text
