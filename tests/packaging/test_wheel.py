"""The wheel, as ``pipx install`` and ``uv tool install`` take it: built, installed, run."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tui.version import version

ROOT = Path(__file__).parents[2]
WHEN = "1764547200"


def build(source, out, umask=0o022):
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=source,
        env=os.environ | {"SOURCE_DATE_EPOCH": WHEN},
        capture_output=True,
        text=True,
        check=False,
        umask=umask,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    return wheel


def copied(to):
    """The files of the clone in another folder, with other modes and times."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            path = to / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, path)
            path.chmod(0o600 | (ROOT / name).stat().st_mode & 0o100)
    return to


def test_the_same_files_give_the_same_wheel_wherever_and_by_whomever_it_is_built(tmp_path):
    one = build(ROOT, tmp_path / "one")
    other = build(copied(tmp_path / "clone"), tmp_path / "other", umask=0o077)
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A fresh environment with the wheel in it, and the libraries that the tests run with."""
    folder = tmp_path_factory.mktemp("installed")
    wheel = build(ROOT, folder / "wheel")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    site = sysconfig.get_path("purelib", vars={"base": str(folder / "venv")})
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--quiet"]
    subprocess.run([*pip, "--no-index", str(wheel)], check=True, capture_output=True)
    Path(site, "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")

    def run(*words, limit_s=120.0):
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "TEAHOUSE_"))
        }
        return subprocess.run(
            [str(python.parent / "teahouse"), *words],
            cwd=folder,
            env=environment | {"HOME": str(folder), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )

    run.prefix = folder / "venv"
    return run


pytest_unix = pytest.mark.skipif(sys.platform == "win32", reason="paths of Unix")


@pytest_unix
def test_what_is_installed_says_its_version_and_speaks_chinese(installed):
    assert installed("--version").stdout == f"teahouse {version()}\n"
    assert "没有叫" in installed("--lang", "zh_CN", "config", "set", "nmae", "x").stderr
    assert (installed.prefix / "share" / "man" / "man1" / "teahouse.1").is_file()


@pytest.mark.slow
@pytest.mark.e2e
@pytest_unix
def test_the_demo_of_what_is_installed_is_a_whole_room(installed):
    done = installed("demo", "--json", "--seconds", "20")
    report = json.loads(done.stdout)
    assert done.returncode == 0, report
