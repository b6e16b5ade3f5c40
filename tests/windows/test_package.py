"""The package itself: what is in it, how it starts, what it leaves behind."""

import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from tests.windows.conftest import ZIP, Package

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def started(package: Package, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Teahouse.cmd with arguments, as from a command line."""
    return package.wine.run("cmd", "/c", "Teahouse.cmd", *arguments, cwd=package.top)


def test_it_tells_its_version(package: Package) -> None:
    done = started(package, "--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "teahouse"), done


def test_it_runs_in_a_folder_with_every_awkward_character(package: Package, tmp_path: Path) -> None:
    # Without Teahouse.cmd: the shell of Wine, unlike that of Windows, cannot read such a path.
    folder = tmp_path / "50% & !x! ^y 茶 ئۇ"
    folder.symlink_to(package.top)
    done = package.wine.run(
        *(str(folder / "python" / "python.exe"), "-I", "-B", "-X", "utf8", "-m", "tui"),
        *("join", "nonsense", "--plain"),
    )
    assert done.returncode == 4, done


@pytest.mark.parametrize(("language", "word"), [("en", "start screen"), ("zh_CN", "用法")])
def test_it_helps(package: Package, language: str, word: str) -> None:
    done = started(package, "--lang", language, "--help")
    assert done.returncode == 0
    assert word in done.stdout


def test_an_unknown_command_is_answered_in_chinese_and_with_its_exit_code(package: Package) -> None:
    done = started(package, "--lang", "zh_CN", "nonsense")
    assert done.returncode == 2
    assert "没有" in done.stderr


@pytest.mark.parametrize("name", ["python313.zip", "winsound.pyd"], ids=["library", "last"])
def test_a_package_that_is_not_whole_names_what_is_missing(package: Package, name: str) -> None:
    part, away = package.top / "python" / name, package.top / "away"
    part.rename(away)
    try:
        done = started(package, "--version")
    finally:
        away.rename(part)
    assert done.returncode == 3
    assert rf"python\{name} is missing" in done.stdout


@pytest.mark.usefixtures("package")
def test_the_last_file_of_the_zip_is_one_that_is_looked_for() -> None:
    with zipfile.ZipFile(ZIP) as archive:
        assert archive.namelist()[-1].endswith("python/winsound.pyd")


def test_nothing_in_the_folder_that_one_is_in_is_run(package: Package, tmp_path: Path) -> None:
    (tmp_path / "package").symlink_to(package.top)  # Wine's shell reads no other writing
    here = tmp_path / "here"
    here.mkdir()
    for name in ("chcp", "mode", "find", "ver", "python"):
        (here / f"{name}.bat").write_text("@echo taken\r\n")
    start = package.wine.windows_path(tmp_path / "package" / "Teahouse.cmd")
    done = package.wine.run("cmd", "/c", start, "--version", cwd=here)
    assert done.stdout.startswith("teahouse "), done


def test_a_folder_too_deep_for_windows_is_one_line(package: Package, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 80) / ("e" * 80)
    deep.mkdir(parents=True)
    shutil.copy(package.top / "Teahouse.cmd", deep)
    done = package.wine.run("cmd", "/c", "Teahouse.cmd", "--version", cwd=deep)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == [
        "The path of this folder is too long for Windows. Move it up, as to C:\\Teahouse."
    ]


def test_an_older_windows_is_one_line(package: Package) -> None:
    version = ("/v", "Version", "/f", "/d")
    package.wine.run("reg", "add", r"HKCU\Software\Wine", *version, "win81")
    try:
        done = started(package, "--version")
    finally:
        package.wine.run("reg", "add", r"HKCU\Software\Wine", *version, "win10")
    assert done.returncode == 3
    assert done.stdout.split("\n")[0].strip() == "Teahouse needs Windows 10 or newer, 64 bit."


def test_all_parts_have_their_licences(package: Package) -> None:
    projects = {path.name for path in (package.top / "LICENCES").iterdir()}
    assert {"python", "av", "numpy", "textual", "livekit"} <= projects
    text = (package.top / "LICENCES" / "python" / "LICENSE.txt").read_text("utf-8")
    assert "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2" in text


def test_every_module_has_byte_code_that_names_no_folder_of_the_builder(package: Package) -> None:
    program = package.top / "program"
    for source in program.rglob("*.py"):
        (code,) = (source.parent / "__pycache__").glob(f"{source.stem}.cpython-313.pyc")
        assert b"/tmp" not in code.read_bytes()
        assert b"\\tmp" not in code.read_bytes()


def test_a_run_writes_nothing_into_its_folder_nor_into_temp(package: Package) -> None:
    started(package, "--version")
    before = package.files()
    began_s = time.monotonic()
    done = package.wine.run(
        *package.command("join", "nonsense", "--plain")[1:], cwd=package.wine.drive_c
    )
    print(f"from start to the answer: {time.monotonic() - began_s:.1f} s")
    assert done.returncode == 4, done
    assert package.files() == before


def test_a_crash_leaves_no_report_on_the_disk(package: Package) -> None:
    crash = (
        "from tui.windows import leave_no_crash_report as ask; ask();"
        "import faulthandler; print('now', flush=True); faulthandler._sigsegv()"
    )
    before = package.files()
    python = str(package.top / "python" / "python.exe")
    done = package.wine.run(python, "-I", "-B", "-X", "utf8", "-c", crash)
    assert done.stdout.split() == ["now"]
    assert done.returncode != 0
    assert package.files() == before


def test_the_demo_is_well(package: Package) -> None:
    # Long, for Wine looks files up slowly: seven programs take a minute to start.
    command = package.command("demo", "--json", "--seconds", "60")[1:]
    done = package.wine.run(*command, limit_s=300.0)
    assert done.returncode == 0, done.stderr[-2000:]
