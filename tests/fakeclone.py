"""A clone with the real scripts and a tiny program, on a system with only what a test puts there.

The folder ``tools`` is the whole PATH. Its ``python3`` and the interpreter it puts into ``.venv``
are shell scripts that note what they are asked for and leave real questions to the Python of the
tests; so a set-up takes milliseconds, needs no network and never touches the system.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = ("setup", "teahouse", "test")
REAL_TOOLS = [
    "sh",
    "cat",
    "chmod",
    "cksum",
    "cp",
    "cut",
    "dirname",
    "env",
    "find",
    "flock",
    "head",
    "id",
    "ln",
    "mkdir",
    "perl",
    "readlink",
    "rm",
    "sha256sum",
    "shasum",
    "sleep",
    "touch",
    "uname",
]
PYPROJECT = """[project]
name = "tiny"
dependencies = ["needed-to-run"]
[project.optional-dependencies]
dev = ["needed-to-test"]
"""
PROGRAM = """import os, sys
print(sys.argv[1:], "" if sys.stdin.isatty() else sys.stdin.read(), os.getcwd(), sep="|")
"""
# $NOTES gathers what was done; files beside it make the tools misbehave.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
*version_info*) [ ! -e "$NOTES.too-old" ] ;;
*ensurepip*) [ ! -e "$NOTES.no-venv" ] ;;
"-I -m venv "*)
    echo venv >>"$NOTES"
    mkdir -p "$4/bin"
    cp "$(dirname "$0")/python-of-venv" "$4/bin/python" ;;
*) exec "$REAL_PYTHON" "$@" ;;
esac
"""
FAKE_VENV_PYTHON = """#!/bin/sh
case "$*" in
"-I -m pip install "*)
    echo "install $(cat)" >>"$NOTES"
    case "$*" in *--require-hashes*) echo hashes >>"$NOTES" ;; esac
    while [ -e "$NOTES.slow" ]; do sleep 0.02; done
    echo "Collecting needed"
    echo "pip talks"
    if [ -e "$NOTES.offline" ]; then exit 1; fi
    echo installed >>"$NOTES" ;;
"-I -m pip check") : ;;
*"import pip"*) [ ! -e "$NOTES.no-pip" ] ;;
*) exec "$REAL_PYTHON" "$@" ;;
esac
"""
FAKE_APT_GET = """#!/bin/sh
echo "apt-get $*" >>"$NOTES"
case "$*" in *install*) rm -f "$NOTES.no-venv" ;; esac
"""
FAKE_NOTER = """#!/bin/sh
echo "$0 $*" >>"$NOTES"
"""
FAKE_UV = """#!/bin/sh
echo "uv $*" >>"$NOTES"
case "$1" in venv)
    for last; do :; done
    mkdir -p "$last/bin"
    cp "$(dirname "$0")/python-of-venv" "$last/bin/python" ;;
esac
"""


class FakeClone:
    """One clone below ``folder``, in a path with a space and other letters."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "tea house 茶"
        self.tools = folder / "tools"
        self.notes = folder / "notes"
        (self.path / "bin").mkdir(parents=True)
        (self.path / "tui").mkdir()
        self.tools.mkdir()
        for name in SCRIPTS:
            shutil.copy2(ROOT / "bin" / name, self.path / "bin" / name)
        (self.path / "pyproject.toml").write_text(PYPROJECT)
        (self.path / "tui/__main__.py").write_text(PROGRAM)
        for name in REAL_TOOLS:
            if where := shutil.which(name):
                (self.tools / name).symlink_to(where)
        self.tool("python3", FAKE_PYTHON)
        self.tool("python-of-venv", FAKE_VENV_PYTHON)

    def tool(self, name: str, text: str) -> None:
        """Put a program of this text on the PATH, in the place of one of the same name."""
        where = self.tools / name
        where.unlink(missing_ok=True)
        where.write_text(text)
        where.chmod(0o755)

    def be(self, user_id: int) -> None:
        """Let the scripts believe that they run as this user."""
        self.tool("id", f"#!/bin/sh\necho {user_id}\n")

    def make(self, state: str) -> None:
        """Turn on one of the misbehaviours: slow, offline, no-venv, no-pip, too-old."""
        Path(f"{self.notes}.{state}").touch()

    def end(self, state: str) -> None:
        """Turn it off again."""
        Path(f"{self.notes}.{state}").unlink()

    @property
    def done(self) -> list[str]:
        """What was done so far, oldest first."""
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": str(self.tools),
            "NOTES": str(self.notes),
            "REAL_PYTHON": sys.executable,
            "HOME": str(self.path.parent),
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self, script: str, *args: str, **more: object) -> subprocess.Popen[str]:
        """Start a script of the clone, as the leader of a process group of its own."""
        options: dict[str, object] = {
            "env": self.env,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "start_new_session": True,
            # Whoever runs the tests in the background has Ctrl+C ignored by all that they start.
            "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            **more,
        }
        command = [str(self.path / "bin" / script), *args]
        return subprocess.Popen(command, text=True, encoding="utf-8", **options)  # type: ignore[call-overload]

    def run(self, script: str, *args: str, **more: object) -> tuple[int, str, str]:
        """Run a script to its end; return exit code, standard output and standard error."""
        process = self.start(script, *args, **more)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def wait_for(self, note: str) -> None:
        """Wait until something was noted that begins so."""
        end_s = time.monotonic() + 10
        while not any(line.startswith(note) for line in self.done):
            assert time.monotonic() < end_s, f"no {note!r} in {self.done}"
            time.sleep(0.01)

    def files(self) -> dict[str, int]:
        """Every file of the clone with the time of its last change."""
        found = {}
        for folder, _, names in os.walk(self.path):
            for name in names:
                where = Path(folder) / name
                found[str(where.relative_to(self.path))] = where.lstat().st_mtime_ns
        return found
