"""Unit tests of what differs between systems, run by Windows' Python under Wine."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.windows.conftest import Package

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
TESTS = (
    "tests/audio/capture/test_espeak.py",
    "tests/audio/device/test_device_choice.py",
    "tests/audio/device/test_mic_privacy.py",
    "tests/audio/test_timer.py",
    "tests/p2p/dht/test_lan.py",
    "tests/p2p/link/test_link.py",
    "tests/p2p/link/test_mux.py",
    "tests/p2p/test_clock.py",
    "tests/p2p/test_console.py",
    "tests/tui/config/test_file.py",
    "tests/tui/ctl/test_pipe.py",
    "tests/tui/ctl/test_server.py",
    "tests/tui/start/test_key_source.py",
    "tests/tui/test_clipboard.py",
    "tests/tui/test_windows.py",
)
# What is in the package goes before what pytest brings, and before the sources beside the tests.
RUN = """
import sys
sys.path += sys.argv[1:3]
import pytest
options = ("-q", "--tb=short", "-p", "no:cacheprovider", "-o", "pythonpath=", "-m", "not slow")
sys.exit(pytest.main([*options, *sys.argv[3:]]))
"""


def libraries(folder: Path) -> Path:
    """Downloads and unpacks pytest and what it needs."""
    windows = ("--platform", "win_amd64", "--python-version", "3.13", "--only-binary", ":all:")
    wanted = ("--no-deps", "--require-hashes", "-r", str(Path(__file__).parent / "wheels.txt"))
    pip = (sys.executable, "-m", "pip", "download", "-q", *windows, *wanted, "-d", str(folder))
    subprocess.run(pip, check=True, capture_output=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_unit_tests_pass_there_too(package: Package, tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(RUN)
    done = package.wine.run(
        *(str(package.top / "python" / "python.exe"), "-I", "-B", "-X", "utf8"),
        *(f"Z:{script}", f"Z:{libraries(tmp_path / 'wheels')}", f"Z:{ROOT}", *TESTS),
        cwd=ROOT,
        limit_s=1500.0,
    )
    print(done.stdout[-200:])
    assert done.returncode == 0, done.stdout[-4000:]
