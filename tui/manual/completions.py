"""``teahouse completions SHELL``: prints what makes a shell complete commands and options.

No key is ever completed, and no shell is told to run the program: completing starts nothing.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence

from tui.manual.understood import Flag, flags_of

SHELLS = ("bash", "zsh", "fish")


def main(argv: Sequence[str]) -> int:
    """Print the completions of one shell.

    Args:
        argv: What follows ``completions`` on the command line.

    Returns:
        0.
    """
    sys.stdout.write(completions(parser().parse_args(argv).shell))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command."""
    made = argparse.ArgumentParser(
        prog="teahouse completions",
        description="Prints completions. For bash: teahouse completions bash > "
        "~/.local/share/bash-completion/completions/teahouse. For zsh: > a folder of $fpath, as "
        "_teahouse. For fish: > ~/.config/fish/completions/teahouse.fish.",
    )
    made.add_argument("shell", choices=SHELLS, help="for which shell")
    return made


def completions(shell: str) -> str:
    """Return the text for one of ``SHELLS``."""
    from tui.programs import PROGRAMS

    commands = {one.name: (one.about, flags_of(one.parser())) for one in PROGRAMS}
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](commands)


Commands = dict[str, tuple[str, list[Flag]]]


def _names(flags: Iterable[Flag]) -> list[str]:
    return [name for flag in flags for name in flag.names]


def _first_words(flags: Iterable[Flag]) -> list[str]:
    """The words that a command knows beside its options."""
    return [word for flag in flags if not flag.names for word in flag.words]


def _bash(commands: Commands) -> str:
    cases = []
    for name, (_, flags) in commands.items():
        files = "|".join(_names(flag for flag in flags if flag.is_file))
        values = [
            f"        {'|'.join(flag.names)}) words='{' '.join(flag.words)}' ;;\n"
            for flag in flags
            if flag.names and flag.words and flag.value
        ]
        values += [f'        {files}) COMPREPLY=($(compgen -f -- "$now")); return ;;\n'] * bool(
            files
        )
        words = " ".join([*_names(flags), *_first_words(flags)])
        cases.append(
            f"    {name})\n"
            f"        words='{words}'\n"
            + ("        case $before in\n" + "".join(values) + "        esac\n" if values else "")
            + "        ;;\n"
        )
    return (
        "# bash completions for teahouse\n"
        "_teahouse() {\n"
        "    local now=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=''\n"
        "    COMPREPLY=()\n"
        '    if [ "$COMP_CWORD" -eq 1 ]; then\n'
        f"        words='{' '.join([*commands, '--help', '--lang', '--version'])}'\n"
        "    fi\n"
        '    [ "$COMP_CWORD" -gt 1 ] && case ${COMP_WORDS[1]} in\n' + "".join(cases) + "    esac\n"
        '    COMPREPLY=($(compgen -W "$words" -- "$now"))\n'
        "}\n"
        "complete -F _teahouse teahouse\n"
    )


def _zsh(commands: Commands) -> str:
    listed = "".join(
        f"    {_zsh_quoted(f'{name}:{about}')}\n" for name, (about, _) in commands.items()
    )
    cases = []
    for name, (_, flags) in commands.items():
        specs = "".join(
            f" \\\n        {_zsh_quoted(spec)}" for flag in flags for spec in _specs(flag)
        )
        cases.append(f"    {name}) _arguments{specs} ;;\n")
    return (
        "#compdef teahouse\n"
        "# zsh completions for teahouse\n"
        "local -a commands\n"
        f"commands=(\n{listed})\n"
        "if (( CURRENT == 2 )); then\n"
        "    _describe command commands\n"
        "    return\n"
        "fi\n"
        "local command=$words[2]\n"
        "shift words\n"
        "(( CURRENT-- ))\n"
        f"case $command in\n{''.join(cases)}esac\n"
    )


def _specs(flag: Flag) -> list[str]:
    said = _zsh_text(flag.about)
    value = _zsh_text(flag.value.lower())
    after = f"({' '.join(flag.words)})" if flag.words else "_files" if flag.is_file else ""
    if not flag.names:
        return [f"{'*' if flag.many else ''}:{value or 'word'}:{after}"]
    tail = f":{value}:{after}" if flag.value else ""
    return [f"{'*' if flag.many else ''}{name}[{said}]{tail}" for name in flag.names]


def _zsh_text(text: str) -> str:
    for sign in ("\\", "[", "]", ":"):
        text = text.replace(sign, f"\\{sign}")
    return text


def _zsh_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _fish(commands: Commands) -> str:
    lines = ["# fish completions for teahouse", "complete -c teahouse -f"]
    for name, (about, flags) in commands.items():
        lines.append(
            f"complete -c teahouse -n __fish_use_subcommand -a {name} -d {_fish_quoted(about)}"
        )
        start = f"complete -c teahouse -n '__fish_seen_subcommand_from {name}'"
        for flag in flags:
            tail = f" -d {_fish_quoted(flag.about)}" if flag.about else ""
            if flag.value and flag.names:
                tail += " -r -F" if flag.is_file else " -x"
            if flag.words:
                tail += f" -a {_fish_quoted(' '.join(flag.words))}"
            if flag.names:
                names = "".join(
                    f" -l {one[2:]}" if one.startswith("--") else f" -s {one[1:]}"
                    for one in flag.names
                )
                lines.append(start + names + tail)
            elif flag.words:
                lines.append(f"{start} -a {_fish_quoted(' '.join(flag.words))}")
    return "\n".join(lines) + "\n"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
