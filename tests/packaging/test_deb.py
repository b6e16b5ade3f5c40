"""The package for Debian, unpacked and run as it is: ``packaging/deb/build`` makes it first."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tui.version import version

ROOT = Path(__file__).parents[2]
NAME = f"teahouse_{version()}+py{sys.version_info[0]}{sys.version_info[1]}_*.deb"
BUILT = sorted((ROOT / "dist").glob(NAME))

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no Debian"),
    pytest.mark.skipif(not BUILT, reason="packaging/deb/build has not been run"),
]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deb")
    subprocess.run(["dpkg-deb", "-x", str(BUILT[-1]), str(folder)], check=True)
    return folder


def run(unpacked, home, *words):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "TEAHOUSE_"))
    }
    return subprocess.run(
        [str(unpacked / "usr/bin/teahouse"), *words],
        cwd=home,
        env=environment | {"HOME": str(home), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_it_needs_one_python_and_portaudio_and_lays_nothing_of_the_machine_that_made_it(unpacked):
    fields = subprocess.run(
        ["dpkg-deb", "-f", str(BUILT[-1]), "Depends"], capture_output=True, text=True, check=True
    ).stdout
    assert f"python3.{sys.version_info[1]}, " in fields
    assert "libportaudio2" in fields
    assert "libc6 (>= 2." in fields
    owners = {one.stat().st_mode & 0o022 for one in unpacked.rglob("*")}
    assert owners == {0}
    assert not list(unpacked.rglob("direct_url.json"))
    assert not list(unpacked.rglob("RECORD"))


def test_a_page_of_the_manual_and_completions_come_with_it(unpacked):
    share = unpacked / "usr/share"
    page = gzip.decompress((share / "man/man1/teahouse.1.gz").read_bytes())
    assert page == (ROOT / "packaging/man/teahouse.1").read_bytes()
    assert (share / "bash-completion/completions/teahouse").is_file()
    assert (share / "doc/teahouse/copyright").is_file()


def test_the_demo_is_a_whole_room_and_writes_nothing_beside_the_program(unpacked, tmp_path):
    before = sorted(unpacked.rglob("*"))
    assert run(unpacked, tmp_path, "--version").stdout == f"teahouse {version()}\n"
    done = run(unpacked, tmp_path, "demo", "--json", "--seconds", "12")
    assert done.returncode == 0, json.loads(done.stdout)
    assert sorted(unpacked.rglob("*")) == before
